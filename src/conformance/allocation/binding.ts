/** `allocation` and `allocation-pages` in the simulator's words: driver 0 with its block, driver 1 beside it. */
import {
  type Answer,
  BUFFER_BYTES,
  force_dma_unencrypted,
  type Kernel,
  type KernelConfig,
  type Stimulus,
  type Task,
  type TraceRecord,
} from '../../kernel/index.ts';
import { virt_to_phys } from '../../kernel/memory.ts';
import type { GlobalEvent } from '../../lts/index.ts';
import { type Binding, type Names, type Offer, offerText, type Pending } from '../binding.ts';
import { conversionEvent } from '../common/conversion.ts';
import { inside } from '../common/frames.ts';
import { answersOf, isHiddenPage, isNoPage } from './iommu.ts';
import { addrOf, gotOf, inPiece, isRestricted, pieceOf, returned } from './memory.ts';
import { ALL_SLOTS, type Fn, projectionOf } from './projection.ts';

const DRIVERS = { driver: 0, other: 1 } as const;
type Actor = keyof typeof DRIVERS;
const ACTORS: Readonly<Record<string, Actor>> = { 'driver/0': 'driver', 'driver/1': 'other' };

/** The length of every request: there is one piece of it in each pool. */
const bytesOf = (kernel: Kernel): number => (isRestricted(kernel) ? ALL_SLOTS : BUFFER_BYTES);

const ATTRS = ['', 'NO_KERNEL_MAPPING', 'CC_SHARED', 'NO_KERNEL_MAPPING|CC_SHARED'];
const CONTEXTS = ['process', 'atomic'];

function bind(system: string, fn: Fn): Binding {
  const alloc = fn;
  const free = fn === 'dma_alloc_attrs' ? 'dma_free_attrs' : 'dma_free_pages';
  const attrSets = fn === 'dma_alloc_attrs' ? ATTRS : [''];

  const request = (kernel: Kernel, driver: number, context: string, attrs: string): Stimulus => ({
    name: 'alloc',
    args: { driver, fn, context, bytes: bytesOf(kernel), attrs },
  });

  function stimulus({ type, actor, params }: GlobalEvent, kernel: Kernel): Stimulus | null {
    const driver = DRIVERS[actor as Actor];
    if (type === alloc) {
      const attrs = (params.attrs ?? 'none') as string;
      return request(kernel, driver, params.ctx as string, attrs === 'none' ? '' : attrs);
    }
    if (type === free) return { name: 'free', args: { driver, context: params.ctx! } };
    return type === 'dma_mmap_attrs' ? { name: 'mmap', args: { driver } } : null;
  }

  /**
   * The environment: a driver has one buffer at a time, and does nothing more with what is no memory. The other
   * driver is there where a pool may serve it, and never blocks.
   */
  function stimuli(kernel: Kernel): Stimulus[] {
    const out: Stimulus[] = [];
    for (const driver of hasOther(kernel) ? [0, 1] : [0]) {
      const held = kernel.state.drivers[driver]!.allocations[0];
      const contexts = driver === 0 ? CONTEXTS : ['atomic'];
      if (held === undefined) {
        for (const context of contexts)
          for (const attrs of driver === 0 ? attrSets : [''])
            out.push(request(kernel, driver, context, attrs));
      } else if (gotOf(kernel, held) !== 'garbage') {
        for (const context of contexts) out.push({ name: 'free', args: { driver, context } });
        if (driver === 0 && fn === 'dma_alloc_attrs') out.push({ name: 'mmap', args: { driver } });
      }
    }
    return out;
  }

  /** A pool may serve a request that must not sleep. */
  function hasOther(kernel: Kernel): boolean {
    if (isRestricted(kernel)) return true;
    if (pieceOf(kernel) === null) return false;
    const attrs = fn === 'dma_alloc_attrs';
    const remapped = attrs && !kernel.config.option('coherent') && kernel.config.fact('dmaDirectRemap');
    return remapped || (!kernel.config.option('iommu') && force_dma_unencrypted(kernel, 0));
  }

  function stimulusEvent(kernel: Kernel, { name, args }: Stimulus): Offer | null {
    const driver = args.driver as number;
    const by = driver === 0 ? 'driver' : 'other';
    if (name === 'mmap') return { actor: by, event: offerText('dma_mmap_attrs', { by }) };
    const ctx = args.context!;
    if (name === 'alloc') {
      const attrs = fn === 'dma_alloc_attrs' ? { attrs: args.attrs === '' ? 'none' : args.attrs! } : {};
      return { actor: by, event: offerText(alloc, { ...attrs, by, ctx }) };
    }
    const got = gotOf(kernel, kernel.state.drivers[driver]!.allocations[0]!);
    return { actor: by, event: offerText(free, { by, ctx, got }) };
  }

  return {
    system,
    machine,
    noNames: { A: null },
    stimulus,
    stimuli,
    stimulusEvent,
    task: (actor) => `driver/${DRIVERS[actor as Actor]}`,
    actor: (task) => ACTORS[task] ?? null,
    pendingEvent,
    outcomes: {
      gen_pool_alloc: ['ok'],
      dma_free_from_pool: ['owned'],
      swiotlb_search_pool_area: ['found'],
    },
    told: { cma_alloc: 'page', uninitialised: 'value' },
    answers: answersOf,
    answer: ({ type, params }): Answer => {
      if (type === 'cma_alloc') return params.page === 'none' ? 'fail' : 'ok';
      if (type === 'uninitialised') return params.value === 'zero' ? 'ok' : 'fail';
      return params.ok === true ? 'ok' : 'fail';
    },
    contradicts,
    rename,
    unseen: {
      'mmap[A]': {
        context: ['shared'],
        because: 'a driver that got nothing does not keep what it said',
      },
    },
    projection: projectionOf(fn, bytesOf),
  };
}

