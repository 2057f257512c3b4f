/**
 * swiotlb over all pools: slots for a request, growth when there are none, and the look-up of the pool
 * behind an address (kernel/dma/swiotlb.c). Without SWIOTLB_DYNAMIC a device has one pool, which is neither
 * on a list nor ever replaced: no walk, no flag, no RCU. Here patches 7 and 17 act.
 */
import { deviceOf, memOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { call_rcu, rcu_read_lock, rcu_read_unlock } from '../rcu.ts';
import type { Frame, Run, Task } from '../task.ts';
import { at, atLock, enter, leave } from '../task.ts';
import { queue_rcu_work, schedule_work } from '../workqueue.ts';
import { swiotlb_alloc_pool, swiotlb_dyn_free } from './swiotlb-dynamic.ts';
import type { Slot } from './swiotlb-search.ts';
import { findInDefaultPool, swiotlb_search_area, swiotlb_search_pool_area } from './swiotlb-search.ts';
import type { SlotRequest } from './swiotlb-slots.ts';
import { IO_TLB_SEGSIZE, IO_TLB_SIZE, nr_slots } from './swiotlb-slots.ts';

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

/**
 * `default_nareas`, which bounds the search of every device. It is set when a default pool is asked for at boot
 * or late, and stays 0 under `swiotlb=noforce`.
 */
function default_nareas(k: Kernel): number {
  const active = k.state.mems[0]!.nslabs > 0;
  return active || k.config.option('swiotlb') !== 'noforce' ? k.config.size('defaultAreas') : 0;
}

/** `swiotlb_find_slots()`: in the pools there are; else grow, and map through a transient pool. */
export function* swiotlb_find_slots(k: Kernel, t: Task, dev: number, req: SlotRequest): Run<Slot | null> {
  if (!k.config.option('SWIOTLB_DYNAMIC')) return yield* findInDefaultPool(k, t, dev, req);
  const f = enter(t, { fn: 'swiotlb_find_slots', at: 0, dev, area: 0, pool: 0, index: -1 });
  if (req.alloc_size > IO_TLB_SEGSIZE * IO_TLB_SIZE) {
    leave(t);
    return null;
  }
  for (; f.area < default_nareas(k); f.area++) {
    const slot = yield* swiotlb_search_area(k, t, f.dev, f.area, req);
    if (slot === null) continue;
    f.pool = slot.pool;
    f.index = slot.index;
    break;
  }
  if (f.pool === 0) {
    if (!memOf(k, f.dev).can_grow || !(yield* mapThroughTransient(k, t, f, req))) {
      leave(t);
      return null;
    }
  }
  yield at(f, 6, 'WRITE_ONCE', { field: 'dma_uses_io_tlb' });
  deviceOf(k, f.dev).dma_uses_io_tlb = true;
  leave(t);
  return { pool: f.pool, index: f.index };
}

interface FindFrame extends Frame {
  readonly dev: number;
  pool: number;
  index: number;
}

/** `min_not_zero()` of streaming mask and bus limit. */
export function streamingLimit(k: Kernel, dev: number): number {
  const { dma_mask_bits, bus_limit_bits } = deviceOf(k, dev);
  return 2 ** (bus_limit_bits === 0 ? dma_mask_bits : Math.min(dma_mask_bits, bus_limit_bits)) - 1;
}

/** Lock of the list of transient pools of a device. */
export function transientLock(dev: number): string {
  return dev === 0 ? 'dma_io_tlb_lock' : `dma_io_tlb_lock/${dev}`;
}

/** The second half of `swiotlb_find_slots()`; works on that function's frame. */
function* mapThroughTransient(k: Kernel, t: Task, f: FindFrame, req: SlotRequest): Run<boolean> {
  yield at(f, 1, 'schedule_work', { work: 'dyn_alloc' });
  k.note(schedule_work(k, t, 'dyn_alloc', 0));
  const nslabs = nr_slots(req.alloc_size);
  f.pool = yield* swiotlb_alloc_pool(k, t, {
    dev: f.dev,
    minslabs: nslabs,
    nslabs,
    nareas: 1,
    phys_limit: streamingLimit(k, f.dev),
    shared: memOf(k, f.dev).unencrypted === true,
    gfp: 'GFP_NOWAIT',
  });
  if (f.pool === 0) return false;
  f.index = yield* swiotlb_search_pool_area(k, t, f.dev, f.pool, 0, req);
  if (f.index < 0) {
    if (k.config.patch(17)) yield* retire(k, t, f.pool);
    else yield* swiotlb_dyn_free(k, t, f.pool);
    return false;
  }
  yield atLock(f, 2, 'list_add_rcu', transientLock(f.dev), { list: 'transient', pool: f.pool });
  const pool = k.pool(f.pool);
  const device = deviceOf(k, f.dev);
  pool.transient = true;
  pool.next = device.transient;
  device.transient = f.pool;
  return true;
}

/** `swiotlb_find_pool()`: the pool of the device that holds a physical address, 0 when none does. */
export function* swiotlb_find_pool(k: Kernel, t: Task, dev: number, paddr: number): Run<number> {
  if (!k.config.option('SWIOTLB_DYNAMIC')) {
    // Before there is a default pool its descriptor is zero: no address lies in it.
    const pool = k.state.pools.find((p) => p.addr === memOf(k, dev).defpool);
    return pool !== undefined && paddr >= pool.start && paddr < pool.end ? pool.addr : 0;
  }
  const f = enter(t, { fn: 'swiotlb_find_pool', at: 0, dev, paddr, pool: 0 });
  yield at(f, 1, 'READ_ONCE', { field: 'dma_uses_io_tlb' });
  k.note(deviceOf(k, f.dev).dma_uses_io_tlb);
  if (deviceOf(k, f.dev).dma_uses_io_tlb) {
    rcu_read_lock(t);
    for (const list of LISTS) {
      yield at(f, list === 'pools' ? 2 : 5, 'list_first_rcu', { list });
      f.pool = list === 'pools' ? memOf(k, f.dev).pools : deviceOf(k, f.dev).transient;
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
