/**
 * swiotlb: slot search over the pools, look-up of the pool behind an address, bounce, map and unmap
 * (kernel/dma/swiotlb.c under CONFIG_SWIOTLB_DYNAMIC).
 */
import { DMA_MAPPING_ERROR, force_dma_unencrypted, phys_to_dma, withinMask } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { phys_to_virt } from '../memory.ts';
import { call_rcu, rcu_read_lock, rcu_read_unlock } from '../rcu.ts';
import type { IoTlbPool } from '../state.ts';
import type { Run, Task } from '../task.ts';
import { at, atLock, enter, leave } from '../task.ts';
import { copy } from '../uaccess.ts';
import { queue_rcu_work, schedule_work } from '../workqueue.ts';
import { swiotlb_alloc_pool, swiotlb_dyn_free } from './swiotlb-dynamic.ts';
import type { SlotRequest } from './swiotlb-slots.ts';
import {
  fieldsOf,
  IO_TLB_SEGSIZE,
  IO_TLB_SIZE,
  mappingAt,
  nr_slots,
  recordMapping,
  releaseRun,
  searchArea,
} from './swiotlb-slots.ts';

/** A slot that was found. */
interface Slot {
  readonly pool: number;
  readonly index: number;
}

/** Does the pool hold shared memory? Before 7 nobody asked: all were. */
function poolIsShared(k: Kernel): boolean {
  return k.config.patch(7) ? k.state.mem.unencrypted === true : true;
}

/** `swiotlb_search_pool_area()`: one area, under its lock. Index of the slot, or -1. */
function* swiotlb_search_pool_area(
  k: Kernel,
  t: Task,
  pool: number,
  area: number,
  req: SlotRequest,
): Run<number> {
  const f = enter(t, { fn: 'swiotlb_search_pool_area', at: 0, pool, area });
  yield atLock(f, 1, 'swiotlb_search_pool_area', `area/${f.pool}/${f.area}`, { pool: f.pool, area: f.area });
  const p = k.pool(f.pool);
  const array = k.slotArray(p.slots);
  const place = p.areas[f.area];
  let index = -1;
  if (array !== null && place !== undefined) {
    const dma = phys_to_dma(k, p.start, poolIsShared(k));
    index = searchArea(array, { area: place, areaIndex: f.area, area_nslabs: p.area_nslabs, dma }, req);
  }
  k.note(index);
  leave(t);
  return index;
}

/** `swiotlb_search_area()`: the n-th area after the CPU's own, in every pool that has so many. */
function* swiotlb_search_area(k: Kernel, t: Task, offset: number, req: SlotRequest): Run<Slot | null> {
  const f = enter(t, { fn: 'swiotlb_search_area', at: 0, offset, pool: 0 });
  rcu_read_lock(t);
  yield at(f, 1, 'list_first_rcu', { list: 'pools' });
  f.pool = k.state.mem.pools;
  k.note(f.pool);
  let found: Slot | null = null;
  while (f.pool !== 0) {
    const areas = k.pool(f.pool).areas.length;
    if (f.offset < areas) {
      const index = yield* swiotlb_search_pool_area(k, t, f.pool, (t.cpu + f.offset) & (areas - 1), req);
      if (index >= 0) {
        found = { pool: f.pool, index };
        break;
      }
    }
    yield at(f, 2, 'list_next_rcu', { list: 'pools', pool: f.pool });
    f.pool = k.pool(f.pool).next;
    k.note(f.pool);
  }
  rcu_read_unlock(k, t);
  leave(t);
  return found;
}

/** Retire a pool: before 17 the RCU callback frees it, from 17 a worker after the grace period. */
function* retire(k: Kernel, t: Task, pool: number): Run {
  const f = enter(t, { fn: 'swiotlb_del_pool', at: 0, pool });
  if (k.config.patch(17)) {
    yield at(f, 1, 'queue_rcu_work', { pool: f.pool });
    queue_rcu_work(k, t, f.pool);
  } else {
    yield at(f, 2, 'call_rcu', { pool: f.pool });
    call_rcu(k, t, 'swiotlb_dyn_free', f.pool);
  }
  leave(t);
}