/** What a task's pending step is called; null for steps that no event stands for. */
function pendingEvent(kernel: Kernel, task: Task): Pending | null {
  if (isHiddenPage(task)) return null;
  const { name, args } = task.pending!;
  const by = ACTORS[task.name]!;
  const where = inside(task, 'driver_free') ? 'free' : 'alloc';
  // Behind an IOMMU one machine stands for both calls about pages, and knows which one it is.
  const told = inside(task, 'dma_common_alloc_pages') ?? inside(task, 'dma_common_free_pages');
  const undoes = (type: string, params: Pending['params'] = {}): Pending => ({
    type,
    params: { ...params, by, ...(told === undefined ? { in: where } : {}) },
  });
  const does = (type: string, params: Pending['params'] = {}): Pending => ({
    type,
    params: { ...params, by },
  });
  const memory = (phys: number): string => (inPiece(kernel, phys) ? 'P' : 'A');

  const converted = inside(task, 'set_memory_decrypted') ?? inside(task, 'set_memory_encrypted');
  if (converted !== undefined) {
    const event = conversionEvent(kernel, task, { buf: memory(virt_to_phys(converted.addr as number)), by });
    if (event === null || !event.type.startsWith('set_memory_encrypted')) return event;
    const { ret, ...rest } = event.params;
    return { type: event.type, params: { ...rest, in: where, ...(ret === undefined ? {} : { ret }) } };
  }
  switch (name) {
    case 'dma_alloc_attrs_ret':
    case 'dma_alloc_pages_ret': {
      const given = returned(task);
      const [addr, got] = given === null ? ['none', 'null'] : [addrOf(kernel, given), gotOf(kernel, given)];
      return { type: name, params: { addr, by, got } };
    }
    case '__free_pages':
      if (isNoPage(task)) return does('free_wild_page');
      return undoes('free_pages', { buf: memory(args.addr as number) });
    case 'gen_pool_alloc':
      return { type: name, params: { attrs: args.attrs === '' ? 'none' : 'CC_SHARED', by } };
    case 'WARN': {
      // The atomic pools were asked, and none has memory in the wanted state.
      const pool = inside(task, 'dma_alloc_from_pool');
      if (pool === undefined) return null;
      return { type: 'gen_pool_alloc', params: { attrs: pool.shared === true ? 'CC_SHARED' : 'none', by } };
    }
    case 'vmap':
    case 'remap_pfn_range':
      return { type: name, params: { by, prot: args.prot! } };
    case 'iommu_map':
      return { type: name, params: { by, page: isNoPage(task) ? 'none' : 'own' } };
    case 'memset':
    case 'cma_alloc':
    case 'alloc_pages':
    case 'swiotlb_search_pool_area':
    case 'dma_free_attrs_ret':
    case 'dma_free_pages_ret':
    case 'dma_mmap_attrs_ret':
    case 'arch_dma_set_uncached':
    case 'arch_dma_clear_uncached':
    case 'arch_dma_alloc':
    case 'arch_dma_free':
    case 'dma_alloc_from_global_coherent':
    case 'dma_release_from_global_coherent':
    case 'uninitialised':
      return does(name);
    case 'dma_free_from_pool':
    case 'swiotlb_release_slots':
    case 'cma_release':
    case 'vunmap':
    case 'iommu_unmap':
      return undoes(name);
    // How slots are looked for and found again: nobody changes the one pool that is on the list.
    case 'list_first_rcu':
    case 'list_next_rcu':
    case 'read_pool':
    case 'READ_ONCE':
    case 'WRITE_ONCE':
    // The end of the guest is never taken.
    case 'guest_over':
      return null;
    default:
      throw new Error(`a step of ${task.name} that this system does not know: ${name}`);
  }
}

