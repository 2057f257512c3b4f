/**
 * The entry points of streaming mappings (kernel/dma/mapping.c: dma_map_phys, dma_unmap_phys,
 * dma_sync_single_for_cpu and _for_device, dma_max_mapping_size). Each asks who serves the device: dma-direct, the
 * IOMMU, or Xen.
 *
 * `dma_sync_single_*()` of the kernel return at once for a coherent device that has not bounced since its mask was
 * set (`dma_dev_need_sync()`): nothing would happen further down either, so that shortcut is left out.
 */
import { DMA_MAPPING_ERROR, deviceOf, dma_to_phys } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { hasAttr } from './attrs.ts';
import {
  dma_direct_map_phys,
  dma_direct_max_mapping_size,
  dma_direct_sync_single_for_cpu,
  dma_direct_sync_single_for_device,
  dma_direct_unmap_phys,
} from './direct.ts';
import { iommu_dma_map_phys, iommu_dma_unmap_phys } from './iommu.ts';
import { iommu_dma_sync_single_for_cpu, iommu_dma_sync_single_for_device } from './iommu-sync.ts';
import type { MapRequest, SyncRequest, UnmapRequest } from './request.ts';
import { swiotlb_max_mapping_size } from './swiotlb.ts';
import {
  xen_swiotlb_map_phys,
  xen_swiotlb_sync_single_for_cpu,
  xen_swiotlb_sync_single_for_device,
  xen_swiotlb_unmap_phys,
} from './xen.ts';

/** Who serves the streaming mappings of a device (`dma_map_direct`, `use_dma_iommu`, `get_dma_ops`). */
export function streamingOps(k: Kernel, dev: number): 'direct' | 'iommu' | 'xen' {
  const { xen, iommu } = deviceOf(k, dev);
  return xen ? 'xen' : iommu ? 'iommu' : 'direct';
}

/** The layer below `dma_map_phys()` and `dma_map_sg_attrs()`. */
export function mapWith(k: Kernel, t: Task, what: MapRequest): Run<number> {
  const ops = streamingOps(k, what.dev);
  if (ops === 'direct') return dma_direct_map_phys(k, t, what);
  const { dev, phys, bytes, dir, attrs } = what;
  return (ops === 'xen' ? xen_swiotlb_map_phys : iommu_dma_map_phys)(k, t, dev, phys, bytes, dir, attrs);
}

/** The layer below `dma_unmap_phys()` and `dma_unmap_sg_attrs()`. */
export function unmapWith(k: Kernel, t: Task, what: UnmapRequest): Run {
  const ops = streamingOps(k, what.dev);
  if (ops === 'direct') return dma_direct_unmap_phys(k, t, what);
  const { dev, dma, bytes, dir, attrs } = what;
  return (ops === 'xen' ? xen_swiotlb_unmap_phys : iommu_dma_unmap_phys)(k, t, dev, dma, bytes, dir, attrs);
}

/** The layer below `dma_sync_single_for_cpu()`, `dma_sync_single_for_device()` and the same of lists. */
export function syncWith(k: Kernel, t: Task, what: SyncRequest, side: 'cpu' | 'device'): Run {
  const ops = streamingOps(k, what.dev);
  if (side === 'cpu') {
    if (ops === 'iommu') return iommu_dma_sync_single_for_cpu(k, t, what);
    return ops === 'xen'
      ? xen_swiotlb_sync_single_for_cpu(k, t, what)
      : dma_direct_sync_single_for_cpu(k, t, what);
  }
  if (ops === 'iommu') return iommu_dma_sync_single_for_device(k, t, what);
  return ops === 'xen'
    ? xen_swiotlb_sync_single_for_device(k, t, what)
    : dma_direct_sync_single_for_device(k, t, what);
}

/** Refused before anybody is asked: REQUIRE_COHERENT of a device that is not coherent. */
export function refusesCoherent(k: Kernel, dev: number, attrs: string): boolean {
  return hasAttr(attrs, 'REQUIRE_COHERENT') && !deviceOf(k, dev).coherent;
}

/**
 * `dma_map_phys()`: bus address, or DMA_MAPPING_ERROR. CC_SHARED is for dma-direct only: of any other device it is
 * an error.
 */
export function* dma_map_phys(k: Kernel, t: Task, what: MapRequest): Run<number> {
  const f = enter(t, { fn: 'dma_map_phys', at: 0, dma: DMA_MAPPING_ERROR }, { ...what });
  const indirect = hasAttr(what.attrs, 'CC_SHARED') && streamingOps(k, what.dev) !== 'direct';
  if (!indirect && !refusesCoherent(k, what.dev, what.attrs)) f.dma = yield* mapWith(k, t, what);
  yield at(f, 1, 'dma_map_phys_ret', { result: f.dma });
  leave(t, f.dma);
  return f.dma;
}

/** `dma_unmap_phys()`. CC_SHARED of a device that is not direct was never mapped, and is passed over. */
export function* dma_unmap_phys(k: Kernel, t: Task, what: UnmapRequest): Run {
  const f = enter(t, { fn: 'dma_unmap_phys', at: 0, paddr: dma_to_phys(k, what.dma) }, { ...what });
  if (!hasAttr(what.attrs, 'CC_SHARED') || streamingOps(k, what.dev) === 'direct')
    yield* unmapWith(k, t, what);
  yield at(f, 1, 'dma_unmap_phys_ret');
  leave(t);
}

/**
 * `dma_max_mapping_size()`: bytes, Infinity when nothing limits them. Behind an IOMMU only a device that may bounce
 * for lack of trust is limited (`iommu_dma_max_mapping_size()`), on Xen every one (`swiotlb_max_mapping_size()`).
 */
export function dma_max_mapping_size(k: Kernel, dev: number): number {
  const ops = streamingOps(k, dev);
  if (ops === 'direct') return dma_direct_max_mapping_size(k, dev);
  return ops === 'xen' || deviceOf(k, dev).external ? swiotlb_max_mapping_size(k, dev) : Infinity;
}

/** `dma_sync_single_for_cpu()`: the CPU may read what the device wrote. */
export function* dma_sync_single_for_cpu(k: Kernel, t: Task, what: SyncRequest): Run {
  const f = enter(t, { fn: 'dma_sync_single_for_cpu', at: 0 }, { ...what });
  yield* syncWith(k, t, what, 'cpu');
  yield at(f, 1, 'dma_sync_single_for_cpu_ret');
  leave(t);
}

/** `dma_sync_single_for_device()`: the device may read what the CPU wrote. */
export function* dma_sync_single_for_device(k: Kernel, t: Task, what: SyncRequest): Run {
  const f = enter(t, { fn: 'dma_sync_single_for_device', at: 0 }, { ...what });
  yield* syncWith(k, t, what, 'device');
  yield at(f, 1, 'dma_sync_single_for_device_ret');
  leave(t);
}
