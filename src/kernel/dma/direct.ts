/**
 * dma-direct: streaming map and unmap of a device without an IOMMU (kernel/dma/mapping.c,
 * kernel/dma/direct.c).
 *
 * Patch 10 does not act yet: every mapping bounces, as under SWIOTLB_FORCE. A mapping of a trusted device,
 * which from 10 on goes direct, therefore fails from 7 on, where the pool's state is compared.
 */
import { dma_to_phys } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import type { MapRequest } from './swiotlb.ts';
import { swiotlb_map, swiotlb_sync_single_for_cpu, swiotlb_tbl_unmap_single } from './swiotlb.ts';
import { swiotlb_find_pool } from './swiotlb-find.ts';

/** `dma_map_phys()`, BIDIRECTIONAL: bus address, or DMA_MAPPING_ERROR. */
export function* dma_map_phys(k: Kernel, t: Task, what: MapRequest): Run<number> {
  const f = enter(t, { fn: 'dma_map_phys', at: 0, dma: 0 });
  f.dma = yield* swiotlb_map(k, t, what);
  yield at(f, 1, 'dma_map_phys_ret', { result: f.dma });
  leave(t);
  return f.dma;
}

/** `dma_unmap_phys()`, BIDIRECTIONAL: copy out, then look the pool up again and give the slots back. */
export function* dma_unmap_phys(k: Kernel, t: Task, dma: number, bytes: number): Run {
  const f = enter(t, { fn: 'dma_unmap_phys', at: 0, paddr: dma_to_phys(k, dma), bytes, pool: 0 });
  yield* swiotlb_sync_single_for_cpu(k, t, f.paddr, f.bytes);
  f.pool = yield* swiotlb_find_pool(k, t, f.paddr);
  if (f.pool !== 0) yield* swiotlb_tbl_unmap_single(k, t, f.paddr, f.pool);
  f.pool = 0;
  yield at(f, 1, 'dma_unmap_phys_ret');
  leave(t);
}
