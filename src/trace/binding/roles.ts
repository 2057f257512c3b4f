/**
 * Which kernel function or tracepoint plays which part, in the versions that were recorded or reviewed. The one
 * place where names of a log and names of the specification meet.
 */
import type { TraceRecord } from '../record.ts';

/** A function's part. One role for all names that a function has had. */
export type Role =
  | 'map'
  | 'unmap'
  | 'tbl_map'
  | 'tbl_unmap'
  | 'bounce'
  | 'alloc_pool'
  | 'dyn_alloc'
  | 'dyn_free'
  | 'free_tlb'
  | 'decrypt'
  | 'encrypt'
  | 'pool_alloc'
  | 'pool_free'
  | 'alloc'
  | 'free'
  | 'direct_alloc'
  | 'direct_alloc_pages'
  | 'direct_free'
  | 'direct_free_pages'
  | 'pool_work'
  | 'expand'
  | 'vmap'
  | 'vunmap'
  | 'free_pages'
  | 'accept';

/** A tracepoint's part. */
export type PointRole =
  | 'tp_map'
  | 'tp_unmap'
  | 'tp_map_sg'
  | 'tp_unmap_sg'
  | 'tp_bounced'
  | 'tp_alloc'
  | 'tp_free';

interface FunctionBinding {
  readonly role: Role;
  /** Arguments that tell the wanted probe from another one on the same symbol. */
  readonly args: readonly string[];
}

const f = (role: Role, ...args: string[]): FunctionBinding => ({ role, args });

/** By symbol, leading underscores and the compiler's suffixes taken away. */
export const FUNCTIONS: Readonly<Record<string, FunctionBinding>> = {
  dma_map_phys: f('map', 'dev', 'phys'),
  dma_map_page_attrs: f('map', 'dev', 'size'),
  dma_map_resource: f('map', 'dev', 'size'),
  dma_map_sg_attrs: f('map', 'dev'),
  dma_unmap_phys: f('unmap', 'dev', 'addr'),
  dma_unmap_page_attrs: f('unmap', 'dev', 'addr'),
  dma_unmap_resource: f('unmap', 'dev', 'addr'),
  dma_unmap_sg_attrs: f('unmap', 'dev'),
  swiotlb_tbl_map_single: f('tbl_map', 'dev', 'orig'),
  swiotlb_tbl_unmap_single: f('tbl_unmap', 'dev', 'tlb'),
  swiotlb_bounce: f('bounce', 'tlb'),
  swiotlb_alloc_pool: f('alloc_pool', 'dev'),
  swiotlb_dyn_alloc: f('dyn_alloc', 'work'),
  swiotlb_dyn_free: f('dyn_free', 'rcu'),
  swiotlb_dyn_free_work: f('dyn_free', 'work'),
  swiotlb_free_tlb: f('free_tlb', 'vaddr'),
  set_memory_decrypted: f('decrypt', 'addr'),
  set_memory_encrypted: f('encrypt', 'addr'),
  dma_alloc_from_pool: f('pool_alloc', 'size'),
  dma_free_from_pool: f('pool_free', 'start'),
  dma_free_from_pool_phys: f('pool_free', 'phys'),
  dma_alloc_attrs: f('alloc', 'dev', 'size'),
  dma_free_attrs: f('free', 'dev', 'size'),
  dma_direct_alloc: f('direct_alloc', 'dev', 'size'),
  dma_direct_alloc_pages: f('direct_alloc_pages', 'dev', 'size'),
  dma_direct_free: f('direct_free', 'dev', 'size'),
  dma_direct_free_pages: f('direct_free_pages', 'dev', 'size'),
  atomic_pool_work_fn: f('pool_work'),
  atomic_pool_expand: f('expand', 'size'),
  vmap: f('vmap'),
  dma_common_contiguous_remap: f('vmap'),
  dma_common_pages_remap: f('vmap'),
  vunmap: f('vunmap'),
  dma_common_free_remap: f('vunmap'),
  free_pages: f('free_pages'),
  dma_free_contiguous: f('free_pages'),
  tsm_accept: f('accept', 'dev'),
  dma_set_coherent_mask: f('accept', 'dev'),
};

export const POINTS: Readonly<Record<string, PointRole>> = {
  dma_map_phys: 'tp_map',
  dma_map_page: 'tp_map',
  dma_map_resource: 'tp_map',
  dma_unmap_phys: 'tp_unmap',
  dma_unmap_page: 'tp_unmap',
  dma_unmap_resource: 'tp_unmap',
  dma_map_sg: 'tp_map_sg',
  dma_unmap_sg: 'tp_unmap_sg',
  swiotlb_bounced: 'tp_bounced',
  dma_alloc: 'tp_alloc',
  dma_alloc_pages: 'tp_alloc',
  dma_free: 'tp_free',
  dma_free_pages: 'tp_free',
};

