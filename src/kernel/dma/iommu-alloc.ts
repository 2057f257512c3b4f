/**
 * Coherent memory behind an IOMMU: iommu_dma_alloc, iommu_dma_free (drivers/iommu/dma-iommu.c). Nothing here
 * converts memory, or asks whether the device is forced. Here patches 5, 8 and 16 act.
 */
import { alloc_pages, dma_alloc_contiguous, dma_free_contiguous } from '../cma.ts';
import { DMA_MAPPING_ERROR, deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, PageHighMem, phys_to_virt, translate, virt_to_phys } from '../memory.ts';
import { get_order } from '../page-alloc.ts';
import type { Frame, Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import { findAlias, framesOf, is_vmalloc_addr, type Prot, vmap, vunmap } from '../vmap.ts';
import { hasAttr } from './attrs.ts';
import type { Coherent } from './direct-alloc.ts';
import { pagesOf } from './direct-pages.ts';
import { coherentBits, iommu_map, iommu_unmap } from './iommu-domain.ts';
import { freeScattered, iommu_dma_alloc_remap } from './iommu-remap.ts';
import { dma_pgprot } from './pgprot.ts';
import { dma_alloc_from_pool, dma_free_from_pool } from './pool.ts';

interface PagesFrame extends Frame {
  readonly bytes: number;
  readonly prot: Prot;
  phys: number;
  vaddr: number;
}

/** `iommu_dma_alloc_pages()`: contiguous pages, under an alias when they have no coherent linear address. */
function* iommu_dma_alloc_pages(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  mayBlock: boolean,
  attrs: string,
): Run<{ phys: number; vaddr: number } | null> {
  const prot = dma_pgprot(k, attrs, false);
  const f: PagesFrame = enter(t, {
    fn: 'iommu_dma_alloc_pages',
    at: 0,
    dev,
    bytes,
    mayBlock,
    prot,
    phys: 0,
    vaddr: 0,
  });
  f.phys = yield* dma_alloc_contiguous(k, t, f.bytes, mayBlock);
  if (f.phys === 0) f.phys = yield* alloc_pages(k, t, get_order(f.bytes), { mayBlock, zone: 'normal' });
  if (f.phys !== 0) {
    if (!deviceOf(k, dev).coherent || PageHighMem(k.state.memory, f.phys))
      f.vaddr = yield* vmap(k, t, framesOf(f.phys, pagesOf(f.bytes)), f.prot);
    else f.vaddr = phys_to_virt(f.phys);
    if (f.vaddr === 0) yield* dma_free_contiguous(k, t, f.phys, f.bytes);
  }
  if (f.vaddr !== 0) {
    yield at(f, 1, 'memset', { vaddr: f.vaddr, bytes: f.bytes });
    zero(k, f.vaddr, f.bytes);
  }
  const { phys, vaddr } = f;
  leave(t);
  return vaddr === 0 ? null : { phys, vaddr };
}

/** What an unwritten `cpu_addr` holds, when it is not zero: an address that nothing has. */
export const GARBAGE = 0x0bad_0000;

interface IommuAllocFrame extends Frame {
  readonly dev: number;
  readonly bytes: number;
  readonly mayBlock: boolean;
  readonly attrs: string;
  cpu_addr: number;
  /** Physical address of the page; -1: the page pointer is NULL. */
  phys: number;
  dma: number;
}

/**
 * `iommu_dma_alloc()`: a request that may block gets scattered pages (unless it wants them contiguous); one that
 * may not, of a device that is not coherent, memory from the atomic pools, whose address nobody checks; all
 * others contiguous pages.
 *
 * Before 16 the success of the pool is judged by a CPU address that is written on success only: what an
 * unwritten one holds is a choice, and when it is not zero, a NULL page is mapped.
 */
export function* iommu_dma_alloc(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  mayBlock: boolean,
  attrs: string,
): Run<Coherent | null> {
  if (mayBlock && !hasAttr(attrs, 'FORCE_CONTIGUOUS'))
    return yield* iommu_dma_alloc_remap(k, t, dev, bytes, attrs);
  const f: IommuAllocFrame = enter(t, {
    fn: 'iommu_dma_alloc',
    at: 0,
    dev,
    bytes: pagesOf(bytes) * PAGE_SIZE,
    mayBlock,
    attrs,
    cpu_addr: 0,
    phys: -1,
    dma: DMA_MAPPING_ERROR as number,
  });
  yield* contiguous(k, t, f);
  if (f.cpu_addr !== 0) {
    // A NULL page has no physical address; its frame number is far from all memory.
    if (f.phys < 0) k.fault('bad-page', 0, 'page_to_phys of a NULL page');
    const frames = framesOf(Math.max(f.phys, 0), pagesOf(f.bytes));
    f.dma = yield* iommu_map(k, t, f.dev, frames, 0, coherentBits(k, f.dev), false);
    if (f.dma === DMA_MAPPING_ERROR) {
      yield* __iommu_dma_free(k, t, f.bytes, f.cpu_addr);
      f.cpu_addr = 0;
    }
  }
  const { cpu_addr, dma } = f;
  leave(t);
  return cpu_addr === 0 ? null : { cpu_addr, page: 0, dma };
}

function* contiguous(k: Kernel, t: Task, f: IommuAllocFrame): Run {
  const fromPool = k.config.fact('dmaDirectRemap') && !f.mayBlock && !deviceOf(k, f.dev).coherent;
  const piece = fromPool
    ? yield* dma_alloc_from_pool(k, t, f.dev, f.bytes, hasAttr(f.attrs, 'CC_SHARED'), 'normal', false)
    : yield* iommu_dma_alloc_pages(k, t, f.dev, f.bytes, f.mayBlock, f.attrs);
  if (piece !== null) {
    f.phys = piece.phys;
    f.cpu_addr = piece.vaddr;
  } else if (
    !k.config.patch(16) &&
    k.config.fact('dmaDirectRemap') &&
    !f.mayBlock &&
    !deviceOf(k, f.dev).coherent
  ) {
    const zeroed = yield atChoice(f, 1, 'uninitialised', ANY_ANSWER, { variable: 'cpu_addr' });
    f.cpu_addr = zeroed === 'ok' ? 0 : GARBAGE;
  }
}

/** `iommu_dma_free()`. */
export function* iommu_dma_free(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  cpu_addr: number,
  dma: number,
): Run {
  const f = enter(t, { fn: 'iommu_dma_free', at: 0, bytes, cpu_addr });
  yield* iommu_unmap(k, t, dev, dma);
  yield* __iommu_dma_free(k, t, f.bytes, f.cpu_addr);
  leave(t);
}

/** `__iommu_dma_free()`: atomic pool by CPU address (with REMAP), an alias with its pages, or linear pages. */
function* __iommu_dma_free(k: Kernel, t: Task, bytes: number, cpu_addr: number): Run {
  const size = pagesOf(bytes) * PAGE_SIZE;
  const f = enter(t, {
    fn: '__iommu_dma_free',
    at: 0,
    bytes: size,
    cpu_addr,
    phys: -1,
    array: 0,
    frames: [] as readonly number[],
  });
  if (!k.config.fact('dmaDirectRemap') || !(yield* dma_free_from_pool(k, t, f.cpu_addr, f.bytes))) {
    if (is_vmalloc_addr(f.cpu_addr)) {
      const alias = findAlias(k, f.cpu_addr);
      f.array = alias?.array ?? 0;
      if (f.array !== 0) f.frames = alias!.frames;
      else f.phys = translate(k.state.memory, f.cpu_addr)?.phys ?? -1;
      yield* vunmap(k, t, f.cpu_addr);
    } else f.phys = virt_to_phys(f.cpu_addr);
    if (f.array !== 0) yield* freeScattered(k, t, f);
    if (f.phys !== -1) yield* dma_free_contiguous(k, t, f.phys, f.bytes);
  }
  leave(t);
}
