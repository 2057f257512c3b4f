/**
 * What the direct allocations and frees share: where pages come from and go to, and the conversions that ask
 * `force_dma_unencrypted()` (kernel/dma/direct.c). Here patches 3, 4, 11 and 12 act.
 */
import { set_memory_decrypted, set_memory_encrypted } from '../arch/set-memory.ts';
import { alloc_pages, dma_alloc_contiguous, dma_free_contiguous, free_pages, type GfpPages } from '../cma.ts';
import { deviceOf, dma_coherent_ok, force_dma_unencrypted, memOf, phys_to_dma } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, PageHighMem } from '../memory.ts';
import { get_order, type Zone } from '../page-alloc.ts';
import type { Run, Task } from '../task.ts';
import { enter, leave } from '../task.ts';
import { hasAttr } from './attrs.ts';
import { swiotlb_alloc, swiotlb_free } from './swiotlb-restricted.ts';

/** `is_swiotlb_for_alloc()`: coherent memory of the device comes from its restricted pool. */
export function is_swiotlb_for_alloc(k: Kernel, dev: number): boolean {
  return k.config.option('restrictedPool') && memOf(k, dev).for_alloc;
}

/** Bits of the smaller non-zero of coherent mask and bus limit. */
function limitBits(k: Kernel, dev: number): number {
  const { coherent_mask_bits, bus_limit_bits } = deviceOf(k, dev);
  return bus_limit_bits === 0 ? coherent_mask_bits : Math.min(coherent_mask_bits, bus_limit_bits);
}

/** `dma_direct_optimal_gfp_mask()`: the zone that the address limit falls into. */
export function optimalZone(k: Kernel, dev: number): Zone {
  const bits = limitBits(k, dev);
  return bits <= 24 ? 'dma' : bits <= 32 ? 'dma32' : 'normal';
}

/**
 * Must the memory of this request be shared? Before 4 each step asks the device anew; from 4 the answer was
 * asked on entry and stands in the attributes.
 */
export function wantsShared(k: Kernel, f: { readonly dev: number; readonly attrs: string }): boolean {
  return k.config.patch(4) ? hasAttr(f.attrs, 'CC_SHARED') : force_dma_unencrypted(k, f.dev);
}

/** `phys_to_dma_direct()`: encoded as force says; from patch 12 as the caller says. */
export function phys_to_dma_direct(k: Kernel, dev: number, phys: number, shared: boolean): number {
  return phys_to_dma(k, phys, k.config.patch(12) ? shared : force_dma_unencrypted(k, dev));
}

/** `PFN_UP()`. */
export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE);
}

/** `dma_set_decrypted()`: 0 or a negative errno. Before 12 it asks force itself, from 12 its callers decide. */
export function* dma_set_decrypted(
  k: Kernel,
  t: Task,
  dev: number,
  vaddr: number,
  bytes: number,
): Run<number> {
  if (!k.config.patch(12) && !force_dma_unencrypted(k, dev)) return 0;
  return yield* set_memory_decrypted(k, t, vaddr, pagesOf(bytes));
}

/** `dma_set_encrypted()`: likewise. A failure makes the caller leak the pages. */
export function* dma_set_encrypted(
  k: Kernel,
  t: Task,
  dev: number,
  vaddr: number,
  bytes: number,
): Run<number> {
  if (!k.config.patch(12) && !force_dma_unencrypted(k, dev)) return 0;
  return yield* set_memory_encrypted(k, t, vaddr, pagesOf(bytes));
}

/** `dma_direct_alloc_swiotlb()`: slots of the restricted pool that the device can reach; physical address, 0. */
export function* dma_direct_alloc_swiotlb(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  shared: boolean,
): Run<number> {
  const f = enter(t, { fn: 'dma_direct_alloc_swiotlb', at: 0, dev, bytes, phys: 0 });
  f.phys = yield* swiotlb_alloc(k, t, f.dev, f.bytes, shared);
  if (f.phys !== 0 && !dma_coherent_ok(k, f.dev, f.phys, f.bytes)) {
    yield* swiotlb_free(k, t, f.dev, f.phys, f.bytes);
    f.phys = 0;
  }
  const { phys } = f;
  leave(t);
  return phys;
}

/**
 * `__dma_direct_alloc_pages()`: CMA, then the page allocator in the zone of the address limit; a page that the
 * device cannot reach is given back and the next lower zone tried. Physical address, 0 when there is none.
 * Before 3 a restricted pool is asked here, and nothing else is.
 *
 * @param bytes a multiple of the page size
 * @param highmem a page without a linear address will do (only CMA has such)
 */
export function* __dma_direct_alloc_pages(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  mayBlock: boolean,
  highmem: boolean,
): Run<number> {
  if (!k.config.patch(3) && is_swiotlb_for_alloc(k, dev))
    return yield* dma_direct_alloc_swiotlb(k, t, dev, bytes, force_dma_unencrypted(k, dev));
  const f = enter(t, {
    fn: '__dma_direct_alloc_pages',
    at: 0,
    dev,
    bytes,
    mayBlock,
    highmem,
    zone: optimalZone(k, dev) as Zone | null,
    phys: 0,
  });
  f.phys = yield* dma_alloc_contiguous(k, t, f.bytes, f.mayBlock);
  if (f.phys !== 0 && !usable(k, f)) {
    yield* dma_free_contiguous(k, t, f.phys, f.bytes);
    f.phys = 0;
  }
  while (f.phys === 0 && f.zone !== null) {
    const gfp: GfpPages = { mayBlock: f.mayBlock, zone: f.zone };
    f.phys = yield* alloc_pages(k, t, get_order(f.bytes), gfp);
    if (f.phys === 0) break;
    if (dma_coherent_ok(k, f.dev, f.phys, f.bytes)) break;
    yield* free_pages(k, t, f.phys, get_order(f.bytes));
    f.phys = 0;
    f.zone = lowerZone(k, f.dev, f.zone);
  }
  const { phys } = f;
  leave(t);
  return phys;
}

/** Will the pages from CMA do? */
function usable(
  k: Kernel,
  f: { readonly dev: number; readonly bytes: number; readonly highmem: boolean; readonly phys: number },
): boolean {
  if (!dma_coherent_ok(k, f.dev, f.phys, f.bytes)) return false;
  return f.highmem || !PageHighMem(k.state.memory, f.phys);
}

/** The zone to try next; null: there is none. Both low zones are taken to be configured. */
function lowerZone(k: Kernel, dev: number, zone: Zone): Zone | null {
  if (zone === 'normal' && limitBits(k, dev) < 64) return 'dma32';
  return zone === 'dma' ? null : 'dma';
}

/**
 * `__dma_direct_free_pages()`: the restricted pool is asked first (only a kernel with restricted pools has the
 * question), then CMA, then the page allocator.
 */
export function* __dma_direct_free_pages(k: Kernel, t: Task, dev: number, phys: number, bytes: number): Run {
  const f = enter(t, { fn: '__dma_direct_free_pages', at: 0, dev, phys, bytes });
  if (!k.config.option('restrictedPool') || !(yield* swiotlb_free(k, t, f.dev, f.phys, f.bytes)))
    yield* dma_free_contiguous(k, t, f.phys, f.bytes);
  leave(t);
}
