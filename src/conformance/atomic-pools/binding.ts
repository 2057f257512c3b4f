/** `atomic-pools` in the simulator's words: the initcall on `boot/0`, the growth worker, and driver 0. */
import {
  type Answer,
  BUFFER_BYTES,
  encodingOf,
  force_dma_unencrypted,
  type Kernel,
  type KernelConfig,
  type Stimulus,
  type Task,
} from '../../kernel/index.ts';
import type { GlobalEvent } from '../../lts/index.ts';
import { type Binding, type Names, type Offer, offerText, type Pending } from '../binding.ts';
import { conversionEvent } from '../common/conversion.ts';
import { findTask } from '../common/frames.ts';
import { isForced } from '../common/machine.ts';
import { asksForLess, type Chunk, MAKERS, projection } from './projection.ts';

const TASKS: Readonly<Record<string, string>> = { boot: MAKERS.I, grower: MAKERS.G, driver: 'driver/0' };
const ACTORS = new Map(Object.entries(TASKS).map(([actor, task]) => [task, actor]));
const chunkOf = (by: unknown): Chunk => (by === 'boot' ? 'I' : 'G');
const WORK = 'atomic_pool_work';

function stimulus({ type, params }: GlobalEvent): Stimulus | null {
  switch (type) {
    case 'dma_atomic_pool_init':
      return { name: 'atomic_pool_init', args: {} };
    case 'kworker_start':
      return { name: type, args: { work: WORK } };
    case 'dma_alloc_attrs':
      return {
        name: 'alloc',
        args: {
          driver: 0,
          fn: type,
          context: params.ctx!,
          bytes: BUFFER_BYTES,
          attrs: '',
          mayBlock: false,
        },
      };
    case 'dma_free_attrs':
      return { name: 'free', args: { driver: 0, context: params.ctx! } };
    default:
      return null;
  }
}

/** Only a forced device, or with DMA_DIRECT_REMAP one that is not coherent, is served from the atomic pools. */
const isServed = (kernel: Kernel) => force_dma_unencrypted(kernel, 0) || kernel.config.fact('dmaDirectRemap');

function stimulusEvent(kernel: Kernel, { name, args }: Stimulus): Offer | null {
  switch (name) {
    case 'atomic_pool_init': {
      const configured = kernel.config.fact('dmaCoherentPool') && kernel.config.option('DMA_COHERENT_POOL');
      return configured ? { actor: 'boot', event: 'dma_atomic_pool_init' } : null;
    }
    case 'kworker_start': {
      const params = { by: 'grower', work: 'atomic_pool' };
      return args.work === WORK ? { actor: 'grower', event: offerText(name, params) } : null;
    }
    case 'alloc': {
      // Drivers come after the initcalls, or before there is anything.
      const busy = findTask(kernel, MAKERS.I) !== undefined;
      if (args.driver !== 0 || args.fn !== 'dma_alloc_attrs' || busy || !isServed(kernel)) return null;
      return { actor: 'driver', event: offerText('dma_alloc_attrs', { ctx: args.context! }) };
    }
    case 'free':
      if (args.driver !== 0) return null;
      return { actor: 'driver', event: offerText('dma_free_attrs', { ctx: args.context! }) };
    default:
      // The driver does nothing else.
      return null;
  }
}

function pendingEvent(kernel: Kernel, task: Task): Pending | null {
  const by = ACTORS.get(task.name)!;
  const conversion = conversionEvent(kernel, task, { by });
  if (conversion !== null) return conversion;
  const { name, args } = task.pending!;
  if (asksForLess(task)) return null;
  switch (name) {
    case 'kzalloc':
      return { type: 'gen_pool_create', params: { by } };
    case 'gen_pool_avail':
    case 'cma_alloc':
    case 'alloc_pages':
    case 'vmap':
    case 'vunmap':
    case 'gen_pool_add_virt':
    case 'work_done':
      return { type: name, params: { by } };
    case '__free_pages':
      return { type: 'free_pages', params: { by } };
    case 'dma_atomic_pool_init_ret':
      return { type: name, params: { ret: args.ret === 0 ? 'ok' : 'failed' } };
    case 'dma_alloc_attrs_ret': {
      const result = args.result === 0 ? 'error' : (encodingOf(kernel, args.dma as number) ?? 'bare');
      return { type: name, params: { result } };
    }
    case 'gen_pool_alloc':
    case 'schedule_work':
    case 'dma_free_from_pool':
    case 'dma_free_attrs_ret':
      return { type: name, params: {} };
    // A warning; the descriptor of a pool that came to nothing; the end of the guest, which is never taken.
    case 'WARN':
    case 'kfree':
    case 'guest_over':
      return null;
    default:
      throw new Error(`a step of ${task.name} that this system does not know: ${name}`);
  }
}

