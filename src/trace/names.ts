/** What the reader knows by name: tracepoints with their fields, attributes, functions that probes sit on. */

/**
 * How a tracepoint's body ends: `attrs=` (maybe empty), FORCE or NORMAL, or any field. A body that ends before
 * it was cut. Source: include/trace/events/dma.h, include/trace/events/swiotlb.h.
 */
export type Ending = 'attrs' | 'mode' | 'field';

const attrs = [
  'dma_map_phys',
  'dma_unmap_phys',
  'dma_map_page',
  'dma_unmap_page',
  'dma_map_resource',
  'dma_unmap_resource',
  'dma_alloc',
  'dma_alloc_pages',
  'dma_alloc_sgt',
  'dma_alloc_sgt_err',
  'dma_free',
  'dma_free_pages',
  'dma_free_sgt',
  'dma_map_sg',
  'dma_map_sg_err',
  'dma_unmap_sg',
];

const synced = [
  'dma_sync_single_for_cpu',
  'dma_sync_single_for_device',
  'dma_sync_sg_for_cpu',
  'dma_sync_sg_for_device',
];

/** Allocations of page tables and error prints end otherwise in some versions; nothing is demanded of them. */
const open = new Set(['dma_alloc_sgt', 'dma_alloc_sgt_err', 'dma_free_sgt']);

export const TRACEPOINTS: ReadonlyMap<string, Ending> = new Map<string, Ending>([
  ...attrs.map((name) => [name, open.has(name) ? 'field' : 'attrs'] as const),
  ...synced.map((name) => [name, 'field'] as const),
  ['swiotlb_bounced', 'mode'],
]);

/** Fields that tracepoints print in hexadecimal without `0x`. */
export const HEX_FIELDS: ReadonlySet<string> = new Set(['dma_addr', 'phys_addr', 'dev_addr', 'dma_mask']);

/** Fields that tracepoints print as words of letters. */
export const DIRECTIONS: ReadonlySet<string> = new Set(['BIDIRECTIONAL', 'TO_DEVICE', 'FROM_DEVICE', 'NONE']);

/** Attributes as tracepoints print them (`decode_dma_attrs`), of all versions. */
export const ATTRIBUTES: readonly string[] = [
  'WEAK_ORDERING',
  'WRITE_COMBINE',
  'NO_KERNEL_MAPPING',
  'SKIP_CPU_SYNC',
  'FORCE_CONTIGUOUS',
  'ALLOC_SINGLE_PAGES',
  'NO_WARN',
  'PRIVILEGED',
  'MMIO',
  'DEBUGGING_IGNORE_CACHELINES',
  'CPU_CACHE_CLEAN',
  'REQUIRE_COHERENT',
  'CC_SHARED',
  'ALLOC_CC_SHARED',
];

/** The start of the names of functions that a probe of this subject sits on. */
const SUBJECT =
  /^(?:dma_|swiotlb_|set_memory_|atomic_pool_|iommu_dma_|rmem_swiotlb_|cma_|gen_pool_|arch_dma_|xen_swiotlb_|arch_sync_dma|mem_encrypt_|vmap$|vunmap$|alloc_pages|free_pages|memset$)/;

/** Whether a probe, a function or an event by this name is of the subject. `kp_`, `_ret` and underscores aside. */
export function isSubject(name: string): boolean {
  return SUBJECT.test(name.replace(/^kp_/, '').replace(/^_+/, ''));
}

/** Whether an entry probe's name follows the convention: the function's name, perhaps with `kp_` before it. */
export function namedAfter(event: string, symbol: string): boolean {
  const plain = (name: string) => name.replace(/^kp_/, '').replace(/^_+/, '').replace(/\..*$/, '');
  return plain(event) === plain(symbol);
}
