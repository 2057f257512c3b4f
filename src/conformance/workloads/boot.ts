/** Workloads of boot and teardown: default, late and restricted pools, and the window before they are shared. */
import { alloc, deviceWrite, free, map, op, unmap } from './requests.ts';
import type { Workload } from './types.ts';

const EARLY = { boot: 'early', defaultAreas: 1, ordinaryPages: 128, lateSlabs: 256 } as const;
/** Enough for a late pool, its areas and its slots. */
const LATE = { ...EARLY, ordinaryPages: 256 } as const;
/** Who calls swiotlb_exit(): pci_swiotlb_late_init() of x86, check_swiotlb_enabled() of powerpc. */
const tearsDown: Workload['applies'] = ({ family }, { remap }) =>
  remap === 'off' && (family === 'x86' || family === 'powerpc');
const withRestricted: Workload['applies'] = (_, options) => options['restricted-pool'] === 'on';

export const BOOT: readonly Workload[] = [
  {
    name: 'boot-exit',
    when: 'matrix',
    about:
      'The default pool is reserved, if need be by half, converted and, not being needed, torn down, with every failure.',
    sizes: { ...EARLY, defaultAreas: 2 },
    applies: tearsDown,
    threads: [
      {
        thread: 'boot',
        ops: [op('swiotlb_init'), op('swiotlb_update_mem_attributes'), op('swiotlb_exit')],
      },
    ],
    works: [],
  },
  {
    name: 'boot-map',
    when: 'matrix',
    about: 'A driver maps and unmaps through the default pool once it is converted, if it could be.',
    sizes: EARLY,
    prepare: [op('swiotlb_init')],
    threads: [
      { thread: 'boot', ops: [op('swiotlb_update_mem_attributes')] },
      {
        thread: 'driver/0',
        after: 'boot',
        ops: [map(0, 'process'), deviceWrite(0), unmap(0, 'process')],
      },
    ],
    works: [],
    neverFail: ['driver/0'],
  },
  {
    name: 'boot-window',
    when: 'matrix',
    about:
      'A driver maps before the attributes of the default pool are updated, and unmaps before that too: no one converts what is in use.',
    sizes: EARLY,
    prepare: [op('swiotlb_init')],
    threads: [{ thread: 'driver/0', ops: [map(0, 'process'), deviceWrite(0), unmap(0, 'process')] }],
    works: [],
  },
  {
    name: 'boot-late',
    when: 'matrix',
    about:
      'Where there is no early pool, the attributes are updated and a pool is made late, with every failure. In either order: every architecture updates first, and nothing else keeps the two in order.',
    sizes: LATE,
    threads: [
      { thread: 'boot', ops: [op('swiotlb_init')] },
      { thread: 'late', ops: [op('swiotlb_init_late')] },
      { thread: 'attributes', ops: [op('swiotlb_update_mem_attributes')] },
    ],
    works: [],
  },
  {
    name: 'boot-late-exit',
    when: 'matrix',
    about: 'A late pool is made, where there is no early one, and torn down, with every failure.',
    sizes: LATE,
    applies: tearsDown,
    threads: [
      {
        thread: 'boot',
        ops: [
          op('swiotlb_init'),
          op('swiotlb_update_mem_attributes'),
          op('swiotlb_init_late'),
          op('swiotlb_exit'),
        ],
      },
    ],
    works: [],
  },
  {
    name: 'boot-late-map',
    when: 'matrix',
    about: 'A driver maps through a late pool, where there is no early one.',
    sizes: LATE,
    threads: [
      {
        thread: 'boot',
        ops: [op('swiotlb_init'), op('swiotlb_update_mem_attributes'), op('swiotlb_init_late')],
      },
      {
        thread: 'driver/0',
        after: 'boot',
        ops: [map(0, 'process'), deviceWrite(0), unmap(0, 'process')],
      },
    ],
    works: [],
    neverFail: ['driver/0'],
  },
  {
    name: 'boot-exit-map',
    when: 'matrix',
    about: 'The default pool is torn down, and a driver maps after that.',
    sizes: EARLY,
    applies: tearsDown,
    prepare: [op('swiotlb_init'), op('swiotlb_update_mem_attributes')],
    threads: [
      { thread: 'boot', ops: [op('swiotlb_exit')] },
      {
        thread: 'driver/0',
        after: 'boot',
        ops: [map(0, 'process'), deviceWrite(0), unmap(0, 'process')],
      },
    ],
    works: ['dyn_free'],
    neverFail: ['driver/0'],
  },
  {
    name: 'restricted-probe',
    when: 'matrix',
    about:
      'A device is attached to its restricted pool, with every failure, allocates and maps from whatever it then has, and is detached.',
    sizes: EARLY,
    applies: withRestricted,
    prepare: [op('swiotlb_init'), op('swiotlb_update_mem_attributes')],
    threads: [
      { thread: 'probe', ops: [op('rmem_device_init', { device: 0 })] },
      {
        thread: 'driver/0',
        after: 'probe',
        ops: [
          alloc(0, 'process'),
          free(0, 'process'),
          map(0, 'process'),
          deviceWrite(0),
          unmap(0, 'process'),
        ],
      },
      { thread: 'remove', after: 'driver/0', ops: [op('rmem_device_release', { device: 0 })] },
    ],
    works: [],
    neverFail: ['driver/0'],
  },
  {
    name: 'restricted-two-devices',
    when: 'matrix',
    about:
      'Two devices of one region are probed, one behind the other; after a failure the second starts afresh, and uses what it got.',
    sizes: { ...EARLY, devices: 2 },
    applies: withRestricted,
    prepare: [op('swiotlb_init'), op('swiotlb_update_mem_attributes')],
    threads: [
      { thread: 'first', ops: [op('rmem_device_init', { device: 0 })] },
      { thread: 'second', after: 'first', ops: [op('rmem_device_init', { device: 1 })] },
      { thread: 'driver/1', after: 'second', ops: [map(1, 'process'), deviceWrite(1), unmap(1, 'process')] },
    ],
    works: [],
    neverFail: ['driver/1'],
  },
  {
    name: 'restricted-probe-race',
    when: 'matrix',
    about:
      'Two devices of one region are probed at once, as asynchronous probing does: nothing keeps the two apart. Only the second probe can fail.',
    sizes: { ...EARLY, devices: 2 },
    applies: withRestricted,
    prepare: [op('swiotlb_init'), op('swiotlb_update_mem_attributes')],
    threads: [
      { thread: 'first', ops: [op('rmem_device_init', { device: 0 })] },
      { thread: 'second', ops: [op('rmem_device_init', { device: 1 })] },
    ],
    works: [],
    neverFail: ['probe/0'],
  },
];
