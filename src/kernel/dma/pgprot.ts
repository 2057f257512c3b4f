/** Protection of mappings of coherent memory: dma_pgprot (kernel/dma/mapping.c). Here patch 8 acts. */
import type { Kernel } from '../kernel.ts';
import { hasAttr } from './attrs.ts';

/**
 * `dma_pgprot()` of a private protection: is the result a shared one? Before 8 never, and callers that must
 * share say so themselves; from 8 exactly with CC_SHARED. Caching is not simulated.
 */
export function dma_pgprot(k: Kernel, attrs: string): boolean {
  return k.config.patch(8) && hasAttr(attrs, 'CC_SHARED');
}
