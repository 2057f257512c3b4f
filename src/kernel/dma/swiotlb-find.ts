/**
 * swiotlb over all pools: the search for slots, growth when there are none, and the look-up of the pool
 * behind an address (kernel/dma/swiotlb.c under CONFIG_SWIOTLB_DYNAMIC).
 */
import { phys_to_dma } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { call_rcu, rcu_read_lock, rcu_read_unlock } from '../rcu.ts';
import type { Run, Task } from '../task.ts';
import { at, atLock, enter, leave } from '../task.ts';
import { queue_rcu_work, schedule_work } from '../workqueue.ts';
import { swiotlb_alloc_pool, swiotlb_dyn_free } from './swiotlb-dynamic.ts';
import type { SlotRequest } from './swiotlb-slots.ts';
import { IO_TLB_SEGSIZE, IO_TLB_SIZE, nr_slots, searchArea } from './swiotlb-slots.ts';

/** A slot that was found. */
export interface Slot {
  readonly pool: number;
  readonly index: number;
}

/** Does the pool hold shared memory? Before 7 nobody asked: all were. */
export function poolIsShared(k: Kernel): boolean {
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
export function* retire(k: Kernel, t: Task, pool: number): Run {
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
export function* swiotlb_find_slots(k: Kernel, t: Task, req: SlotRequest): Run<Slot | null> {
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
