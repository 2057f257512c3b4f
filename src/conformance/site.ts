/** Where in the code a step stands: the function of the pool's life that led to it. */
import type { TraceRecord } from '../kernel/index.ts';

/** In this order: an unwinding stands in the allocation, a failed search in the search, else in the free. */
const SITES = ['swiotlb_alloc_pool', 'swiotlb_find_slots', 'swiotlb_dyn_free'] as const;

/** The function of a pool's life that is on the stack of a step; where there is none, the function on top. */
export function siteOf({ stack, fn }: TraceRecord): string {
  return SITES.find((site) => stack.includes(site)) ?? fn;
}
