/**
 * dma_direct_alloc: coherent memory of a device without an IOMMU (kernel/dma/direct.c). Here patches 3, 4, 8, 11
 * and 12 act; `direct-alloc-pages.ts` has the smaller one.
 */
import { deviceOf, force_dma_unencrypted } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, PageHighMem, phys_to_virt } from '../memory.ts';
import type { Frame, Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import { framesOf, vmap, vunmap } from '../vmap.ts';
import { arch_dma_alloc, arch_dma_set_uncached } from './arch-dma.ts';
import { hasAttr, withAttr } from './attrs.ts';
import { dma_alloc_from_global_coherent } from './coherent.ts';
import {
  __dma_direct_alloc_pages,
  __dma_direct_free_pages,
  dma_direct_alloc_swiotlb,
  dma_set_decrypted,
  dma_set_encrypted,
  is_swiotlb_for_alloc,
  optimalZone,
  pagesOf,
  phys_to_dma_direct,
  wantsShared,
} from './direct-pages.ts';
import { dma_pgprot } from './pgprot.ts';
import type { PoolMemory } from './pool.ts';
import { coherentPoolEnabled, dma_alloc_from_pool } from './pool.ts';

/** What an allocation hands out. A `struct page *` is told by the physical address of the page. */
export interface Coherent {
  /** CPU address; 0: there is none, and the page is the cookie. */
  readonly cpu_addr: number;
  /** The page; 0: the caller is not told. */
  readonly page: number;
  readonly dma: number;
}

interface AllocFrame extends Frame {
  readonly dev: number;
  /** A multiple of the page size. */
  readonly bytes: number;
  readonly mayBlock: boolean;
  attrs: string;
  remap: boolean;
  uncached: boolean;
  /** `mark_mem_decrypt`: from 3, the pages are not slots of a restricted pool; from 4, and forced on entry. */
  mark: boolean;
  /** Physical address of the memory. */
  phys: number;
  /** CPU address. */
  ret: number;
}

/**
 * `dma_direct_alloc()`.
 *
 * @param bytes length; rounded up to pages
 * @param attrs attributes of the caller, see `attrs.ts`
 * @returns the memory, or null
 */
export function* dma_direct_alloc(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  mayBlock: boolean,
  attrs: string,
): Run<Coherent | null> {
  const f: AllocFrame = enter(t, {
    fn: 'dma_direct_alloc',
    at: 0,
    dev,
    bytes: pagesOf(bytes) * PAGE_SIZE,
    mayBlock,
    attrs,
    remap: false as boolean,
    uncached: false as boolean,
    mark: true as boolean,
    phys: 0,
    ret: 0,
  });
  const memory = yield* allocate(k, t, f);
  leave(t, memory === null ? 0 : memory.cpu_addr === 0 ? memory.page : memory.cpu_addr);
  return memory;
}

function* allocate(k: Kernel, t: Task, f: AllocFrame): Run<Coherent | null> {
  if (k.config.patch(4)) {
    if (hasAttr(f.attrs, 'CC_SHARED')) return null;
    f.mark = force_dma_unencrypted(k, f.dev);
    if (f.mark) f.attrs = withAttr(f.attrs, 'CC_SHARED');
  }
  const restricted = is_swiotlb_for_alloc(k, f.dev);
  if (hasAttr(f.attrs, 'NO_KERNEL_MAPPING') && !wantsShared(k, f) && !restricted)
    return yield* dma_direct_alloc_no_mapping(k, t, f);
  if (!deviceOf(k, f.dev).coherent) {
    const how = k.config.option('uncached');
    if (how === 'arch' && !restricted) return yield* arch_dma_alloc(k, t, f.bytes, f.mayBlock);
    if (how === 'global') return yield* dma_alloc_from_global_coherent(k, t, f.bytes);
    f.uncached = how === 'uncached';
    f.remap = k.config.fact('dmaDirectRemap');
    if (!f.uncached && !f.remap) {
      yield at(f, 1, 'WARN', { what: 'coherent DMA allocations not supported on this platform' });
      return null;
    }
  }
  if ((f.remap || wantsShared(k, f)) && !f.mayBlock && !restricted) {
    const piece = yield* dma_direct_alloc_from_pool(k, t, f.dev, f.bytes, wantsShared(k, f));
    if (piece === null) return null;
    const dma = phys_to_dma_direct(k, f.dev, piece.phys, wantsShared(k, f));
    return { cpu_addr: piece.vaddr, page: 0, dma };
  }
  if (k.config.patch(3) && restricted) {
    f.phys = yield* dma_direct_alloc_swiotlb(k, t, f.dev, f.bytes, wantsShared(k, f));
    f.mark = false;
  } else {
    const highmem = !(k.config.patch(11) && wantsShared(k, f));
    f.phys = yield* __dma_direct_alloc_pages(k, t, f.dev, f.bytes, f.mayBlock, highmem);
  }
  if (f.phys === 0) return null;
  if (PageHighMem(k.state.memory, f.phys)) {
    f.remap = true;
    f.uncached = false;
  }
  return yield* setUp(k, t, f);
}

/** `dma_direct_alloc_no_mapping()`: pages as they are, the page pointer as an opaque cookie; always private. */
function* dma_direct_alloc_no_mapping(k: Kernel, t: Task, f: AllocFrame): Run<Coherent | null> {
  f.phys = yield* __dma_direct_alloc_pages(k, t, f.dev, f.bytes, f.mayBlock, true);
  if (f.phys === 0) return null;
  return { cpu_addr: 0, page: f.phys, dma: phys_to_dma_direct(k, f.dev, f.phys, false) };
}

/** `dma_direct_alloc_from_pool()`: null, with a warning, in a kernel without atomic pools. */
export function* dma_direct_alloc_from_pool(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  shared: boolean,
): Run<PoolMemory | null> {
  if (coherentPoolEnabled(k))
    return yield* dma_alloc_from_pool(k, t, dev, bytes, shared, optimalZone(k, dev));
  const f = enter(t, { fn: 'dma_direct_alloc_from_pool', at: 0 });
  yield at(f, 1, 'WARN', { what: 'no atomic pools (CONFIG_DMA_COHERENT_POOL)' });
  leave(t);
  return null;
}

/** Conversion, remap, zeroing, uncached mapping and address, and their undoing in reverse. */
function* setUp(k: Kernel, t: Task, f: AllocFrame): Run<Coherent | null> {
  // From 11 the linear alias is converted whether the memory is remapped or not; before, instead of it.
  if (f.mark && (k.config.patch(11) || !f.remap)) {
    // A failure leaks the pages: nobody knows their state.
    if ((yield* dma_set_decrypted(k, t, f.dev, phys_to_virt(f.phys), f.bytes)) !== 0) return null;
  }
  f.ret = phys_to_virt(f.phys);
  if (f.remap) {
    const prot = dma_pgprot(k, f.attrs, force_dma_unencrypted(k, f.dev));
    f.ret = yield* vmap(k, t, framesOf(f.phys, pagesOf(f.bytes)), prot);
    if (f.ret === 0) {
      if (k.config.patch(11)) yield* out_encrypt_pages(k, t, f);
      else yield* __dma_direct_free_pages(k, t, f.dev, f.phys, f.bytes);
      return null;
    }
  }
  yield at(f, 2, 'memset', { vaddr: f.ret, bytes: f.bytes });
  zero(k, f.ret, f.bytes);
  if (f.uncached) {
    const mapped = yield* arch_dma_set_uncached(k, t, f.ret, f.bytes);
    if (mapped === 0) {
      // Before 11 the alias is lost here.
      if (f.remap && k.config.patch(11)) yield* vunmap(k, t, f.ret);
      f.ret = 0;
      yield* out_encrypt_pages(k, t, f);
      return null;
    }
    f.ret = mapped;
  }
  return { cpu_addr: f.ret, page: 0, dma: phys_to_dma_direct(k, f.dev, f.phys, wantsShared(k, f)) };
}

/** The label `out_encrypt_pages`: private again, or leaked, then freed. */
function* out_encrypt_pages(k: Kernel, t: Task, f: AllocFrame): Run {
  if (f.mark && (yield* dma_set_encrypted(k, t, f.dev, phys_to_virt(f.phys), f.bytes)) !== 0) return;
  yield* __dma_direct_free_pages(k, t, f.dev, f.phys, f.bytes);
}
