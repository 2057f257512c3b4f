/**
 * Sync of a mapping behind an IOMMU (drivers/iommu/dma-iommu.c: iommu_dma_sync_single_for_cpu and _for_device). A
 * coherent device that cannot have bounced is left alone.
 */
import { deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { enter, leave } from '../task.ts';
import { arch_sync_dma_for_cpu, arch_sync_dma_for_device } from './arch-sync.ts';
import { iommu_iova_to_phys } from './iommu-domain.ts';
import { dma_kmalloc_needs_bounce } from './kmalloc.ts';
import type { SyncRequest } from './request.ts';
import { swiotlb_sync_single_for_cpu, swiotlb_sync_single_for_device } from './swiotlb-unmap.ts';

/** `dev_use_swiotlb()`: mappings of the device may bounce. */
function dev_use_swiotlb(k: Kernel, { dev, bytes, dir }: SyncRequest): boolean {
  return deviceOf(k, dev).external || dma_kmalloc_needs_bounce(k, dev, bytes, dir);
}

/** `iommu_dma_sync_single_for_cpu()`. */
export function* iommu_dma_sync_single_for_cpu(k: Kernel, t: Task, what: SyncRequest): Run {
  const { dev, bytes, dir } = what;
  const { coherent } = deviceOf(k, dev);
  if (coherent && !dev_use_swiotlb(k, what)) return;
  const phys = iommu_iova_to_phys(k, dev, what.dma);
  if (!coherent) arch_sync_dma_for_cpu(k, phys, bytes, dir);
  yield* swiotlb_sync_single_for_cpu(k, t, dev, phys, bytes, dir);
}

/** `iommu_dma_sync_single_for_device()`. */
export function* iommu_dma_sync_single_for_device(k: Kernel, t: Task, what: SyncRequest): Run {
  const { dev, bytes, dir } = what;
  if (deviceOf(k, dev).coherent && !dev_use_swiotlb(k, what)) return;
  const paddr = iommu_iova_to_phys(k, dev, what.dma);
  const f = enter(t, { fn: 'iommu_dma_sync_single_for_device', at: 0, dev, paddr, bytes });
  yield* swiotlb_sync_single_for_device(k, t, f.dev, f.paddr, f.bytes, dir);
  if (!deviceOf(k, f.dev).coherent) arch_sync_dma_for_device(k, f.paddr, f.bytes);
  leave(t);
}
