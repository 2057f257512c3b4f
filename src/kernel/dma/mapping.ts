/**
 * The entry points of coherent memory (kernel/dma/mapping.c): dma_alloc_attrs, dma_free_attrs, dma_alloc_pages,
 * dma_free_pages. Each asks who serves the device: dma-direct, the IOMMU, or Xen. `dma_mmap_attrs()` is in `mmap.ts`.
 */
import { deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { isPhysRange, PAGE_SIZE } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { dma_common_alloc_pages, dma_common_free_pages } from './common-pages.ts';
import type { Coherent } from './direct-alloc.ts';
import { dma_direct_alloc } from './direct-alloc.ts';
import { dma_direct_alloc_pages } from './direct-alloc-pages.ts';
import { dma_direct_free, dma_direct_free_pages } from './direct-free.ts';
import { pagesOf } from './direct-pages.ts';
import { iommu_dma_alloc, iommu_dma_free } from './iommu-alloc.ts';
import { xen_swiotlb_alloc_coherent, xen_swiotlb_free_coherent } from './xen-alloc.ts';

/** Who serves the device (`get_dma_ops`, `use_dma_iommu`). Xen on Arm allocates coherent memory directly. */
function opsOf(k: Kernel, dev: number): 'direct' | 'iommu' | 'xen' {
  const { xen, iommu } = deviceOf(k, dev);
  if (xen) return k.config.fact('family') === 'x86' ? 'xen' : 'direct';
  return iommu ? 'iommu' : 'direct';
}

/**
 * `dma_alloc_attrs()`.
 *
 * @param bytes length
 * @param mayBlock the caller's gfp allows blocking
 * @param attrs see `attrs.ts`
 * @returns CPU address or cookie, and bus address; null when there is none
 */
export function* dma_alloc_attrs(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  mayBlock: boolean,
  attrs: string,
): Run<Coherent | null> {
  const f = enter(
    t,
    { fn: 'dma_alloc_attrs', at: 0, bytes, cpu_addr: 0, page: 0, dma: 0 },
    { dev, mayBlock, attrs },
  );
  const ops = opsOf(k, dev);
  let memory: Coherent | null;
  if (ops === 'iommu') memory = yield* iommu_dma_alloc(k, t, dev, bytes, mayBlock, attrs);
  else if (ops === 'xen') memory = yield* xen_swiotlb_alloc_coherent(k, t, dev, bytes, mayBlock);
  else memory = yield* dma_direct_alloc(k, t, dev, bytes, mayBlock, attrs);
  if (memory !== null) Object.assign(f, memory);
  yield at(f, 1, 'dma_alloc_attrs_ret', { result: f.cpu_addr === 0 ? f.page : f.cpu_addr, dma: f.dma });
  const { cpu_addr, page, dma } = f;
  leave(t, cpu_addr === 0 ? page : cpu_addr);
  return cpu_addr === 0 && page === 0 ? null : { cpu_addr, page, dma };
}

/** `dma_free_attrs()`. It warns when interrupts are off, and goes on. */
export function* dma_free_attrs(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  cpu_addr: number,
  dma: number,
  attrs: string,
): Run {
  const f = enter(t, { fn: 'dma_free_attrs', at: 0, dev, bytes, cpu_addr, dma, attrs });
  if (t.context === 'atomic') yield at(f, 1, 'WARN', { what: 'dma_free_attrs with interrupts off' });
  if (f.cpu_addr !== 0) {
    const ops = opsOf(k, f.dev);
    if (ops === 'iommu') yield* iommu_dma_free(k, t, f.dev, f.bytes, f.cpu_addr, f.dma);
    else if (ops === 'xen') yield* xen_swiotlb_free_coherent(k, t, f.dev, f.bytes, f.cpu_addr, f.dma);
    else yield* dma_direct_free(k, t, f.dev, f.bytes, f.cpu_addr, f.dma, f.attrs);
  }
  yield at(f, 2, 'dma_free_attrs_ret');
  leave(t);
}

/** `dma_alloc_pages()`, BIDIRECTIONAL: the page and its bus address; null when there is none. */
export function* dma_alloc_pages(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  mayBlock: boolean,
): Run<Coherent | null> {
  const size = pagesOf(bytes) * PAGE_SIZE;
  const f = enter(t, { fn: 'dma_alloc_pages', at: 0, bytes: size, page: 0, dma: 0 }, { dev, mayBlock });
  const { xen, iommu } = deviceOf(k, dev);
  const memory =
    xen || iommu
      ? yield* dma_common_alloc_pages(k, t, dev, size, mayBlock)
      : yield* dma_direct_alloc_pages(k, t, dev, size, mayBlock);
  if (memory !== null) {
    f.page = memory.page;
    f.dma = memory.dma;
  }
  yield at(f, 1, 'dma_alloc_pages_ret', { result: f.page, dma: f.dma });
  if (!isPhysRange(f.page)) k.fault('bad-page', f.page, 'a CPU address is handed out as a struct page');
  const { page, dma } = f;
  leave(t, page);
  return page === 0 ? null : { cpu_addr: 0, page, dma };
}

/** `dma_free_pages()`. Nothing warns here, whatever the context. */
export function* dma_free_pages(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  page: number,
  dma: number,
): Run {
  const f = enter(t, { fn: 'dma_free_pages', at: 0 }, { dev, bytes, page, dma });
  const { xen, iommu } = deviceOf(k, dev);
  const size = pagesOf(bytes) * PAGE_SIZE;
  if (xen || iommu) yield* dma_common_free_pages(k, t, dev, size, page, dma);
  else yield* dma_direct_free_pages(k, t, dev, size, page);
  yield at(f, 1, 'dma_free_pages_ret');
  leave(t);
}
