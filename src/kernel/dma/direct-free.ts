/**
 * dma_direct_free and dma_direct_free_pages (kernel/dma/direct.c). Here patches 3, 4, 11, 12 and 19 act.
 */
import { dma_free_contiguous } from '../cma.ts';
import { deviceOf, dma_to_phys, force_dma_unencrypted } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { isPhysRange, PAGE_SIZE, phys_to_virt } from '../memory.ts';
import type { Frame, Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { is_vmalloc_addr, vunmap } from '../vmap.ts';
import { arch_dma_clear_uncached, arch_dma_free } from './arch-dma.ts';
import { hasAttr, withAttr } from './attrs.ts';
import { dma_release_from_global_coherent } from './coherent.ts';
import {
  __dma_direct_free_pages,
  dma_set_encrypted,
  is_swiotlb_for_alloc,
  pagesOf,
  wantsShared,
} from './direct-pages.ts';
import { coherentPoolEnabled, dma_free_from_pool, dma_free_from_pool_phys } from './pool.ts';
import { swiotlb_find_pool } from './swiotlb-find.ts';
import { swiotlb_release_slots } from './swiotlb-unmap.ts';

interface FreeFrame extends Frame {
  readonly dev: number;
  readonly bytes: number;
  readonly cpu_addr: number;
  readonly dma: number;
  attrs: string;
  /** `mark_mem_encrypt`: from 4, the device is forced now. */
  mark: boolean;
  /** From 3: the pool that holds the slots. */
  pool: number;
}

/**
 * `dma_direct_free()`. It undoes by what it finds: the attributes, the device as it is now, and who owns the
 * addresses.
 *
 * @param cpu_addr what the allocation returned: the CPU address, or the page as a cookie
 */
export function* dma_direct_free(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  cpu_addr: number,
  dma: number,
  attrs: string,
): Run {
  const f: FreeFrame = enter(t, {
    fn: 'dma_direct_free',
    at: 0,
    dev,
    bytes,
    cpu_addr,
    dma,
    attrs,
    mark: true as boolean,
    pool: 0,
  });
  if (k.config.patch(4)) {
    if (hasAttr(f.attrs, 'CC_SHARED')) yield at(f, 1, 'WARN', { what: 'free with DMA_ATTR_CC_SHARED' });
    f.mark = force_dma_unencrypted(k, f.dev);
    if (f.mark) f.attrs = withAttr(f.attrs, 'CC_SHARED');
  }
  if (!(yield* freeElsewhere(k, t, f))) yield* freeMemory(k, t, f);
  leave(t);
}

/** Cookie, architecture, global pool, atomic pool: true when it was one of these. */
function* freeElsewhere(k: Kernel, t: Task, f: FreeFrame): Run<boolean> {
  const restricted = is_swiotlb_for_alloc(k, f.dev);
  if (hasAttr(f.attrs, 'NO_KERNEL_MAPPING') && !wantsShared(k, f) && !restricted) {
    // What the allocation returned is taken for a page.
    yield* dma_free_contiguous(k, t, f.cpu_addr, f.bytes);
    return true;
  }
  if (!deviceOf(k, f.dev).coherent) {
    const how = k.config.option('uncached');
    if (how === 'arch' && !restricted) {
      yield* arch_dma_free(k, t, f.cpu_addr, f.bytes);
      return true;
    }
    if (how === 'global') {
      if (!(yield* dma_release_from_global_coherent(k, t, f.cpu_addr, f.bytes)))
        yield at(f, 2, 'WARN', { what: 'not from the global pool' });
      return true;
    }
  }
  if (!coherentPoolEnabled(k)) return false;
  return yield* dma_free_from_pool(k, t, f.cpu_addr, pagesOf(f.bytes) * PAGE_SIZE);
}

/** Alias or linear address: undone, encrypted, and back to where the pages came from. */
function* freeMemory(k: Kernel, t: Task, f: FreeFrame): Run {
  const remapped = is_vmalloc_addr(f.cpu_addr);
  if (k.config.patch(3)) {
    f.pool = yield* swiotlb_find_pool(k, t, f.dev, dma_to_phys(k, f.dma));
    if (f.pool !== 0) f.mark = false;
  }
  if (remapped) yield* vunmap(k, t, f.cpu_addr);
  else if (clearsUncached(k, f.dev)) yield* arch_dma_clear_uncached(k, t, f.cpu_addr, f.bytes);
  // Before 11 a remapped buffer is not encrypted, and else the CPU address is; from 11 the linear alias is.
  const linear = k.config.patch(11) ? phys_to_virt(dma_to_phys(k, f.dma)) : f.cpu_addr;
  if (f.mark && (k.config.patch(11) || !remapped)) {
    // A failure leaks the pages: nobody knows their state.
    if ((yield* dma_set_encrypted(k, t, f.dev, linear, f.bytes)) !== 0) return;
  }
  yield* freePages(k, t, f, dma_to_phys(k, f.dma));
}

/** CONFIG_ARCH_HAS_DMA_CLEAR_UNCACHED: where it is set, no device that a free sees here is coherent. */
function clearsUncached(k: Kernel, dev: number): boolean {
  return !deviceOf(k, dev).coherent && k.config.option('uncached') === 'uncached';
}

/** Slots of the pool that was found (from 3), else pages. */
function* freePages(k: Kernel, t: Task, f: { dev: number; bytes: number; pool: number }, phys: number): Run {
  if (!k.config.patch(3)) yield* __dma_direct_free_pages(k, t, f.dev, phys, f.bytes);
  else if (f.pool !== 0) yield* swiotlb_release_slots(k, t, f.dev, phys, f.pool);
  else yield* dma_free_contiguous(k, t, phys, f.bytes);
}

/**
 * `dma_direct_free_pages()`.
 *
 * @param page the page that the allocation returned, by its physical address
 */
export function* dma_direct_free_pages(k: Kernel, t: Task, dev: number, bytes: number, page: number): Run {
  const attrs = k.config.patch(4) && force_dma_unencrypted(k, dev) ? 'CC_SHARED' : '';
  const f = enter(t, {
    fn: 'dma_direct_free_pages',
    at: 0,
    dev,
    bytes,
    page,
    attrs,
    mark: true as boolean,
    pool: 0,
  });
  if (k.config.patch(4)) f.mark = wantsShared(k, f);
  if (coherentPoolEnabled(k)) {
    // Before 19 the pools were asked for the linear address, which with CONFIG_DMA_DIRECT_REMAP is no key of theirs.
    const owned = k.config.patch(19)
      ? yield* dma_free_from_pool_phys(k, t, f.page, f.bytes)
      : yield* dma_free_from_pool(k, t, phys_to_virt(f.page), f.bytes);
    // Before 15 it may be none: page_address() and page_to_phys() of it mean nothing.
    if (!isPhysRange(f.page)) k.fault('bad-page', f.page, 'a CPU address is taken for a struct page');
    if (owned) {
      leave(t);
      return;
    }
  }
  if (k.config.patch(3)) {
    f.pool = yield* swiotlb_find_pool(k, t, f.dev, f.page);
    if (f.pool !== 0) f.mark = false;
  }
  // A failure leaks the pages: nobody knows their state.
  if (!f.mark || (yield* dma_set_encrypted(k, t, f.dev, phys_to_virt(f.page), f.bytes)) === 0)
    yield* freePages(k, t, f, f.page);
  leave(t);
}
