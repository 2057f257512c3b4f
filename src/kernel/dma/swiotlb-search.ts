/**
 * swiotlb: the search for slots in the areas of one pool and of all pools (kernel/dma/swiotlb.c:
 * swiotlb_search_pool_area, swiotlb_search_area, and swiotlb_find_slots without SWIOTLB_DYNAMIC). Here patch 7
 * acts.
 */
import { memOf, phys_to_dma } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { rcu_read_lock, rcu_read_unlock } from '../rcu.ts';
import type { Run, Task } from '../task.ts';
import { at, atLock, enter, leave } from '../task.ts';
import type { SlotRequest } from './swiotlb-slots.ts';
import { searchArea } from './swiotlb-slots.ts';

/** A slot that was found. */
export interface Slot {
  readonly pool: number;
  readonly index: number;
}

/** Does the device's `io_tlb_mem` hold shared memory? Before 7 nobody asked: all was. */
export function poolIsShared(k: Kernel, dev: number): boolean {
  return k.config.patch(7) ? memOf(k, dev).unencrypted === true : true;
}

/** `swiotlb_search_pool_area()`: one area, under its lock. Index of the slot, or -1. */
export function* swiotlb_search_pool_area(
  k: Kernel,
  t: Task,
  dev: number,
  pool: number,
  area: number,
  req: SlotRequest,
): Run<number> {
  const f = enter(t, { fn: 'swiotlb_search_pool_area', at: 0, dev, pool, area });
  yield atLock(f, 1, 'swiotlb_search_pool_area', `area/${f.pool}/${f.area}`, { pool: f.pool, area: f.area });
  const p = k.pool(f.pool);
  const array = k.slotArray(p.slots);
  const place = p.areas[f.area];
  let index = -1;
  // A descriptor that was freed meanwhile has no areas.
  if (place !== undefined) {
    const dma = phys_to_dma(k, p.start, poolIsShared(k, f.dev));
    index = searchArea(array, { area: place, areaIndex: f.area, area_nslabs: p.area_nslabs, dma }, req);
  }
  k.note(index);
  leave(t);
  return index;
}

/** `swiotlb_search_area()`: the n-th area after the CPU's own, in every pool that has so many. */
export function* swiotlb_search_area(
  k: Kernel,
  t: Task,
  dev: number,
  offset: number,
  req: SlotRequest,
): Run<Slot | null> {
  const f = enter(t, { fn: 'swiotlb_search_area', at: 0, dev, offset, pool: 0 });
  rcu_read_lock(t);
  yield at(f, 1, 'list_first_rcu', { list: 'pools' });
  f.pool = memOf(k, f.dev).pools;
  k.note(f.pool);
  let found: Slot | null = null;
  while (f.pool !== 0) {
    const areas = k.pool(f.pool).areas.length;
    if (f.offset < areas) {
      const area = (t.cpu + f.offset) & (areas - 1);
      const index = yield* swiotlb_search_pool_area(k, t, f.dev, f.pool, area, req);
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

/** `swiotlb_find_slots()` without SWIOTLB_DYNAMIC: the areas of the device's one pool, the CPU's own first. */
export function* findInDefaultPool(k: Kernel, t: Task, dev: number, req: SlotRequest): Run<Slot | null> {
  const pool = memOf(k, dev).defpool;
  const areas = k.pool(pool).areas.length;
  const f = enter(t, { fn: 'swiotlb_find_slots', at: 0, dev, pool, areas, offset: 0 });
  let index = -1;
  for (; f.offset < f.areas && index < 0; f.offset++)
    index = yield* swiotlb_search_pool_area(k, t, f.dev, f.pool, (t.cpu + f.offset) & (f.areas - 1), req);
  leave(t);
  return index < 0 ? null : { pool: f.pool, index };
}