/** What differs between the series as posted (v5), as merged, and before it, and how it is read here. */
export const DIFFERENCES: readonly { readonly what: string; readonly read: string }[] = [
  {
    what: 'dynamic pools are freed by swiotlb_dyn_free, an RCU callback (6.12), or by a work item: swiotlb_dyn_free_work (as merged)',
    read: 'both begin a deferred free; in softirq the first is rcu_softirq of the machine dynamic-free, in a kworker the second is kworker_start',
  },
  {
    what: 'an allocation for a device that reaches shared memory only carries CC_SHARED (v5) or ALLOC_CC_SHARED (as merged, bit 14) in dma_direct_alloc and in the tracepoint',
    read: 'either says that the device is forced; a free prints neither',
  },
  {
    what: 'dma_map_page_attrs and dma_map_resource (6.12) became dma_map_phys (6.18 and later)',
    read: 'one event, dma_map_phys',
  },
  {
    what: '6.12 decrypts the pools of a guest without encryption, too: the call returns at once there',
    read: 'a request is a request; the verdict names the platforms on which it sleeps',
  },
];

/** Bits of `attrs` as probes print them. */
export const ATTR = { SKIP_CPU_SYNC: 0x20, CC_SHARED: 0x2000, ALLOC_CC_SHARED: 0x4000 } as const;
/** `__GFP_DIRECT_RECLAIM`: the allocation may sleep. Source: include/linux/gfp_types.h. */
export const GFP_DIRECT_RECLAIM = 0x400;

export interface Bound {
  readonly role: Role | PointRole;
  readonly entry: boolean;
  readonly ret: boolean;
  /** The kernel symbol, for people. */
  readonly symbol: string;
  /** The symbol, and which end of its call. */
  readonly end: string;
}

interface Cached {
  readonly symbol: string | undefined;
  readonly bound: Bound | undefined;
}

const plain = (symbol: string) => symbol.replace(/\..*$/, '').replace(/^_+/, '');

/**
 * Finds the part of a record. Where two probes sit on one function, the one with the expected arguments is taken
 * and the other is passed over, so that no call counts twice; a probe without arguments serves where there is
 * no other.
 */
export class Binder {
  /** Entries that were passed over because another probe tells of the same call. */
  doubled = 0;
  /** Roles that were ever seen, entry and return apart. */
  readonly seen = new Set<string>();

  readonly #caches = {
    kprobe: new Map<string, Cached>(),
    kretprobe: new Map<string, Cached>(),
    function: new Map<string, Cached>(),
    tracepoint: new Map<string, Cached>(),
  };
  /** By role and end: the event that is listened to, and whether it has the expected arguments. */
  readonly #chosen = new Map<string, { readonly event: string; readonly whole: boolean }>();

  bind(record: TraceRecord): Bound | undefined {
    const { kind } = record;
    if (kind === 'mark' || kind === 'other') return undefined;
    const cache = this.#caches[kind];
    const symbol = record.func?.symbol;
    // The tracer's lines have one name for all functions.
    const key = kind === 'function' ? (symbol ?? '') : record.event;
    const cached = cache.get(key);
    if (cached !== undefined && cached.symbol === symbol) {
      const { bound } = cached;
      if (bound === undefined || kind === 'tracepoint') return bound;
      return this.#listens(bound, key, record) ? bound : undefined;
    }
    const bound = this.#make(record);
    if (cache.size < 10_000) cache.set(key, { symbol, bound });
    if (bound === undefined) return undefined;
    if (kind === 'tracepoint') {
      this.seen.add(bound.role);
      return bound;
    }
    return this.#listens(bound, key, record) ? bound : undefined;
  }

  #make(record: TraceRecord): Bound | undefined {
    if (record.kind === 'tracepoint') {
      const role = POINTS[record.event];
      return role && { role, entry: false, ret: false, symbol: record.event, end: record.event };
    }
    const ret = record.kind === 'kretprobe';
    const named = record.func?.symbol ?? record.event.replace(/^kp_/, '').replace(/_(?:ret|fp|fx)$/, '');
    const symbol = plain(named);
    const found = FUNCTIONS[symbol];
    return found && { role: found.role, entry: !ret, ret, symbol, end: ret ? `${symbol}_ret` : symbol };
  }

  #listens(bound: Bound, event: string, record: TraceRecord): boolean {
    const { end } = bound;
    const chosen = this.#chosen.get(end);
    if (chosen?.event === event) return true;
    const { args } = FUNCTIONS[bound.symbol]!;
    const whole =
      record.kind !== 'function' &&
      (bound.ret || args.length === 0 || args.every((arg) => record.fields.has(arg)));
    if (chosen !== undefined && (chosen.whole || !whole)) {
      this.doubled++;
      return false;
    }
    this.#chosen.set(end, { event, whole });
    this.seen.add(bound.ret ? `${bound.role}_ret` : bound.role);
    return true;
  }
}
