/**
 * dma_alloc_pages of a device that is not served directly: dma_common_alloc_pages, dma_common_free_pages
 * (kernel/dma/ops_helpers.c). Pages, mapped like a streaming buffer without a sync; nothing is converted.
 */
import { alloc_pages, dma_alloc_contiguous, dma_free_contiguous } from '../cma.ts';
import { DMA_MAPPING_ERROR, deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { phys_to_virt } from '../memory.ts';
import { get_order } from '../page-alloc.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import type { Coherent } from './direct-alloc.ts';
import { iommu_dma_map_phys, iommu_dma_unmap_phys } from './iommu.ts';
import { xen_swiotlb_map_phys, xen_swiotlb_unmap_phys } from './xen.ts';

/** `dma_common_alloc_pages()`. @param bytes a multiple of the page size */
export function* dma_common_alloc_pages(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  mayBlock: boolean,
): Run<Coherent | null> {
  const f = enter(t, { fn: 'dma_common_alloc_pages', at: 0, dev, bytes, mayBlock, phys: 0, dma: 0 });
  f.phys = yield* dma_alloc_contiguous(k, t, f.bytes, f.mayBlock);
  if (f.phys === 0)
    f.phys = yield* alloc_pages(k, t, get_order(f.bytes), { mayBlock: f.mayBlock, zone: 'normal' });
  if (f.phys !== 0) {
    const map = deviceOf(k, f.dev).xen ? xen_swiotlb_map_phys : iommu_dma_map_phys;
    f.dma = yield* map(k, t, f.dev, f.phys, f.bytes, 'BIDIRECTIONAL', 'SKIP_CPU_SYNC');
    if (f.dma === DMA_MAPPING_ERROR) {
      yield* dma_free_contiguous(k, t, f.phys, f.bytes);
      f.phys = 0;
    } else {
      yield at(f, 1, 'memset', { vaddr: phys_to_virt(f.phys), bytes: f.bytes });
      zero(k, phys_to_virt(f.phys), f.bytes);
    }
  }
  const { phys, dma } = f;
  leave(t);
  return phys === 0 ? null : { cpu_addr: 0, page: phys, dma };
}

/** `dma_common_free_pages()`. */
export function* dma_common_free_pages(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  page: number,
  dma: number,
): Run {
  const f = enter(t, { fn: 'dma_common_free_pages', at: 0, dev, bytes, page, dma });
  const unmap = deviceOf(k, f.dev).xen ? xen_swiotlb_unmap_phys : iommu_dma_unmap_phys;
  yield* unmap(k, t, f.dev, f.dma, f.bytes, 'BIDIRECTIONAL', 'SKIP_CPU_SYNC');
  yield* dma_free_contiguous(k, t, f.page, f.bytes);
  leave(t);
}
