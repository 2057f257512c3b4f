/**
 * Streaming mappings of a Xen guest (drivers/xen/swiotlb-xen.c). The guest's frames are the machine's frames, as
 * in an auto-translated guest: Xen's translation is the identity, and a buffer never straddles machine frames
 * that are apart. Here patches 6, 7 and 9 act: the attributes that come back from the bounce, with the state of
 * the pool, are what `dma_capable()` is asked with; the address is made without them.
 */
import { DMA_MAPPING_ERROR, deviceOf, dma_capable, dma_to_phys, phys_to_dma } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { enter, leave } from '../task.ts';
import {
  arch_sync_dma_for_cpu,
  arch_sync_dma_for_device,
  beginDeviceView,
  endDeviceView,
} from './arch-sync.ts';
import { hasAttr, withAttr } from './attrs.ts';
import type { DmaDirection } from './direction.ts';
import { dma_kmalloc_needs_bounce } from './kmalloc.ts';
import type { SyncRequest } from './request.ts';
import { is_swiotlb_force_bounce, swiotlb_tbl_map_single } from './swiotlb.ts';
import { swiotlb_find_pool } from './swiotlb-find.ts';
import {
  swiotlb_sync_single_for_cpu,
  swiotlb_sync_single_for_device,
  swiotlb_tbl_unmap_single,
} from './swiotlb-unmap.ts';

/** `xen_phys_to_dma()`: machine address; never encoded as shared. */
function xen_phys_to_dma(k: Kernel, paddr: number): number {
  return phys_to_dma(k, paddr, false);
}

/** `xen_swiotlb_map_phys()`: bus address, or DMA_MAPPING_ERROR. */
export function* xen_swiotlb_map_phys(
  k: Kernel,
  t: Task,
  dev: number,
  phys: number,
  bytes: number,
  dir: DmaDirection,
  attrs: string,
): Run<number> {
  const f = enter(t, {
    fn: 'xen_swiotlb_map_phys',
    at: 0,
    dev,
    paddr: phys,
    bytes,
    dir,
    attrs,
    pool: 0,
    dma: 0,
  });
  if (hasAttr(attrs, 'MMIO')) f.dma = capable(k, f, phys) ? phys : DMA_MAPPING_ERROR;
  else {
    f.dma = xen_phys_to_dma(k, phys);
    const direct =
      capable(k, f, f.dma) &&
      !dma_kmalloc_needs_bounce(k, dev, bytes, dir) &&
      !is_swiotlb_force_bounce(k, dev);
    if (!direct) {
      f.paddr = yield* swiotlb_tbl_map_single(
        k,
        t,
        f.dev,
        { orig_addr: phys, mapping_size: bytes, alloc_align_mask: 0 },
        f,
      );
      f.dma = f.paddr === DMA_MAPPING_ERROR ? DMA_MAPPING_ERROR : xen_phys_to_dma(k, f.paddr);
      if (f.dma !== DMA_MAPPING_ERROR && !capable(k, f, f.dma)) {
        f.dma = DMA_MAPPING_ERROR;
        f.pool = yield* swiotlb_find_pool(k, t, f.dev, f.paddr);
        const skip = withAttr(f.attrs, 'SKIP_CPU_SYNC');
        yield* swiotlb_tbl_unmap_single(k, t, f.dev, f.paddr, f.bytes, f.dir, skip, f.pool);
      }
    }
    if (f.dma !== DMA_MAPPING_ERROR && !deviceOf(k, f.dev).coherent) {
      beginDeviceView(k, f.paddr, f.bytes);
      if (!hasAttr(f.attrs, 'SKIP_CPU_SYNC')) arch_sync_dma_for_device(k, f.paddr, f.bytes);
    }
  }
  leave(t);
  return f.dma;
}

/** `dma_capable()` with the attributes as they are now: the caller's, or what came back from the bounce. */
function capable(
  k: Kernel,
  f: { readonly dev: number; readonly bytes: number; readonly attrs: string },
  dma: number,
): boolean {
  return dma_capable(k, f.dev, dma, f.bytes, true, hasAttr(f.attrs, 'CC_SHARED'));
}

/** `xen_swiotlb_unmap_phys()`: the copy out is part of the unmap of the slots. */
export function* xen_swiotlb_unmap_phys(
  k: Kernel,
  t: Task,
  dev: number,
  dma: number,
  bytes: number,
  dir: DmaDirection,
  attrs: string,
): Run {
  const paddr = dma_to_phys(k, dma);
  const f = enter(t, { fn: 'xen_swiotlb_unmap_phys', at: 0, dev, paddr, bytes, dir, attrs, pool: 0 });
  if (!deviceOf(k, dev).coherent && !hasAttr(attrs, 'SKIP_CPU_SYNC'))
    arch_sync_dma_for_cpu(k, paddr, bytes, dir);
  endDeviceView(k, paddr);
  f.pool = yield* swiotlb_find_pool(k, t, f.dev, f.paddr);
  if (f.pool !== 0) yield* swiotlb_tbl_unmap_single(k, t, f.dev, f.paddr, f.bytes, f.dir, f.attrs, f.pool);
  leave(t);
}

/** `xen_swiotlb_sync_single_for_cpu()`. */
export function* xen_swiotlb_sync_single_for_cpu(k: Kernel, t: Task, what: SyncRequest): Run {
  const { dev, bytes, dir } = what;
  const paddr = dma_to_phys(k, what.dma);
  if (!deviceOf(k, dev).coherent) arch_sync_dma_for_cpu(k, paddr, bytes, dir);
  yield* swiotlb_sync_single_for_cpu(k, t, dev, paddr, bytes, dir);
}

/** `xen_swiotlb_sync_single_for_device()`. */
export function* xen_swiotlb_sync_single_for_device(k: Kernel, t: Task, what: SyncRequest): Run {
  const { dev, bytes, dir } = what;
  const paddr = dma_to_phys(k, what.dma);
  const f = enter(t, { fn: 'xen_swiotlb_sync_single_for_device', at: 0, dev, paddr, bytes });
  yield* swiotlb_sync_single_for_device(k, t, f.dev, f.paddr, f.bytes, dir);
  if (!deviceOf(k, f.dev).coherent) arch_sync_dma_for_device(k, f.paddr, f.bytes);
  leave(t);
}
