/** Where in the code a step stands: the kernel function that decided it. */
import type { TraceRecord } from '../kernel/index.ts';

/** In this order: an unwinding stands in the allocation, a failed search in the search, else in the free. */
const SITES = ['swiotlb_alloc_pool', 'swiotlb_find_slots', 'swiotlb_dyn_free'] as const;

/**
 * Functions that do as they are told, whoever calls them: allocators, conversions, aliases, and the bodies that
 * threads begin with. The one that called them is the one to look at.
 */
const HELPERS: ReadonlySet<string> = new Set([
  'alloc_pages',
  '__free_pages',
  'cma_alloc',
  'cma_release',
  'dma_alloc_contiguous',
  'dma_free_contiguous',
  '__dma_direct_free_pages',
  'vmap',
  'vunmap',
  'memset',
  'set_memory_decrypted',
  'set_memory_encrypted',
  'swiotlb_bounce',
  'swiotlb_release_slots',
]);

/** A protocol of a platform runs inside one of these. */
const CONVERSIONS: ReadonlySet<string> = new Set(['set_memory_decrypted', 'set_memory_encrypted']);

/**
 * The function of a pool's life that is on the stack of a step; where there is none, the innermost function that
 * is more than a helper.
 */
export function siteOf({ stack, fn }: TraceRecord): string {
  const known = SITES.find((site) => stack.includes(site));
  if (known !== undefined) return known;
  const conversion = stack.findIndex((name) => CONVERSIONS.has(name));
  const callers = conversion < 0 ? stack : stack.slice(0, conversion);
  for (let i = callers.length - 1; i >= 0; i--) if (!HELPERS.has(callers[i]!)) return callers[i]!;
  return fn;
}
