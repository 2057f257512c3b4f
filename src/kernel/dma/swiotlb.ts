/**
 * swiotlb: map one mapping through slots (kernel/dma/swiotlb.c: swiotlb_tbl_map_single, swiotlb_map).
 * Here patches 6, 7, 9 and 10 act. The way back is in `swiotlb-unmap.ts`.
 */
import {
  DMA_MAPPING_ERROR,
  deviceOf,
  dma_capable,
  force_dma_unencrypted,
  memOf,
  phys_to_dma,
} from '../device.ts';
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { enter, leave } from '../task.ts';
import { arch_sync_dma_for_device, beginDeviceView } from './arch-sync.ts';
import { hasAttr, withAttr, withoutAttr } from './attrs.ts';
import type { MapRequest } from './request.ts';
import { swiotlb_bounce } from './swiotlb-bounce.ts';
import { swiotlb_find_pool, swiotlb_find_slots } from './swiotlb-find.ts';
import {
  IO_TLB_SEGSIZE,
  IO_TLB_SIZE,
  nr_slots,
  recordMapping,
  swiotlb_align_offset,
} from './swiotlb-slots.ts';
import { swiotlb_tbl_unmap_single } from './swiotlb-unmap.ts';

/** `is_swiotlb_force_bounce()`. */
export function is_swiotlb_force_bounce(k: Kernel, dev: number): boolean {
  return memOf(k, dev).force_bounce;
}

/** `is_swiotlb_active()`. */
export function is_swiotlb_active(k: Kernel, dev: number): boolean {
  return memOf(k, dev).nslabs > 0;
}

/** `swiotlb_max_mapping_size()`: bytes; a segment less what `min_align_mask` may take of it. */
export function swiotlb_max_mapping_size(k: Kernel, dev: number): number {
  const { min_align_mask } = deviceOf(k, dev);
  return IO_TLB_SIZE * IO_TLB_SEGSIZE - nr_slots(min_align_mask) * IO_TLB_SIZE;
}

/** A mapping that shall be bounced. */
export interface TblRequest {
  readonly orig_addr: number;
  readonly mapping_size: number;
  /** Mask of the alignment that the caller asks for; streaming mappings ask for none (0), dma-iommu for a granule. */
  readonly alloc_align_mask: number;
  /** Segment boundary mask to use instead of the device's own. */
  readonly boundary?: number;
}

/** A streaming mapping asks for no alignment of its own. */
export function tblRequest({ phys, bytes, boundary }: MapRequest): TblRequest {
  const request = { orig_addr: phys, mapping_size: bytes, alloc_align_mask: 0 };
  return boundary === undefined ? request : { ...request, boundary };
}

/**
 * `swiotlb_tbl_map_single()`: find slots, record the original address, copy in.
 *
 * From 7 a device whose need differs from the state of its pool is refused, and the attributes are rewritten to
 * that state. Patch 6 makes the rewrite reach the caller: before it a copy is passed, after it the caller's own.
 *
 * @param caller the frame that holds the caller's attributes
 * @returns physical address in a pool, or DMA_MAPPING_ERROR
 */
export function* swiotlb_tbl_map_single(
  k: Kernel,
  t: Task,
  dev: number,
  what: TblRequest,
  caller: { attrs: string },
): Run<number> {
  const f = enter(t, { fn: 'swiotlb_tbl_map_single', at: 0, ...begin(k, dev, what), attrs: caller.attrs });
  const passed = k.config.patch(6) ? caller : f;
  const mem = memOf(k, f.dev);
  if (mem.nslabs === 0) {
    // "Can not allocate SWIOTLB buffer earlier": there is no pool.
    leave(t, DMA_MAPPING_ERROR);
    return DMA_MAPPING_ERROR;
  }
  if (k.config.patch(7)) {
    if (mem.unencrypted !== force_dma_unencrypted(k, f.dev)) {
      leave(t, DMA_MAPPING_ERROR);
      return DMA_MAPPING_ERROR;
    }
    passed.attrs = (mem.unencrypted ? withAttr : withoutAttr)(passed.attrs, 'CC_SHARED');
  }
  const slot = yield* swiotlb_find_slots(k, t, f.dev, f.req);
  if (slot === null) {
    leave(t, DMA_MAPPING_ERROR);
    return DMA_MAPPING_ERROR;
  }
  f.pool = slot.pool;
  const pool = k.pool(f.pool);
  const array = k.slotArray(pool.slots);
  const pad = Math.floor(f.offset / IO_TLB_SIZE);
  const index = slot.index + pad;
  recordMapping(array, index, nr_slots(f.req.alloc_size) - pad, f.req.orig_addr, pad);
  f.tlb = pool.start + index * IO_TLB_SIZE + (f.offset % IO_TLB_SIZE);
  // Also for FROM_DEVICE: bytes that the device does not write keep their value.
  yield* swiotlb_bounce(k, t, f.dev, 'in', f.pool, f.tlb, f.bytes);
  leave(t, f.tlb);
  return f.tlb;
}

/** Locals of `swiotlb_tbl_map_single()`: sizes and masks of the request. */
function begin(k: Kernel, dev: number, what: TblRequest) {
  const device = deviceOf(k, dev);
  const { orig_addr, alloc_align_mask, boundary = device.seg_boundary_mask } = what;
  const offset = swiotlb_align_offset(device.min_align_mask, alloc_align_mask, orig_addr);
  const align = alloc_align_mask + 1;
  return {
    dev,
    bytes: what.mapping_size,
    offset,
    req: {
      orig_addr,
      alloc_size: Math.ceil((what.mapping_size + offset) / align) * align,
      alloc_align_mask,
      min_align_mask: device.min_align_mask,
      boundary_mask: boundary,
    },
    pool: 0,
    tlb: 0,
  };
}

/**
 * `swiotlb_map()`: bounce, encode, ask whether the device can use the address. Before 7 the address is encoded
 * as shared, from 7 as the attributes say that came back from the bounce.
 */
export function* swiotlb_map(k: Kernel, t: Task, what: MapRequest): Run<number> {
  const f = enter(
    t,
    {
      fn: 'swiotlb_map',
      at: 0,
      dev: what.dev,
      tlb: 0,
      bytes: what.bytes,
      dir: what.dir,
      attrs: what.attrs,
      pool: 0,
      dma: DMA_MAPPING_ERROR,
    },
    { phys: what.phys },
  );
  f.tlb = yield* swiotlb_tbl_map_single(k, t, f.dev, tblRequest(what), f);
  if (f.tlb === DMA_MAPPING_ERROR) {
    leave(t);
    return DMA_MAPPING_ERROR;
  }
  const shared = hasAttr(f.attrs, 'CC_SHARED');
  f.dma = phys_to_dma(k, f.tlb, k.config.patch(7) ? shared : true);
  if (!dma_capable(k, f.dev, f.dma, f.bytes, true, shared)) {
    f.dma = DMA_MAPPING_ERROR;
    f.pool = yield* swiotlb_find_pool(k, t, f.dev, f.tlb);
    const skip = withAttr(f.attrs, 'SKIP_CPU_SYNC');
    yield* swiotlb_tbl_unmap_single(k, t, f.dev, f.tlb, f.bytes, f.dir, skip, f.pool);
  } else if (!deviceOf(k, f.dev).coherent) {
    beginDeviceView(k, f.tlb, f.bytes);
    if (!hasAttr(f.attrs, 'SKIP_CPU_SYNC')) arch_sync_dma_for_device(k, f.tlb, f.bytes);
  }
  leave(t);
  return f.dma;
}
