/** `dynamic-pools` in the simulator's words: driver 0, reader 1, and what they set in motion. */

import type { Answer, Kernel, KernelConfig, Stimulus, Task, TraceRecord } from '../../kernel/index.ts';
import {
  BUFFER_BYTES,
  DMA_MAPPING_ERROR,
  force_dma_unencrypted,
  POOL_SEGMENT_SLOTS,
} from '../../kernel/index.ts';
import type { GlobalEvent } from '../../lts/index.ts';
import { type Binding, type Names, type Offer, offerText, type Pending } from '../binding.ts';
import { conversionEvent } from '../common/conversion.ts';
import { inside } from '../common/frames.ts';
import { outOfReach } from '../common/machine.ts';
import { atomicPoolOwns, encryption, physOfKey } from '../common/memory.ts';
import { projection } from './projection.ts';

const TASKS: Readonly<Record<string, string>> = {
  driver: 'driver/0',
  reader: 'reader/1',
  softirq: 'softirq/0',
  worker: 'kworker/dyn_free',
  grower: 'kworker/dyn_alloc',
};
const ACTORS = new Map(Object.entries(TASKS).map(([actor, task]) => [task, actor]));

/** The buffer that a task has in hand: the growth worker's, or the transient pool's. */
const bufferOf = (actor: string) => (actor === 'grower' ? 'D' : 'T');

function stimulus({ type, params }: GlobalEvent, kernel: Kernel): Stimulus | null {
  switch (type) {
    case 'dma_map_phys':
      return {
        name: 'map',
        args: { driver: 0, context: params.ctx!, boundary: params.boundary!, bytes: BUFFER_BYTES },
      };
    case 'dma_unmap_phys':
      return { name: 'unmap', args: { driver: 0, context: params.ctx! } };
    case 'device_write':
      return { name: 'deviceWrite', args: { driver: 0 } };
    case 'find_pool':
      return { name: 'find_pool', args: { reader: 1 } };
    case 'rcu_gp_start':
    case 'rcu_gp_end':
      return { name: type, args: {} };
    case 'rcu_softirq':
      return { name: type, args: { cpu: 0 } };
    case 'kworker_start':
      return (
        kernel.stimuli().find(({ name, args }) => name === type && args.work === params.work) ?? {
          name: type,
          args: { work: params.work! },
        }
      );
    default:
      return null;
  }
}

/**
 * The environment of the system: it has one transient pool. A forced device meets an empty atomic pool while
 * another's memory is still out; one that is not forced could have any number of them, so that its driver is
 * not asked to map then.
 */
function mayMap(kernel: Kernel): boolean {
  const { rcu, queued, tasks, pools } = kernel.state;
  if (force_dma_unencrypted(kernel, 0)) return true;
  const pending = rcu.waiting.length + (rcu.gp?.callbacks.length ?? 0) + rcu.done.length > 0;
  const queuedFree = queued.some(({ work }) => work === 'dyn_free');
  const running = tasks.some((task) => inside(task, 'swiotlb_dyn_free') !== undefined);
  return !(pending || queuedFree || running) || pools.length === 0;
}

function stimulusEvent(kernel: Kernel, { name, args }: Stimulus): Offer | null {
  switch (name) {
    case 'map':
      if (args.driver !== 0 || args.bytes !== BUFFER_BYTES || !mayMap(kernel)) return null;
      return {
        actor: 'driver',
        event: offerText('dma_map_phys', { boundary: args.boundary!, ctx: args.context! }),
      };
    case 'unmap':
      return args.driver === 0
        ? { actor: 'driver', event: offerText('dma_unmap_phys', { ctx: args.context! }) }
        : null;
    case 'deviceWrite':
      return args.driver === 0 ? { actor: 'device', event: 'device_write' } : null;
    case 'find_pool':
      // Without SWIOTLB_DYNAMIC an address is compared with one pool: nothing is walked.
      return kernel.config.option('SWIOTLB_DYNAMIC') ? { actor: 'reader', event: 'find_pool' } : null;
    case 'rcu_gp_start':
    case 'rcu_gp_end':
      return { actor: 'rcu', event: name };
    case 'rcu_softirq':
      return { actor: 'softirq', event: name };
    case 'kworker_start': {
      const by = args.work === 'dyn_free' ? 'worker' : 'grower';
      return { actor: by, event: offerText(name, { by, work: args.work! }) };
    }
    default:
      return null;
  }
}

