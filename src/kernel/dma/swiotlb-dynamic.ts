/**
 * Dynamic and transient swiotlb pools: allocation, growth worker, deferred free (kernel/dma/swiotlb.c
 * under CONFIG_SWIOTLB_DYNAMIC). Here patches 7, 17 and 20 act; the buffers are in `swiotlb-tlb.ts`.
 */
import { freeBlock } from '../cma.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt, virt_to_phys } from '../memory.ts';
import { get_order, MAX_PAGE_ORDER, takeBlock } from '../page-alloc.ts';
import { giveObject, takeObject } from '../slab.ts';
import type { IoTlbPool } from '../state.ts';
import { dropByAddress, insertByAddress } from '../tables.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, atLock, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import { IO_TLB_SEGSIZE, IO_TLB_SIZE, SLOT_STRUCT_BYTES } from './swiotlb-slots.ts';
import type { Gfp } from './swiotlb-tlb.ts';
import { mayBlock, NO_DEVICE, swiotlb_alloc_tlb, swiotlb_free_tlb } from './swiotlb-tlb.ts';

/** What a pool is asked to be. */
export interface PoolRequest {
  /** Number of the device that it is for (a transient pool), or NO_DEVICE: the growth worker's. */
  readonly dev: number;
  readonly minslabs: number;
  readonly nslabs: number;
  readonly nareas: number;
  /** Highest address that the buffer may contain. */
  readonly phys_limit: number;
  readonly shared: boolean;
  readonly gfp: Gfp;
}

/** Bytes of the slot array. */
function slotsOrder(nslabs: number): number {
  return get_order(nslabs * SLOT_STRUCT_BYTES);
}

/** `limit_nareas()`: each area holds a segment at least. */
function limit_nareas(nareas: number, nslabs: number): number {
  return nslabs < nareas * IO_TLB_SEGSIZE ? Math.max(1, Math.floor(nslabs / IO_TLB_SEGSIZE)) : nareas;
}

/** `swiotlb_alloc_pool()`: descriptor, buffer (halved until it can be had), slots. Address, or 0. */
export function* swiotlb_alloc_pool(k: Kernel, t: Task, req: PoolRequest): Run<number> {
  const { dev, minslabs, phys_limit, shared, gfp } = req;
  const f = enter(t, {
    fn: 'swiotlb_alloc_pool',
    at: 0,
    dev,
    minslabs,
    nslabs: req.nslabs,
    nareas: req.nareas,
    phys_limit,
    shared,
    gfp,
    pool: 0,
    phys: 0,
    vaddr: 0,
  });
  const most = (PAGE_SIZE / IO_TLB_SIZE) * 2 ** MAX_PAGE_ORDER;
  if (f.nslabs > most) {
    f.nslabs = most;
    f.nareas = limit_nareas(f.nareas, f.nslabs);
  }
  const asked = yield atChoice(f, 1, 'kzalloc', ANY_ANSWER, { what: 'io_tlb_pool', gfp: f.gfp });
  mayBlock(k, t, f.gfp);
  if (asked === 'fail') {
    leave(t, 0);
    return 0;
  }
  f.pool = takeObject(k, 'io_tlb_pool');
  k.note(f.pool);
  for (;;) {
    const tlb = yield* swiotlb_alloc_tlb(k, t, {
      dev: f.dev,
      bytes: f.nslabs * IO_TLB_SIZE,
      phys_limit: f.phys_limit,
      shared: f.shared,
      gfp: f.gfp,
    });
    if (tlb !== null) {
      f.phys = tlb.phys;
      // Before 20 the allocator's address was dropped and the linear one taken in its place.
      f.vaddr = k.config.patch(20) ? tlb.vaddr : phys_to_virt(tlb.phys);
      break;
    }
    if (f.nslabs <= f.minslabs) {
      yield at(f, 2, 'kfree', { what: 'io_tlb_pool', pool: f.pool });
      giveObject(k, f.pool);
      leave(t, 0);
      return 0;
    }
    f.nslabs = Math.ceil(Math.floor(f.nslabs / 2) / IO_TLB_SEGSIZE) * IO_TLB_SEGSIZE;
    f.nareas = limit_nareas(f.nareas, f.nslabs);
  }
  const order = slotsOrder(f.nslabs);
  const slots = yield atChoice(f, 3, '__get_free_pages', order, { what: 'slots', order, gfp: f.gfp });
  mayBlock(k, t, f.gfp);
  if (slots === 'fail') {
    yield* swiotlb_free_tlb(k, t, f.vaddr, f.nslabs * IO_TLB_SIZE, f.shared);
    f.phys = 0;
    f.vaddr = 0;
    yield at(f, 4, 'kfree', { what: 'io_tlb_pool', pool: f.pool });
    giveObject(k, f.pool);
    leave(t, 0);
    return 0;
  }
  const array = phys_to_virt(takeBlock(k.state.buddy, slotsOrder(f.nslabs)));
  k.note(array);
  initPool(k, f, array);
  leave(t, f.pool);
  return f.pool;
}

