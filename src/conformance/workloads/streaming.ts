/** Workloads of streaming mappings: bounced and direct, attributes, directions, masks, lists, sync. */
import { alloc, deviceWrite, free, map, mapWith, op, unmap } from './requests.ts';
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
  {
    name: 'map-aligned',
    when: 'matrix',
    about:
      'Devices with min_align_mask: offsets within a page are kept. One driver has a mapping of a single slot; the other, which asks how much it may map, is served from the next slot that fits.',
    sizes: { ...ROOM, minAlignMask: 0xfff },
    threads: [
      { thread: 'driver/0', ops: [mapWith(0, 'process', { bytes: 2048 })] },
      {
        thread: 'driver/1',
        after: 'driver/0',
        ops: [op('max_mapping_size', { device: 0 }), map(1, 'process'), deviceWrite(1), unmap(1, 'process')],
      },
    ],
    works: [],
  },
  one(
    'map-sizes',
    'A driver asks how much it may map at once, maps a whole segment of 256 KiB, and then more than that.',
    [
      op('max_mapping_size', { device: 0 }),
      mapWith(0, 'process', { bytes: 2 ** 18 }),
      deviceWrite(0),
      unmap(0, 'process'),
      mapWith(0, 'process', { bytes: 2 ** 18 + 4096 }),
      deviceWrite(0),
      unmap(0, 'process'),
    ],
    { sizes: { ...ROOM, bufferPages: 65 } },
  ),
  one('map-small', 'A mapping of 72 bytes, which shares a cache line with something else.', [
    mapWith(0, 'process', { bytes: 72, dir: 'FROM_DEVICE' }),
    op('deviceWrite', { driver: 0, bytes: 72 }),
    sync('cpu'),
    sync('device'),
    unmap(0, 'process'),
    mapWith(0, 'process', { bytes: 72, dir: 'TO_DEVICE' }),
    unmap(0, 'process'),
  ]),
  one('map-sync-part', 'The driver looks at a part of what the device wrote, then at all of it.', [
    map(0, 'process'),
    deviceWrite(0),
    op('sync', { driver: 0, for: 'cpu', context: 'process', offset: 2048, size: 4096 }),
    sync('cpu'),
    sync('device'),
    unmap(0, 'process'),
  ]),
  one(
    'map-external-port',
    'A device behind an external port maps what is no whole number of pages: behind an IOMMU that bounces.',
    [
      op('max_mapping_size', { device: 0 }),
      mapWith(0, 'process', { bytes: 5000 }),
      op('deviceWrite', { driver: 0, bytes: 5000 }),
      sync('cpu'),
      sync('device'),
      unmap(0, 'process'),
      mapWith(0, 'process', { bytes: 5000, attrs: 'REQUIRE_COHERENT' }),
      unmap(0, 'process'),
    ],
    { sizes: { ...ROOM, externalPort: true } },
  ),
  one(
    'map-zones',
    'The buffer is out of reach, the default pool is full, and what the page allocator has lies above the mask too: it is given back, and the next lower zone is tried.',
    [map(0, 'process'), deviceWrite(0), unmap(0, 'process')],
    {
      sizes: {
        ...ROOM,
        defaultPoolFull: true,
        highBuffers: true,
        ordinaryAt: '1G',
        dmaMaskBits: 30,
        dmaZonePages: 128,
      },
      works: ['dyn_free'],
    },
  ),
  one(
    'map-short-bus',
    'A bus that reaches 1 MiB, and a registers block and buffers above 4 GiB: no bounce will do, nor memory of any zone.',
    [
      map(0, 'process'),
      deviceWrite(0),
      unmap(0, 'process'),
      mapWith(0, 'process', { attrs: 'MMIO' }),
      unmap(0, 'process'),
      alloc(0, 'process'),
      free(0, 'process'),
    ],
    {
      sizes: { ...ROOM, defaultPoolFull: true, highBuffers: true, busLimitBits: 20, dmaZonePages: 128 },
      works: ['dyn_free'],
    },
  ),
  one(
    'map-pool-out-of-reach',
    'The mask ends below the default pool: a mapping is bounced, and refused all the same.',
    [map(0, 'process'), deviceWrite(0), unmap(0, 'process')],
    { sizes: { ...ROOM, dmaMaskBits: 24 } },
  ),
  one('map-sg', 'A list is mapped element by element, synced either way, and unmapped.', [
    op('map_sg', { driver: 0, context: 'process' }),
    deviceWrite(0),
    sync('cpu'),
    sync('device'),
    op('unmap_sg', { driver: 0, context: 'process' }),
  ]),
  one(
    'map-sg-full',
    'A list of three elements while the default pool is full: each has a transient pool of its own, and they go in the order in which they came. Nothing fails.',
    [
      op('map_sg', { driver: 0, context: 'process', entries: 3 }),
      deviceWrite(0),
      op('unmap_sg', { driver: 0, context: 'process' }),
    ],
    {
      sizes: { ...ROOM, defaultPoolFull: true, atomicPoolBuffers: 2, highBuffers: true, dmaMaskBits: 32 },
      neverFail: ['driver/0'],
    },
  ),
];
