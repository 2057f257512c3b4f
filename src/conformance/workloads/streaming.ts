/** Workloads of streaming mappings: bounced and direct, attributes, directions, masks, lists, sync. */
import { deviceWrite, map, mapWith, op, unmap } from './requests.ts';
import type { Workload } from './types.ts';

/** The default pool has room: mappings bounce through it. */
const ROOM = { defaultAreas: 1, defaultPoolFull: false, ordinaryPages: 128 } as const;

const one = (
  name: string,
  about: string,
  ops: Workload['threads'][number]['ops'],
  more: Partial<Workload> = {},
): Workload => ({
  name,
  when: 'matrix',
  about,
  sizes: ROOM,
  threads: [{ thread: 'driver/0', ops }],
  works: [],
  ...more,
});

const attrs = (value: string) => [
  mapWith(0, 'process', { attrs: value }),
  deviceWrite(0),
  unmap(0, 'process'),
];
const dir = (value: string) => mapWith(0, 'process', { dir: value });
const sync = (side: 'cpu' | 'device') => op('sync', { driver: 0, for: side, context: 'process' });

export const STREAMING: readonly Workload[] = [
  one('map', 'A driver maps, the device writes, the driver unmaps; then the same in atomic context.', [
    map(0, 'process'),
    deviceWrite(0),
    unmap(0, 'process'),
    map(0, 'atomic'),
    deviceWrite(0),
    unmap(0, 'atomic'),
  ]),
  {
    name: 'two-maps',
    when: 'matrix',
    about: 'Two CPUs map and unmap through the default pool at once.',
    sizes: { ...ROOM, defaultAreas: 2 },
    threads: [
      { thread: 'driver/0', ops: [map(0, 'process'), unmap(0, 'process')] },
      { thread: 'driver/1', ops: [map(1, 'atomic'), unmap(1, 'atomic')] },
    ],
    works: [],
  },
  one(
    'map-full',
    'The default pool is full and the mapping larger than nothing: a transient pool, or a refusal.',
    [map(0, 'process'), deviceWrite(0), unmap(0, 'process'), map(0, 'atomic'), unmap(0, 'atomic')],
    { sizes: { ...ROOM, defaultPoolFull: true }, works: ['dyn_free'] },
  ),
  one(
    'map-cc-shared',
    'DMA_ATTR_CC_SHARED: the caller says that the memory is shared already. It is not.',
    attrs('CC_SHARED'),
  ),
  one('map-mmio', 'DMA_ATTR_MMIO: the registers of another device.', [
    mapWith(0, 'process', { attrs: 'MMIO' }),
    unmap(0, 'process'),
  ]),
  one('map-require-coherent', 'DMA_ATTR_REQUIRE_COHERENT: no bounce will do.', attrs('REQUIRE_COHERENT')),
  one('map-skip-cpu-sync', 'DMA_ATTR_SKIP_CPU_SYNC: the driver syncs by itself.', [
    mapWith(0, 'process', { attrs: 'SKIP_CPU_SYNC' }),
    sync('device'),
    deviceWrite(0),
    sync('cpu'),
    unmap(0, 'process'),
  ]),
  one('map-to-device', 'DMA_TO_DEVICE with a sync in either direction.', [
    dir('TO_DEVICE'),
    op('deviceRead', { driver: 0 }),
    sync('cpu'),
    sync('device'),
    op('deviceRead', { driver: 0 }),
    unmap(0, 'process'),
  ]),
  one('map-from-device', 'DMA_FROM_DEVICE: what the device does not write stays as it was.', [
    dir('FROM_DEVICE'),
    op('deviceWrite', { driver: 0, bytes: 4096 }),
    sync('cpu'),
    sync('device'),
    unmap(0, 'process'),
  ]),
  one(
    'map-out-of-reach',
    'The buffer lies above 4 GiB and the device reaches 32 bits: a bounce that no force asks for.',
    [map(0, 'process'), deviceWrite(0), unmap(0, 'process')],
    { sizes: { ...ROOM, highBuffers: true, dmaMaskBits: 32 } },
  ),
  one(
    'map-out-of-reach-full',
    'The same while the default pool is full: a transient pool for a device that is not forced.',
    [map(0, 'process'), deviceWrite(0), unmap(0, 'process'), map(0, 'atomic'), unmap(0, 'atomic')],
    { sizes: { ...ROOM, defaultPoolFull: true, highBuffers: true, dmaMaskBits: 32 }, works: ['dyn_free'] },
  ),
  one(
    'map-aligned',
    'A device with min_align_mask: offsets within the slot are kept.',
    [map(0, 'process'), deviceWrite(0), unmap(0, 'process')],
    { sizes: { ...ROOM, minAlignMask: 0xfff } },
  ),
  one('map-sg', 'A list is mapped element by element, and unmapped.', [
    op('map_sg', { driver: 0, context: 'process' }),
    deviceWrite(0),
    op('unmap_sg', { driver: 0, context: 'process' }),
  ]),
];
