/**
 * swiotlb: bounce, map, sync and unmap of one mapping (kernel/dma/swiotlb.c).
 */
import { DMA_MAPPING_ERROR, force_dma_unencrypted, phys_to_dma, withinMask } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { phys_to_virt } from '../memory.ts';
import type { IoTlbPool } from '../state.ts';
import type { Run, Task } from '../task.ts';
import { at, atLock, enter, leave } from '../task.ts';
import { copy } from '../uaccess.ts';
import { poolIsShared, retire, swiotlb_find_pool, swiotlb_find_slots } from './swiotlb-find.ts';
import { fieldsOf, IO_TLB_SIZE, mappingAt, nr_slots, recordMapping, releaseRun } from './swiotlb-slots.ts';

/** `swiotlb_bounce()`: copy between the original memory and the slots, through the pool's `vaddr`. */
function* swiotlb_bounce(
  k: Kernel,
  t: Task,
  dir: 'in' | 'out',
  pool: number,
  tlb: number,
  bytes: number,
): Run {
  const f = enter(t, { fn: 'swiotlb_bounce', at: 0, dir, pool, tlb, bytes });
  yield at(f, 1, 'swiotlb_bounce', { dir: f.dir, pool: f.pool });
  const p = k.pool(f.pool);
  const array = k.slotArray(p.slots);
  const index = Math.floor((f.tlb - p.start) / IO_TLB_SIZE);
  const slots = array === null ? null : fieldsOf(array);
  const orig = slots?.orig_addr[index];
  if (slots !== null && orig !== undefined && orig >= 0) {
    const offset = f.tlb % IO_TLB_SIZE;
    // A size beyond what was recorded is cut, with a warning in the kernel's log.
    const size = Math.min(f.bytes, slots.alloc_size[index]! - offset);
    const buffer = phys_to_virt(orig + offset);
    const slot = p.vaddr + (f.tlb - p.start);
    if (f.dir === 'in') copy(k, slot, buffer, size);
    else copy(k, buffer, slot, size);
  }
  leave(t);
}

/** What is mapped. */
export interface MapRequest {
  readonly phys: number;
  readonly bytes: number;
  readonly boundary_mask: number;
}

/** `swiotlb_tbl_map_single()`: physical address in a pool, 0 on error. */
function* swiotlb_tbl_map_single(k: Kernel, t: Task, what: MapRequest): Run<number> {
  const f = enter(t, {
    fn: 'swiotlb_tbl_map_single',
    at: 0,
    req: {
      orig_addr: what.phys,
      alloc_size: what.bytes,
      alloc_align_mask: 0,
      min_align_mask: 0,
      boundary_mask: what.boundary_mask,
    },
    pool: 0,
    tlb: 0,
  });
  const wrongState = k.config.patch(7) && k.state.mem.unencrypted !== force_dma_unencrypted(k);
  const slot = wrongState ? null : yield* swiotlb_find_slots(k, t, f.req);
  if (slot === null) {
    leave(t);
    return 0;
  }
  f.pool = slot.pool;
  const pool = k.pool(f.pool);
  const array = k.slotArray(pool.slots);
  if (array !== null) recordMapping(array, slot.index, nr_slots(f.req.alloc_size), f.req.orig_addr, 0);
  f.tlb = pool.start + slot.index * IO_TLB_SIZE;
  yield* swiotlb_bounce(k, t, 'in', f.pool, f.tlb, f.req.alloc_size);
  leave(t);
  return f.tlb;
}

/** `swiotlb_map()`: bounce, encode, ask whether the device can use the address. */
export function* swiotlb_map(k: Kernel, t: Task, what: MapRequest): Run<number> {
  const f = enter(t, {
    fn: 'swiotlb_map',
    at: 0,
    tlb: 0,
    bytes: what.bytes,
    pool: 0,
    dma: DMA_MAPPING_ERROR,
  });
  f.tlb = yield* swiotlb_tbl_map_single(k, t, what);
  if (f.tlb !== 0) {
    f.dma = phys_to_dma(k, f.tlb, poolIsShared(k));
    if (!withinMask(k, f.dma, f.bytes)) {
      f.dma = DMA_MAPPING_ERROR;
      f.pool = yield* swiotlb_find_pool(k, t, f.tlb);
      if (f.pool !== 0) yield* swiotlb_tbl_unmap_single(k, t, f.tlb, f.pool);
    }
  }
  leave(t);
  return f.dma;
}

/** `swiotlb_sync_single_for_cpu()` for FROM_DEVICE and BIDIRECTIONAL: copy out if it was bounced. */
export function* swiotlb_sync_single_for_cpu(k: Kernel, t: Task, paddr: number, bytes: number): Run {
  const f = enter(t, { fn: 'swiotlb_sync_single_for_cpu', at: 0, paddr, bytes, pool: 0 });
  f.pool = yield* swiotlb_find_pool(k, t, f.paddr);
  if (f.pool !== 0) yield* swiotlb_bounce(k, t, 'out', f.pool, f.paddr, f.bytes);
  leave(t);
}

/** `__swiotlb_tbl_unmap_single()` without the copy: retire a transient pool, else release the slots. */
export function* swiotlb_tbl_unmap_single(k: Kernel, t: Task, tlb: number, pool: number): Run {
  const f = enter(t, { fn: 'swiotlb_tbl_unmap_single', at: 0, tlb, pool });
  if (k.pool(f.pool).transient) {
    yield atLock(f, 1, 'list_del_rcu', 'dma_io_tlb_lock', { list: 'transient', pool: f.pool });
    unlinkTransient(k, f.pool);
    yield* retire(k, t, f.pool);
  } else {
    const p = k.pool(f.pool);
    const slot = Math.floor((f.tlb - p.start) / IO_TLB_SIZE);
    const area = Math.floor(slot / p.area_nslabs);
    const lock = `area/${f.pool}/${area}`;
    yield atLock(f, 2, 'swiotlb_release_slots', lock, { pool: f.pool, index: slot });
    releaseSlots(k, k.pool(f.pool), f.tlb);
  }
  leave(t);
}

function unlinkTransient(k: Kernel, pool: number): void {
  const { device } = k.state;
  const { next } = k.pool(pool);
  if (device.transient === pool) {
    device.transient = next;
    return;
  }
  for (let p = device.transient; p !== 0; p = k.pool(p).next) {
    if (k.pool(p).next !== pool) continue;
    k.pool(p).next = next;
    return;
  }
}

function releaseSlots(k: Kernel, pool: IoTlbPool, tlb: number): void {
  const array = k.slotArray(pool.slots);
  if (array === null) return;
  const slot = Math.floor((tlb - pool.start) / IO_TLB_SIZE);
  const { index, nslots } = mappingAt(array, slot, 0);
  const area = pool.areas[Math.floor(index / pool.area_nslabs)];
  if (area !== undefined) releaseRun(array, area, index, nslots);
}
