/**
 * Streaming mappings of a device behind an IOMMU: iommu_dma_map_phys, iommu_dma_unmap_phys
 * (drivers/iommu/dma-iommu.c). The protection of the entries comes from the caller's attributes, and is worked
 * out before a bounce could change them; force is not asked.
 */
import { DMA_MAPPING_ERROR, deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import { framesOf } from '../vmap.ts';
import {
  arch_sync_dma_for_cpu,
  arch_sync_dma_for_device,
  beginDeviceView,
  endDeviceView,
} from './arch-sync.ts';
import { hasAttr } from './attrs.ts';
import type { DmaDirection } from './direction.ts';
import { iommu_iova_to_phys, iommu_map, iommu_unmap, streamingBits } from './iommu-domain.ts';
import { dma_kmalloc_needs_bounce } from './kmalloc.ts';
import { is_swiotlb_active, swiotlb_tbl_map_single } from './swiotlb.ts';
import { swiotlb_find_pool } from './swiotlb-find.ts';
import { swiotlb_tbl_unmap_single } from './swiotlb-unmap.ts';

/** No bounce, no sync: MMIO, or memory that must be coherent. */
function keepsMemory(attrs: string): boolean {
  return hasAttr(attrs, 'MMIO') || hasAttr(attrs, 'REQUIRE_COHERENT');
}

/**
 * Bounce, because a page that is shared with the device would show it what else lies there? The kernel asks
 * `dev_is_untrusted()`: a PCI device behind an external port, whatever TDISP says of it.
 */
function needsBounce(k: Kernel, dev: number, phys: number, bytes: number, dir: DmaDirection): boolean {
  const unaligned = phys % PAGE_SIZE !== 0 || bytes % PAGE_SIZE !== 0;
  if (!unaligned) return false;
  return deviceOf(k, dev).external || dma_kmalloc_needs_bounce(k, dev, bytes, dir);
}

/**
 * `iommu_dma_map_swiotlb()`: a bounce of whole pages; what an untrusted device would see before and behind the
 * data is zeroed. Physical address of the data, or DMA_MAPPING_ERROR. Takes the attributes by value.
 */
function* iommu_dma_map_swiotlb(
  k: Kernel,
  t: Task,
  dev: number,
  phys: number,
  bytes: number,
  dir: DmaDirection,
  attrs: string,
): Run<number> {
  if (!is_swiotlb_active(k, dev)) return DMA_MAPPING_ERROR;
  const f = enter(t, { fn: 'iommu_dma_map_swiotlb', at: 0, dev, bytes, attrs, tlb: 0 });
  const what = { orig_addr: phys, mapping_size: bytes, alloc_align_mask: PAGE_SIZE - 1, dir };
  f.tlb = yield* swiotlb_tbl_map_single(k, t, dev, what, f);
  const { tlb } = f;
  if (tlb !== DMA_MAPPING_ERROR && deviceOf(k, f.dev).external) {
    const before = f.tlb % PAGE_SIZE;
    const end = f.tlb + f.bytes;
    const behind = Math.ceil(end / PAGE_SIZE) * PAGE_SIZE - end;
    yield at(f, 1, 'memset', { vaddr: phys_to_virt(f.tlb - before), bytes: before + behind });
    zero(k, phys_to_virt(f.tlb - before), before);
    zero(k, phys_to_virt(end), behind);
  }
  leave(t);
  return tlb;
}

/** `swiotlb_tbl_unmap_single()` of what may or may not have bounced: it looks the pool up. */
function* unbounce(
  k: Kernel,
  t: Task,
  f: { dev: number; phys: number; bytes: number; dir: DmaDirection; attrs: string; pool: number },
): Run {
  f.pool = yield* swiotlb_find_pool(k, t, f.dev, f.phys);
  if (f.pool !== 0) yield* swiotlb_tbl_unmap_single(k, t, f.dev, f.phys, f.bytes, f.dir, f.attrs, f.pool);
  f.pool = 0;
}

/** `iommu_dma_map_phys()`: the IO virtual address, or DMA_MAPPING_ERROR. */
export function* iommu_dma_map_phys(
  k: Kernel,
  t: Task,
  dev: number,
  phys: number,
  bytes: number,
  dir: DmaDirection,
  attrs: string,
): Run<number> {
  const f = enter(t, {
    fn: 'iommu_dma_map_phys',
    at: 0,
    dev,
    phys,
    bytes,
    dir,
    attrs,
    pool: 0,
    dma: DMA_MAPPING_ERROR as number,
  });
  if (needsBounce(k, f.dev, f.phys, f.bytes, f.dir)) {
    f.phys = keepsMemory(f.attrs)
      ? DMA_MAPPING_ERROR
      : yield* iommu_dma_map_swiotlb(k, t, f.dev, f.phys, f.bytes, f.dir, f.attrs);
  }
  if (f.phys !== DMA_MAPPING_ERROR) {
    if (!deviceOf(k, f.dev).coherent && !keepsMemory(f.attrs)) {
      beginDeviceView(k, f.phys, f.bytes);
      if (!hasAttr(f.attrs, 'SKIP_CPU_SYNC')) arch_sync_dma_for_device(k, f.phys, f.bytes);
    }
    const offset = f.phys % PAGE_SIZE;
    const frames = framesOf(f.phys - offset, Math.ceil((offset + f.bytes) / PAGE_SIZE));
    const mmio = hasAttr(f.attrs, 'MMIO');
    f.dma = yield* iommu_map(k, t, f.dev, frames, offset, streamingBits(k, f.dev), mmio);
    if (f.dma === DMA_MAPPING_ERROR && !keepsMemory(f.attrs)) {
      endDeviceView(k, f.phys);
      yield* unbounce(k, t, f);
    }
  }
  const { dma } = f;
  leave(t);
  return dma;
}

/** `iommu_dma_unmap_phys()`. */
export function* iommu_dma_unmap_phys(
  k: Kernel,
  t: Task,
  dev: number,
  dma: number,
  bytes: number,
  dir: DmaDirection,
  attrs: string,
): Run {
  const f = enter(t, {
    fn: 'iommu_dma_unmap_phys',
    at: 0,
    dev,
    phys: iommu_iova_to_phys(k, dev, dma),
    bytes,
    dir,
    attrs,
    dma,
    pool: 0,
  });
  if (!keepsMemory(f.attrs)) {
    if (f.phys < 0) {
      yield at(f, 1, 'WARN', { what: 'unmap of an IO virtual address that is not mapped' });
      leave(t);
      return;
    }
    if (!hasAttr(f.attrs, 'SKIP_CPU_SYNC') && !deviceOf(k, f.dev).coherent)
      arch_sync_dma_for_cpu(k, f.phys, f.bytes, f.dir);
    endDeviceView(k, f.phys);
  }
  yield* iommu_unmap(k, t, f.dev, f.dma);
  if (!keepsMemory(f.attrs)) yield* unbounce(k, t, f);
  leave(t);
}
