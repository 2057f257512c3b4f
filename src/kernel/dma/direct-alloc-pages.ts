/**
 * dma_direct_alloc_pages: pages that a driver asks for by `dma_alloc_pages()` (kernel/dma/direct.c). It looks
 * neither at coherence nor at attributes. Here patches 3, 4, 12 and 15 act.
 */
import { force_dma_unencrypted } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { phys_to_virt } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import { type Coherent, dma_direct_alloc_from_pool } from './direct-alloc.ts';
import {
  __dma_direct_alloc_pages,
  dma_direct_alloc_swiotlb,
  dma_set_decrypted,
  is_swiotlb_for_alloc,
  phys_to_dma_direct,
  wantsShared,
} from './direct-pages.ts';

/**
 * `dma_direct_alloc_pages()`.
 *
 * Before 15 the CPU address of memory from the atomic pool is handed out as the page: the number stands in
 * `page`, where no page has it, and what the caller does with it goes wrong as it would.
 *
 * @param bytes a multiple of the page size
 * @returns the page, or null
 */
export function* dma_direct_alloc_pages(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  mayBlock: boolean,
): Run<Coherent | null> {
  const f = enter(t, {
    fn: 'dma_direct_alloc_pages',
    at: 0,
    dev,
    bytes,
    mayBlock,
    attrs: k.config.patch(4) && force_dma_unencrypted(k, dev) ? 'CC_SHARED' : '',
    mark: true as boolean,
    phys: 0,
  });
  if (wantsShared(k, f) && !f.mayBlock && !is_swiotlb_for_alloc(k, f.dev)) {
    const piece = yield* dma_direct_alloc_from_pool(k, t, f.dev, f.bytes, wantsShared(k, f));
    const dma = piece === null ? 0 : phys_to_dma_direct(k, f.dev, piece.phys, wantsShared(k, f));
    const page = piece === null ? 0 : k.config.patch(15) ? piece.phys : piece.vaddr;
    leave(t, page);
    return piece === null ? null : { cpu_addr: 0, page, dma };
  }
  // Before 4 dma_set_decrypted() alone asks whether anything shall be converted.
  if (k.config.patch(4)) f.mark = wantsShared(k, f);
  if (k.config.patch(3) && is_swiotlb_for_alloc(k, f.dev)) {
    f.mark = false;
    f.phys = yield* dma_direct_alloc_swiotlb(k, t, f.dev, f.bytes, wantsShared(k, f));
  } else f.phys = yield* __dma_direct_alloc_pages(k, t, f.dev, f.bytes, f.mayBlock, false);
  // A failed conversion leaks the pages: nobody knows their state.
  if (
    f.phys === 0 ||
    (f.mark && (yield* dma_set_decrypted(k, t, f.dev, phys_to_virt(f.phys), f.bytes)) !== 0)
  ) {
    leave(t, 0);
    return null;
  }
  yield at(f, 1, 'memset', { vaddr: phys_to_virt(f.phys), bytes: f.bytes });
  zero(k, phys_to_virt(f.phys), f.bytes);
  const dma = phys_to_dma_direct(k, f.dev, f.phys, wantsShared(k, f));
  const page = f.phys;
  leave(t, page);
  return { cpu_addr: 0, page, dma };
}