/** A pool of one buffer, which is grown once; memory for any number of chunks that are lost. */
function machine(config: KernelConfig): KernelConfig {
  // A device that is not forced has its reason: its memory must be remapped.
  const coherent = isForced(config) || !config.platform.dmaDirectRemap;
  return {
    ...config,
    options: { ...config.options, restrictedPool: false, iommu: false, coherent },
    sizes: {
      boot: 'early',
      atomicPoolBuffers: 1,
      atomicPoolGrows: true,
      cmaPages: 512,
      ordinaryPages: 512,
    },
  };
}

const bootTask = (kernel: Kernel) => findTask(kernel, MAKERS.I);

const unless = (was: boolean, expected: unknown, what: string): string | null =>
  was === expected ? null : `${what}: expected ${String(expected)}, was ${String(was)}`;

function lowWater(kernel: Kernel): number {
  return kernel.config.size('atomicPoolBuffers') * BUFFER_BYTES;
}

export const atomicPoolsBinding: Binding = {
  system: 'atomic-pools',
  // The memory of each chunk; the same while it is in hand; the same if the page allocator gave it.
  noNames: { I: null, G: null, handI: null, handG: null, givenI: null, givenG: null },
  machine,
  /** The initcall comes when the state of memory is settled; for swiotlb there is no memory. */
  prepare(kernel) {
    for (const name of ['swiotlb_init', 'swiotlb_update_mem_attributes'] as const) {
      kernel.stimulate(name);
      for (let task = bootTask(kernel); task !== undefined; task = bootTask(kernel))
        kernel.resume(task.name, kernel.answers(task.pending!) === null ? undefined : 'fail');
    }
  },
  stimulus,
  stimulusEvent,
  task: (actor) => TASKS[actor] ?? actor,
  actor: (task) => ACTORS.get(task) ?? null,
  pendingEvent,
  outcomes: { gen_pool_alloc: ['ok'], gen_pool_avail: ['low'], dma_free_from_pool: ['owned'] },
  answer: ({ params }): Answer => (params.ok === true ? 'ok' : 'fail'),
  // Where there is no block of two pages there is none of one.
  answers: (task, possible) => (asksForLess(task) ? ['fail'] : possible),
  contradicts({ type, params }, { result }, kernel) {
    switch (type) {
      case 'gen_pool_alloc':
        return unless(result !== 0, params.ok, 'the pool had memory');
      case 'gen_pool_avail':
        return unless((result as number) < lowWater(kernel), params.low, 'the pool was short of memory');
      case 'dma_free_from_pool':
        return unless(result === true, params.owned, 'the pool owned the address');
      default:
        return null;
    }
  },
  rename(names, { type, params }, _kernel, record): Names {
    const chunk = chunkOf(params.by);
    switch (type) {
      case 'cma_alloc':
      case 'alloc_pages': {
        const phys = params.ok === true ? (record.result as number) : null;
        if (phys === null) return names;
        const given = type === 'alloc_pages' ? phys : null;
        return { ...names, [chunk]: phys, [`hand${chunk}`]: phys, [`given${chunk}`]: given };
      }
      case 'free_pages':
        return { ...names, [`hand${chunk}`]: null };
      case 'gen_pool_add_virt':
        return params.ok === true ? { ...names, [`hand${chunk}`]: null } : names;
      case 'dma_atomic_pool_init_ret':
        return { ...names, handI: null };
      case 'work_done':
        return { ...names, handG: null };
      default:
        return names;
    }
  },
  projection,
  unseen: Object.fromEntries(
    ['expand[I]', 'expand[G]'].map((name) => [
      name,
      {
        context: ['ret'],
        because:
          'on its way the code keeps the results of its calls where it keeps its own; what it says is compared when it says it.',
      },
    ]),
  ),
};