function unless(said: boolean, expected: unknown, what: string): string | null {
  return said === expected ? null : `${what}: expected ${String(expected)}, was ${String(said)}`;
}

function contradicts({ type, params }: GlobalEvent, record: TraceRecord): string | null {
  const { result } = record;
  switch (type) {
    case 'gen_pool_alloc':
      return unless((result ?? 0) !== 0, params.ok, 'the atomic pool had memory');
    case 'dma_alloc_from_global_coherent':
      return unless((result ?? 0) !== 0, params.ok, 'the global pool had memory');
    case 'swiotlb_search_pool_area':
      return unless((result as number) >= 0, params.found, 'the restricted pool had slots');
    case 'dma_free_from_pool':
      return unless(result === true, params.owned, 'an atomic pool owned the address');
    default:
      return null;
  }
}

function rename(names: Names, { type, params }: GlobalEvent, _kernel: Kernel, record: TraceRecord): Names {
  if ((type === 'alloc_pages' && params.ok === true) || (type === 'cma_alloc' && params.page !== 'none'))
    return { ...names, A: record.result as number };
  if (type === 'cma_release' || (type === 'free_pages' && params.buf === 'A')) return { ...names, A: null };
  return names;
}

/**
 * An atomic pool of one piece, a restricted pool of one, and blocks of the page allocator and of CMA enough for
 * all that are leaked on a path. A device with a short mask finds pages in a lower zone too, which it reaches no better.
 */
function machine(config: KernelConfig): KernelConfig {
  const { coherent, uncached, mask, restrictedPool } = config.options;
  return {
    ...config,
    sizes: {
      defaultAreas: 1,
      atomicPoolBuffers: 1,
      // Pages that a pool owns too lie in the free list last: nobody is given them on a path.
      ordinaryPages: 1024,
      smallBlocks: 128,
      cmaPages: 512,
      // Architectures that make uncached addresses are 32-bit ones here: their CMA area lies in high memory.
      cmaHighmem: coherent === false && uncached === 'uncached',
      // The region begins at a multiple of its size.
      highBuffers: restrictedPool === true,
      restrictedSlabs: 128,
      dmaZonePages: mask === 32 ? 128 : 0,
    },
  };
}

export const allocationBinding = bind('allocation', 'dma_alloc_attrs');
export const allocationPagesBinding = bind('allocation-pages', 'dma_alloc_pages');
