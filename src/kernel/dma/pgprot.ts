/** Protection of mappings of coherent memory: dma_pgprot (kernel/dma/mapping.c). Here patch 8 acts. */
import type { Kernel } from '../kernel.ts';
import type { Prot } from '../vmap.ts';
import { hasAttr } from './attrs.ts';

/**
 * `dma_pgprot()` of the kernel's own protection, which is private. Before 8 it stays as it is, and callers that
 * must share say so themselves; from 8 it is decrypted with CC_SHARED, else encrypted. Caching is not simulated.
 *
 * @param forced the caller adds `pgprot_decrypted()` by hand where patch 8 is not applied
 */
export function dma_pgprot(k: Kernel, attrs: string, forced: boolean): Prot {
  if (k.config.patch(8)) return hasAttr(attrs, 'CC_SHARED') ? 'decrypted' : 'encrypted';
  return forced ? 'decrypted' : 'encrypted';
}
