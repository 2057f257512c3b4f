/**
 * Coherent memory of a Xen guest on x86: xen_swiotlb_alloc_coherent, xen_swiotlb_free_coherent
 * (drivers/xen/swiotlb-xen.c). Pages from the page allocator; where the device cannot reach them, Xen exchanges
 * their machine memory, which gives the range an address of its own that the device's accesses are translated
 * by. Nothing is converted: no Xen guest that uses this has encrypted memory.
 */
import { alloc_pages, free_pages } from '../cma.ts';
import { DMA_MAPPING_ERROR, deviceOf, phys_to_dma } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt, virt_to_phys } from '../memory.ts';
import { get_order } from '../page-alloc.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import { framesOf } from '../vmap.ts';
import type { Coherent } from './direct-alloc.ts';
import { pagesOf } from './direct-pages.ts';
import { iommu_map, iommu_unmap, iommuMappingAt } from './iommu-domain.ts';

/** `xen_swiotlb_alloc_coherent()`: null when there is no memory, or Xen has none that the device can reach. */
export function* xen_swiotlb_alloc_coherent(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  mayBlock: boolean,
): Run<Coherent | null> {
  const size = pagesOf(bytes) * PAGE_SIZE;
  const f = enter(t, { fn: 'xen_swiotlb_alloc_coherent', at: 0, dev, size, mayBlock, phys: 0, dma: 0 });
  f.phys = yield* alloc_pages(k, t, get_order(f.size), { mayBlock: f.mayBlock, zone: 'normal' });
  if (f.phys !== 0) {
    const bits = deviceOf(k, f.dev).coherent_mask_bits;
    // xen_phys_to_dma(): never encoded as shared.
    f.dma = phys_to_dma(k, f.phys, false);
    if (f.dma + f.size - 1 >= 2 ** bits) {
      // xen_create_contiguous_region()
      f.dma = yield* iommu_map(k, t, f.dev, framesOf(f.phys, pagesOf(f.size)), 0, bits, false);
      if (f.dma === DMA_MAPPING_ERROR) {
        yield* free_pages(k, t, f.phys, get_order(f.size));
        f.phys = 0;
      }
    }
  }
  if (f.phys !== 0) {
    yield at(f, 1, 'memset', { vaddr: phys_to_virt(f.phys), bytes: f.size });
    zero(k, phys_to_virt(f.phys), f.size);
  }
  const { phys, dma } = f;
  leave(t);
  return phys === 0 ? null : { cpu_addr: phys_to_virt(phys), page: 0, dma };
}

/** `xen_swiotlb_free_coherent()`: an exchange is undone first. */
export function* xen_swiotlb_free_coherent(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  cpu_addr: number,
  dma: number,
): Run {
  const f = enter(t, { fn: 'xen_swiotlb_free_coherent', at: 0, bytes, cpu_addr });
  // xen_destroy_contiguous_region()
  if (iommuMappingAt(k, dev, dma) !== null) yield* iommu_unmap(k, t, dev, dma);
  yield* free_pages(k, t, virt_to_phys(f.cpu_addr), get_order(f.bytes));
  leave(t);
}
