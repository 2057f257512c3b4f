/**
 * Workloads: what each thread will ask for. Under them every schedule and every answer of the world is
 * explored, within what the workload says of the world.
 */
import type { KernelSizes } from '../kernel/config.ts';
import type { Answer, Args, Stimulus, StimulusName } from '../kernel/steps.ts';

/** What is explored. */
export interface Workload {
  readonly name: string;
  /** What it is for, and what it leaves out, in a sentence or two. */
  readonly about: string;
  /**
   * Who explores it: `start` for every series, `start v5` for the whole series only; `explore` when no workload is
   * named, and `named` only then.
   */
  readonly when: 'start' | 'start v5' | 'explore' | 'named';
  readonly sizes: Partial<KernelSizes>;
  /** Requests that are served one after the other, all answers 'ok', before the exploration begins. */
  readonly prepare?: readonly Stimulus[];
  /** Requests of each thread, in order. */
  readonly threads: readonly { readonly thread: string; readonly ops: readonly Stimulus[] }[];
  /** Works that may be started; a work that is not named stays queued. */
  readonly works: readonly ('dyn_alloc' | 'dyn_free')[];
  /** Tasks whose choices are always answered 'ok' where that is possible. */
  readonly neverFail?: readonly string[];
}

const op = (name: StimulusName, args: Args): Stimulus => ({ name, args });

type Context = 'process' | 'atomic';

/** A driver maps its whole buffer. */
export const map = (driver: number, context: Context, boundary: 'wide' | 'narrow' = 'wide'): Stimulus =>
  op('map', { driver, context, boundary, bytes: 8192 });

/** A driver unmaps. */
export const unmap = (driver: number, context: Context): Stimulus => op('unmap', { driver, context });

/** The device writes to a driver's mapping. */
export const deviceWrite = (driver: number): Stimulus => op('deviceWrite', { driver });

/** The reader looks up an address of no pool. */
export const lookUp = op('find_pool', { reader: 1 });

/** World stimuli that are explored wherever they are accepted. */
export const WORLD: readonly StimulusName[] = ['rcu_gp_start', 'rcu_gp_end', 'rcu_softirq', 'kworker_start'];

/** The answers that a workload explores of those that are possible. */
export function exploredAnswers(w: Workload, task: string, possible: readonly Answer[]): readonly Answer[] {
  if (w.neverFail?.includes(task) === true && possible.includes('ok')) return ['ok'];
  return possible;
}

/**
 * All workloads.
 *
 * Two mappers, a reader and every failure at once is 600 000 states: `two-mappers-whole`, which takes two minutes.
 * For every day (`npm start`) it is split: once whole, without
 * the reader and without failures, and for each pair of requests that can overlap (map and map, unmap and
 * map, unmap and unmap) with the reader and every failure. What is left out: a look-up that lasts over both
 * requests of a driver, and one driver that maps and unmaps wholly within one request of the other while
 * something fails.
 */
export const WORKLOADS: readonly Workload[] = [
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
    when: 'start v5',
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
    when: 'start v5',
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
    when: 'start v5',
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
];

/** The workloads that `explore` takes when none is named. */
export const DEFAULT_WORKLOADS: readonly Workload[] = WORKLOADS.filter(({ when }) => when !== 'named');