/** `swiotlb_init_io_tlb_pool()`: fields, free slots, zeroed buffer. */
function initPool(
  k: Kernel,
  f: { pool: number; phys: number; vaddr: number; nslabs: number; nareas: number; shared: boolean },
  array: number,
): void {
  const pool: IoTlbPool = {
    addr: f.pool,
    start: f.phys,
    end: f.phys + f.nslabs * IO_TLB_SIZE,
    vaddr: f.vaddr,
    nslabs: f.nslabs,
    area_nslabs: f.nslabs / f.nareas,
    areas: Array.from({ length: f.nareas }, () => ({ used: 0, index: 0 })),
    slots: array,
    transient: false,
    late_alloc: true,
    areas_addr: 0,
    unencrypted: k.config.patch(7) ? f.shared : null,
    next: 0,
    workPending: false,
  };
  insertByAddress(k.state.pools, pool);
  insertByAddress(k.state.slots, { addr: array, nslabs: f.nslabs, initial: 'free', fields: null });
  zero(k, f.vaddr, f.nslabs * IO_TLB_SIZE);
}

/** `swiotlb_dyn_free()`: slots, buffer, descriptor. Before 17 an RCU callback, from 17 a worker's. */
export function* swiotlb_dyn_free(k: Kernel, t: Task, pool: number): Run {
  const f = enter(t, { fn: 'swiotlb_dyn_free', at: 0, pool });
  const p = k.pool(f.pool);
  const order = slotsOrder(p.nslabs);
  yield at(f, 1, 'free_pages', { what: 'slots', addr: p.slots, order });
  const { slots, nslabs } = k.pool(f.pool);
  dropByAddress(k.state.slots, slots);
  freeBlock(k, virt_to_phys(slots), slotsOrder(nslabs), 'free_pages');
  const { vaddr, start, end, unencrypted } = k.pool(f.pool);
  yield* swiotlb_free_tlb(k, t, vaddr, end - start, unencrypted === true);
  yield at(f, 2, 'kfree', { what: 'io_tlb_pool', pool: f.pool });
  dropByAddress(k.state.pools, f.pool);
  giveObject(k, f.pool);
  leave(t);
}

/** `swiotlb_dyn_alloc()`: the growth worker allocates a pool and publishes it. Only the default one can grow. */
export function* swiotlb_dyn_alloc(k: Kernel, t: Task): Run {
  const f = enter(t, { fn: 'swiotlb_dyn_alloc', at: 0, pool: 0 });
  const mem = k.state.mems[0]!;
  f.pool = yield* swiotlb_alloc_pool(k, t, {
    dev: NO_DEVICE,
    minslabs: k.config.size('growMinSlabs'),
    nslabs: k.config.size('growSlabs'),
    nareas: k.config.size('growAreas'),
    phys_limit: mem.phys_limit,
    shared: mem.unencrypted === true,
    gfp: 'GFP_KERNEL',
  });
  if (f.pool !== 0) {
    // add_mem_pool()
    yield atLock(f, 1, 'list_add_rcu', 'io_tlb_mem.lock', { list: 'pools', pool: f.pool });
    const pool = k.pool(f.pool);
    const owner = k.state.mems[0]!;
    pool.next = owner.pools;
    owner.pools = f.pool;
    owner.nslabs += pool.nslabs;
  }
  leave(t);
}
