import { deviceWrite, lookUp, map, unmap } from './requests.ts';
import type { Workload } from './types.ts';

/**
 * Workloads of dynamic swiotlb pools: made at run time, published, used, unlinked, freed after a grace period.
 *
 * Two mappers, a reader and every failure at once is 600 000 states: `two-mappers-whole`, which takes two minutes.
 * Beside it stands what it is made of: once without the reader and without failures, and for each pair of requests
 * that can overlap (map and map, unmap and map, unmap and unmap) with the reader and every failure; two maps are
 * for every day (`npm start`). What the parts leave out: a look-up that lasts over both requests of a driver, and
 * one driver that maps and unmaps wholly within one request of the other while something fails.
 */
export const DYNAMIC_POOLS: readonly Workload[] = [
  {
    name: 'two-mappers',
    when: 'explore',
    about:
      'Two CPUs map and unmap once, through transient pools, beside RCU and the free workers, all interleavings, nothing fails (failures: the workloads of the pairs). One area, so that a search that misses is short.',
    sizes: { atomicPoolBuffers: 2, defaultAreas: 1 },
    threads: [
      { thread: 'driver/0', ops: [map(0, 'process'), unmap(0, 'process')] },
      { thread: 'driver/1', ops: [map(1, 'atomic'), unmap(1, 'atomic')] },
    ],
    works: ['dyn_free'],
    neverFail: ['driver/0', 'driver/1', 'softirq/0', 'softirq/1', 'kworker/dyn_free', 'kworker/dyn_free.2'],
  },
  {
    name: 'two-mappers-map-map',
    when: 'start v5',
    about: 'Two CPUs map through transient pools beside a reader, with every failure.',
    sizes: { atomicPoolBuffers: 2 },
    threads: [
      { thread: 'driver/0', ops: [map(0, 'process')] },
      { thread: 'driver/1', ops: [map(1, 'atomic')] },
      { thread: 'reader/1', ops: [lookUp] },
    ],
    works: ['dyn_free'],
  },
  {
    name: 'two-mappers-unmap-map',
    when: 'explore',
    about:
      'One CPU unmaps its transient pool while the other maps through one, beside a reader, RCU and the free worker, with every failure.',
    sizes: { atomicPoolBuffers: 2 },
    prepare: [map(0, 'process')],
    threads: [
      { thread: 'driver/0', ops: [unmap(0, 'process')] },
      { thread: 'driver/1', ops: [map(1, 'atomic')] },
      { thread: 'reader/1', ops: [lookUp] },
    ],
    works: ['dyn_free'],
  },
  {
    name: 'two-mappers-unmap-unmap',
    when: 'explore',
    about: 'Two CPUs unmap their transient pools beside a reader, RCU and the free workers.',
    sizes: { atomicPoolBuffers: 2 },
    prepare: [map(0, 'process'), map(1, 'process')],
    threads: [
      { thread: 'driver/0', ops: [unmap(0, 'process')] },
      { thread: 'driver/1', ops: [unmap(1, 'atomic')] },
      { thread: 'reader/1', ops: [lookUp] },
    ],
    works: ['dyn_free'],
  },
  {
    name: 'growth',
    when: 'explore',
    about:
      'An atomic map starts the growth worker; the device writes, and the unmap walks the pool list while the new pool is published; every failure of all of them, beside a reader.',
    sizes: {},
    threads: [
      { thread: 'driver/0', ops: [map(0, 'atomic'), deviceWrite(0), unmap(0, 'atomic')] },
      { thread: 'reader/1', ops: [lookUp] },
    ],
    works: ['dyn_alloc', 'dyn_free'],
  },
  {
    name: 'grown-pool',
    when: 'start',
    about:
      'While the growth worker runs, with every failure, a second driver maps, through the new pool or a transient one, and unmaps.',
    sizes: {},
    prepare: [map(0, 'process')],
    threads: [{ thread: 'driver/1', ops: [map(1, 'atomic'), deviceWrite(1), unmap(1, 'process')] }],
    works: ['dyn_alloc', 'dyn_free'],
  },
  {
    name: 'search-fails',
    when: 'start',
    about:
      'The segment boundary is shorter than the mapping: the search in the fresh pool fails, in process and in atomic context.',
    sizes: {},
    threads: [
      { thread: 'driver/0', ops: [map(0, 'atomic', 'narrow')] },
      { thread: 'driver/1', ops: [map(1, 'process', 'narrow')] },
    ],
    works: ['dyn_free'],
  },
  {
    name: 'remap-while-pending',
    when: 'start',
    about:
      'Map, unmap, map, unmap while the first pool still waits for its grace period or its worker, beside a reader.',
    sizes: {},
    threads: [
      {
        thread: 'driver/0',
        ops: [map(0, 'process'), unmap(0, 'process'), map(0, 'process'), unmap(0, 'atomic')],
      },
      { thread: 'reader/1', ops: [lookUp] },
    ],
    works: ['dyn_free'],
  },
  {
    name: 'two-mappers-whole',
    when: 'explore',
    about:
      'Two CPUs map and unmap through transient pools beside a reader, RCU and the free workers, every interleaving with every failure at once. Minutes.',
    sizes: { atomicPoolBuffers: 2, defaultAreas: 1 },
    threads: [
      { thread: 'driver/0', ops: [map(0, 'process'), unmap(0, 'process')] },
      { thread: 'driver/1', ops: [map(1, 'atomic'), unmap(1, 'atomic')] },
      { thread: 'reader/1', ops: [lookUp] },
    ],
    works: ['dyn_free'],
  },
  {
    name: 'search-fails-once',
    when: 'matrix',
    about:
      'The segment boundary is shorter than the mapping: the search in the fresh pool fails, in atomic and then in process context.',
    sizes: { defaultAreas: 1, ordinaryPages: 128 },
    threads: [{ thread: 'driver/0', ops: [map(0, 'atomic', 'narrow'), map(0, 'process', 'narrow')] }],
    works: ['dyn_free'],
  },
  {
    name: 'transient-pool-life',
    when: 'matrix',
    about: 'A transient pool is made, used, unlinked and freed, beside a reader, with every failure.',
    sizes: { defaultAreas: 1, ordinaryPages: 128 },
    threads: [
      { thread: 'driver/0', ops: [map(0, 'atomic'), deviceWrite(0), unmap(0, 'process')] },
      { thread: 'reader/1', ops: [lookUp] },
    ],
    works: ['dyn_free'],
  },
  {
    name: 'growth-used',
    when: 'matrix',
    about:
      'While the growth worker runs, with every failure, a driver maps, through the new pool or a transient one, and unmaps; its own requests do not fail.',
    sizes: { defaultAreas: 1 },
    prepare: [map(0, 'process')],
    threads: [{ thread: 'driver/1', ops: [map(1, 'atomic'), deviceWrite(1), unmap(1, 'process')] }],
    works: ['dyn_alloc', 'dyn_free'],
    neverFail: ['driver/1'],
  },
  {
    name: 'transient-pool-second-device',
    when: 'matrix',
    about: 'A second device has transient pools of its own: one is made, used, unlinked and freed.',
    sizes: { defaultAreas: 1, ordinaryPages: 128, devices: 2 },
    threads: [{ thread: 'driver/1', ops: [map(1, 'process'), deviceWrite(1), unmap(1, 'process')] }],
    works: ['dyn_free'],
  },
  {
    name: 'growth-cut',
    when: 'matrix',
    about:
      'The growth worker starts from more than the page allocator has in one block, and halves until it gets some, or nothing; areas are merged with it.',
    sizes: { defaultAreas: 1, ordinaryPages: 128, growSlabs: 4096, growAreas: 2 },
    prepare: [map(0, 'process')],
    threads: [{ thread: 'reader/1', ops: [lookUp] }],
    works: ['dyn_alloc'],
  },
];
