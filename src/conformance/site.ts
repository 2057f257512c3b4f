/** Where in the code a violating step stands: the function of the pool's life that led to it. */
import type { Frame } from '../kernel/index.ts';

/** Outermost last: an unwinding stands in the allocation, a failed search in the search, whoever frees for it. */
const SITES = ['swiotlb_alloc_pool', 'swiotlb_find_slots', 'swiotlb_dyn_free'] as const;

/**
 * @param stack the stack of the acting task before the step
 * @param symbol the function on top, used where none of the functions of a pool's life is on the stack
 */
export function siteOf(stack: readonly Frame[], symbol: string): string {
  return SITES.find((site) => stack.some(({ fn }) => fn === site)) ?? symbol;
}