/** `swiotlb_find_slots()`: in the pools there are; else grow, and map through a transient pool. */
function* swiotlb_find_slots(k: Kernel, t: Task, req: SlotRequest): Run<Slot | null> {
  const f = enter(t, { fn: 'swiotlb_find_slots', at: 0, area: 0, pool: 0, index: -1 });
  if (req.alloc_size > IO_TLB_SEGSIZE * IO_TLB_SIZE) {
    leave(t);
    return null;
  }
  for (; f.area < k.config.size('defaultAreas'); f.area++) {
    const slot = yield* swiotlb_search_area(k, t, f.area, req);
    if (slot === null) continue;
    f.pool = slot.pool;
    f.index = slot.index;
    break;
  }
  if (f.pool === 0) {
    if (!k.state.mem.can_grow || !(yield* mapThroughTransient(k, t, f, req))) {
      leave(t);
      return null;
    }
  }
  yield at(f, 6, 'WRITE_ONCE', { field: 'dma_uses_io_tlb' });
  k.state.device.dma_uses_io_tlb = true;
  leave(t);
  return { pool: f.pool, index: f.index };
}

/** The second half of `swiotlb_find_slots()`; works on that function's frame. */
function* mapThroughTransient(
  k: Kernel,
  t: Task,
  f: { readonly fn: string; at: number; area: number; pool: number; index: number },
  req: SlotRequest,
): Run<boolean> {
  yield at(f, 1, 'schedule_work', { work: 'dyn_alloc' });
  k.note(schedule_work(k, t, 'dyn_alloc', 0));
  const nslabs = nr_slots(req.alloc_size);
  f.pool = yield* swiotlb_alloc_pool(k, t, {
    hasDevice: true,
    minslabs: nslabs,
    nslabs,
    nareas: 1,
    shared: k.state.mem.unencrypted === true,
    gfp: 'GFP_NOWAIT',
  });
  if (f.pool === 0) return false;
  f.index = yield* swiotlb_search_pool_area(k, t, f.pool, 0, req);
  if (f.index < 0) {
    if (k.config.patch(17)) yield* retire(k, t, f.pool);
    else yield* swiotlb_dyn_free(k, t, f.pool);
    return false;
  }
  yield atLock(f, 2, 'list_add_rcu', 'dma_io_tlb_lock', { list: 'transient', pool: f.pool });
  const pool = k.pool(f.pool);
  pool.transient = true;
  pool.next = k.state.device.transient;
  k.state.device.transient = f.pool;
  return true;
}

/** `swiotlb_find_pool()`: the pool that holds a physical address, 0 when none does. */
export function* swiotlb_find_pool(k: Kernel, t: Task, paddr: number): Run<number> {
  const f = enter(t, { fn: 'swiotlb_find_pool', at: 0, paddr, pool: 0 });
  yield at(f, 1, 'READ_ONCE', { field: 'dma_uses_io_tlb' });
  k.note(k.state.device.dma_uses_io_tlb);
  if (k.state.device.dma_uses_io_tlb) {
    rcu_read_lock(t);
    for (const list of LISTS) {
      yield at(f, list === 'pools' ? 2 : 5, 'list_first_rcu', { list });
      f.pool = list === 'pools' ? k.state.mem.pools : k.state.device.transient;
      k.note(f.pool);
      while (f.pool !== 0) {
        yield at(f, list === 'pools' ? 3 : 6, 'read_pool', { pool: f.pool });
        const { start, end } = k.pool(f.pool);
        const inside = f.paddr >= start && f.paddr < end;
        k.note(inside);
        if (inside) break;
        yield at(f, list === 'pools' ? 4 : 7, 'list_next_rcu', { list, pool: f.pool });
        f.pool = k.pool(f.pool).next;
        k.note(f.pool);
      }
      if (f.pool !== 0) break;
    }
    rcu_read_unlock(k, t);
  }
  leave(t);
  return f.pool;
}
const LISTS = ['pools', 'transient'] as const;

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