const named = (type: string, params: Pending['params'] = {}): Pending => ({ type, params });

/** What a task's pending step is called; null for steps that no event stands for. */
function pendingEvent(kernel: Kernel, task: Task): Pending | null {
  const step = task.pending!;
  const { args } = step;
  const by = ACTORS.get(task.name)!;
  const buf = bufferOf(by);
  const conversion = conversionEvent(kernel, task, { buf, by });
  if (conversion !== null) return conversion;
  switch (step.name) {
    case 'READ_ONCE':
      return by === 'reader' ? named('rcu_read_lock') : null;
    case 'list_first_rcu':
      if (by === 'reader') return args.list === 'transient' ? named('walk_transient') : null;
      if (inside(task, 'swiotlb_search_area') === undefined) return null;
      return named('swiotlb_search_area', { boundary: inside(task, 'driver_map')!.boundary as string });
    case 'read_pool':
      return by === 'reader' && isTransient(kernel, task) ? named('read_pool') : null;
    case 'list_next_rcu':
      return by === 'reader' && args.list === 'transient' ? named('list_next_rcu') : null;
    case 'swiotlb_search_pool_area':
      if (inside(task, 'swiotlb_search_area') !== undefined) return null;
      // Without SWIOTLB_DYNAMIC the default pool is all that is searched.
      return kernel.config.option('SWIOTLB_DYNAMIC')
        ? named('swiotlb_search_pool_area')
        : named('swiotlb_search_area', { boundary: inside(task, 'driver_map')!.boundary as string });
    case 'kzalloc':
    case 'alloc_pages':
      return named(step.name, { by });
    case '__get_free_pages':
      return named('get_free_pages', { by });
    case 'gen_pool_alloc':
      return named('gen_pool_alloc', { attrs: args.attrs === '' ? 'none' : 'CC_SHARED' });
    case 'list_add_rcu':
      return named(step.name, { by, pool: args.list === 'transient' ? 'T' : 'D' });
    case 'swiotlb_bounce':
      return named(step.name, { dir: args.dir! });
    case 'dma_map_phys_ret':
      return named(step.name, { result: addressKind(kernel, args.result as number) });
    case 'dma_free_from_pool':
      return named(step.name, { buf, by });
    case '__free_pages':
      return named('free_pages', { buf, by });
    case 'schedule_work':
    case 'list_del_rcu':
    case 'swiotlb_release_slots':
    case 'queue_rcu_work':
    case 'call_rcu':
    case 'dma_unmap_phys_ret':
    case 'queue_work':
    case 'softirq_exit':
      return named(step.name);
    // A sticky flag that was set before; bookkeeping after the last step of a free; the return of the reader.
    case 'WRITE_ONCE':
    case 'free_pages':
    case 'kfree':
    case 'work_done':
    case 'find_pool_ret':
    // A warning, and the end of the guest, which is never taken.
    case 'WARN':
    case 'guest_over':
      return null;
    default:
      throw new Error(`a step of ${task.name} that this system does not know: ${step.name}`);
  }
}

/** The reader's walk has come to the transient pools. */
function isTransient(kernel: Kernel, task: Task): boolean {
  const pool = inside(task, 'swiotlb_find_pool')!.pool;
  for (let p = kernel.state.mems[0]!.pools; p !== 0; ) {
    if (p === pool) return false;
    p = kernel.state.pools.find(({ addr }) => addr === p)?.next ?? 0;
  }
  return true;
}

function addressKind(kernel: Kernel, dma: number): string {
  if (dma === DMA_MAPPING_ERROR) return 'error';
  const bit = kernel.config.fact('addressBit');
  if (bit === null) return 'unencoded';
  const set = dma >= 2 ** bit.bit;
  return set === (bit.meaning === 'shared') ? 'shared' : 'unencoded';
}

function unless(said: boolean, expected: unknown, what: string): string | null {
  return said === expected ? null : `${what}: expected ${String(expected)}, was ${String(said)}`;
}

function contradicts({ type, params }: GlobalEvent, record: TraceRecord): string | null {
  switch (type) {
    case 'gen_pool_alloc':
      return unless(record.result !== 0, params.ok, 'the atomic pool had memory');
    case 'swiotlb_search_pool_area':
      return unless((record.result as number) >= 0, params.found, 'the new pool had a slot that fits');
    case 'dma_free_from_pool':
      return unless(record.result === true, params.owned, 'an atomic pool owned the address');
    case 'walk_transient':
      return unless(record.result !== 0, params.seen, 'the reader saw a transient pool');
    case 'device_write':
      return unless(record.result === true, params.arrives ?? true, 'what the device wrote arrived');
    default:
      return null;
  }
}

function rename(names: Names, { type, params }: GlobalEvent, kernel: Kernel, record: TraceRecord): Names {
  if (type === 'gen_pool_alloc' && params.ok === true)
    return { ...names, T: physOfKey(kernel, record.result as number) };
  if (type === 'alloc_pages' && params.ok === true) {
    return { ...names, [params.by === 'grower' ? 'D' : 'T']: record.result as number };
  }
  if (type === 'dma_free_from_pool' && params.owned === true) return { ...names, T: null };
  if (type === 'free_pages') {
    const buf = params.buf as string;
    const at = names[buf]!;
    // Freed while the atomic pool owns it, or while the host has it: the name stays, the page is not done with.
    const stays = at !== null && (atomicPoolOwns(kernel, at) || encryption(kernel, at, 1) === 'shared');
    return stays ? names : { ...names, [buf]: null };
  }
  return names;
}

/**
 * One area, as with `swiotlb=N,1`; a full default pool, held by this device; one large block of pages. The device
 * has the default memory, whatever the device tree says, and its buffer must bounce: where nothing else makes it,
 * the buffer lies higher than the device reaches.
 */
function machine(config: KernelConfig): KernelConfig {
  return {
    ...config,
    options: { ...config.options, restrictedPool: false },
    sizes: {
      defaultAreas: 1,
      defaultPoolFull: true,
      usesIoTlb: true,
      growSlabs: POOL_SEGMENT_SLOTS,
      growMinSlabs: POOL_SEGMENT_SLOTS,
      growAreas: 1,
      atomicPoolBuffers: 1,
      ordinaryPages: 512,
      largeBlocks: 1,
      ...outOfReach(config),
    },
  };
}

export const dynamicPoolsBinding: Binding = {
  system: 'dynamic-pools',
  machine,
  noNames: { T: null, D: null },
  stimulus,
  stimulusEvent,
  task: (actor) => TASKS[actor] ?? actor,
  actor: (task) => ACTORS.get(task) ?? null,
  pendingEvent,
  outcomes: {
    swiotlb_search_area: ['found'],
    gen_pool_alloc: ['ok'],
    swiotlb_search_pool_area: ['found'],
    dma_free_from_pool: ['owned'],
    walk_transient: ['seen'],
    device_write: ['arrives'],
  },
  answer: ({ params }): Answer => (params.ok === true ? 'ok' : 'fail'),
  contradicts,
  rename,
  projection,
  sections: { 'driver/0': 'reader[driver]', 'reader/1': 'reader' },
};
