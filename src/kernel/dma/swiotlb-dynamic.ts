/**
 * Dynamic and transient swiotlb pools: allocation, growth worker, deferred free (kernel/dma/swiotlb.c
 * under CONFIG_SWIOTLB_DYNAMIC). Here patches 5, 7, 17 and 20 act.
 *
 * There is one zone, and all of it lies below every limit: the retry of `alloc_dma_pages()` in a lower
 * zone has nothing to do.
 */
import { set_memory_decrypted, set_memory_encrypted } from '../arch/set-memory.ts';
import { force_dma_unencrypted } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt, virt_to_phys } from '../memory.ts';
import { get_order, giveBlock, MAX_PAGE_ORDER, takeBlock } from '../page-alloc.ts';
import { giveObject, takeObject } from '../slab.ts';
import type { IoTlbPool } from '../state.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, atLock, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import type { PoolMemory } from './pool.ts';
import { coherentPoolEnabled, dma_alloc_from_pool, dma_free_from_pool } from './pool.ts';
import { IO_TLB_SEGSIZE, IO_TLB_SIZE, SLOT_STRUCT_BYTES } from './swiotlb-slots.ts';

/** Allocation flags that matter: may it sleep? */
export type Gfp = 'GFP_NOWAIT' | 'GFP_KERNEL';

/** A page allocation that may sleep checks its context, whatever it then finds. */
function mayBlock(k: Kernel, t: Task, gfp: Gfp): void {
  if (gfp === 'GFP_KERNEL') k.might_sleep(t);
}

/** `__free_pages()`: a visible step of the frame on top. */
function freeBlock(k: Kernel, phys: number, order: number): void {
  const wrong = giveBlock(k.state.buddy, k.state.memory, phys, order);
  if (wrong !== null) k.fault('bad-page', phys, `__free_pages: ${wrong}`);
}

/** `alloc_dma_pages()`: pages that are converted when they shall be shared (before 7: always). */
function* alloc_dma_pages(
  k: Kernel,
  t: Task,
  gfp: Gfp,
  bytes: number,
  shared: boolean,
): Run<PoolMemory | null> {
  const f = enter(t, { fn: 'alloc_dma_pages', at: 0, gfp, bytes, shared, phys: 0 });
  const args = { order: get_order(f.bytes), gfp: f.gfp };
  const answer = yield atChoice(f, 1, 'alloc_pages', get_order(f.bytes), args);
  mayBlock(k, t, f.gfp);
  if (answer === 'fail') {
    leave(t);
    return null;
  }
  f.phys = takeBlock(k.state.buddy, get_order(f.bytes));
  k.note(f.phys);
  if (!k.config.patch(7) || f.shared) {
    const pages = Math.ceil(f.bytes / PAGE_SIZE);
    if ((yield* set_memory_decrypted(k, t, phys_to_virt(f.phys), pages)) !== 0) {
      // Pages that cannot be made private again are leaked on purpose.
      if ((yield* set_memory_encrypted(k, t, phys_to_virt(f.phys), pages)) === 0) {
        yield at(f, 2, '__free_pages', { addr: f.phys, order: get_order(f.bytes) });
        freeBlock(k, f.phys, get_order(f.bytes));
      }
      leave(t);
      return null;
    }
  }
  leave(t);
  return { phys: f.phys, vaddr: phys_to_virt(f.phys) };
}

/**
 * `swiotlb_alloc_tlb()`: the buffer of a pool, from the atomic pools when it must be shared and the
 * caller cannot block, else from the page allocator.
 *
 * Before 7 the device is asked whether memory must be shared (and only if there is one), from 7 the
 * attribute says it. Between 5 and 7 the atomic pools are asked for the platform's state.
 */
function* swiotlb_alloc_tlb(
  k: Kernel,
  t: Task,
  hasDevice: boolean,
  bytes: number,
  shared: boolean,
  gfp: Gfp,
): Run<PoolMemory | null> {
  const mustBeShared = k.config.patch(7) ? shared : hasDevice && force_dma_unencrypted(k);
  if (gfp === 'GFP_NOWAIT' && mustBeShared) {
    if (!coherentPoolEnabled(k)) return null;
    const wanted = k.config.patch(7) ? shared : k.config.fact('memEncrypt');
    return yield* dma_alloc_from_pool(k, t, bytes, wanted);
  }
  return yield* alloc_dma_pages(k, t, gfp, bytes, shared);
}

/** `swiotlb_free_tlb()`: back to the atomic pool that owns the address, else private and freed. */
function* swiotlb_free_tlb(k: Kernel, t: Task, vaddr: number, bytes: number, shared: boolean): Run {
  const f = enter(t, { fn: 'swiotlb_free_tlb', at: 0, vaddr, bytes, shared });
  if (coherentPoolEnabled(k) && (yield* dma_free_from_pool(k, t, f.vaddr, f.bytes))) {
    leave(t);
    return;
  }
  const convert = !k.config.patch(7) || f.shared;
  const pages = Math.ceil(f.bytes / PAGE_SIZE);
  // Pages that cannot be made private again are leaked on purpose.
  if (!convert || (yield* set_memory_encrypted(k, t, f.vaddr, pages)) === 0) {
    yield at(f, 1, '__free_pages', { addr: virt_to_phys(f.vaddr), order: get_order(f.bytes) });
    freeBlock(k, virt_to_phys(f.vaddr), get_order(f.bytes));
  }
  leave(t);
}

/** What a pool is asked to be. */
export interface PoolRequest {
  /** Allocated for a device (a transient pool), or by the growth worker. */
  readonly hasDevice: boolean;
  readonly minslabs: number;
  readonly nslabs: number;
  readonly nareas: number;
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
  const { hasDevice, minslabs, shared, gfp } = req;
  const f = enter(t, {
    fn: 'swiotlb_alloc_pool',
    at: 0,
    hasDevice,
    minslabs,
    nslabs: req.nslabs,
    nareas: req.nareas,
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
    leave(t);
    return 0;
  }
  f.pool = takeObject(k, 'io_tlb_pool');
  k.note(f.pool);
  for (;;) {
    const bytes = f.nslabs * IO_TLB_SIZE;
    const tlb = yield* swiotlb_alloc_tlb(k, t, f.hasDevice, bytes, f.shared, f.gfp);
    if (tlb !== null) {
      f.phys = tlb.phys;
      // Before 20 the allocator's address was dropped and the linear one taken in its place.
      f.vaddr = k.config.patch(20) ? tlb.vaddr : phys_to_virt(tlb.phys);
      break;
    }
    if (f.nslabs <= f.minslabs) {
      yield at(f, 2, 'kfree', { what: 'io_tlb_pool', pool: f.pool });
      giveObject(k, f.pool);
      leave(t);
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
    leave(t);
    return 0;
  }
  const array = phys_to_virt(takeBlock(k.state.buddy, slotsOrder(f.nslabs)));
  k.note(array);
  initPool(k, f, array);
  leave(t);
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
    unencrypted: k.config.patch(7) ? f.shared : null,
    next: 0,
    workPending: false,
  };
  insert(k.state.pools, pool);
  insert(k.state.slots, { addr: array, nslabs: f.nslabs, initial: 'free', fields: null });
  zero(k, f.vaddr, f.nslabs * IO_TLB_SIZE);
}

function insert<T extends { readonly addr: number }>(table: T[], item: T): void {
  let i = 0;
  while (i < table.length && table[i]!.addr < item.addr) i++;
  // A page given out twice would put two objects at one address: the newer one is what memory holds.
  table.splice(i, table[i]?.addr === item.addr ? 1 : 0, item);
}

function drop<T extends { readonly addr: number }>(table: T[], addr: number): void {
  const i = table.findIndex((x) => x.addr === addr);
  if (i >= 0) table.splice(i, 1);
}

/** `swiotlb_dyn_free()`: slots, buffer, descriptor. Before 17 an RCU callback, from 17 a worker's. */
export function* swiotlb_dyn_free(k: Kernel, t: Task, pool: number): Run {
  const f = enter(t, { fn: 'swiotlb_dyn_free', at: 0, pool });
  const p = k.pool(f.pool);
  const order = slotsOrder(p.nslabs);
  yield at(f, 1, 'free_pages', { what: 'slots', addr: p.slots, order });
  const { slots, nslabs } = k.pool(f.pool);
  drop(k.state.slots, slots);
  freeBlock(k, virt_to_phys(slots), slotsOrder(nslabs));
  const { vaddr, start, end, unencrypted } = k.pool(f.pool);
  yield* swiotlb_free_tlb(k, t, vaddr, end - start, unencrypted === true);
  yield at(f, 2, 'kfree', { what: 'io_tlb_pool', pool: f.pool });
  drop(k.state.pools, f.pool);
  giveObject(k, f.pool);
  leave(t);
}

/** `swiotlb_dyn_alloc()`: the growth worker allocates a pool and publishes it. */
export function* swiotlb_dyn_alloc(k: Kernel, t: Task): Run {
  const f = enter(t, { fn: 'swiotlb_dyn_alloc', at: 0, pool: 0 });
  f.pool = yield* swiotlb_alloc_pool(k, t, {
    hasDevice: false,
    minslabs: k.config.size('growMinSlabs'),
    nslabs: k.config.size('growSlabs'),
    nareas: k.config.size('growAreas'),
    shared: k.state.mem.unencrypted === true,
    gfp: 'GFP_KERNEL',
  });
  if (f.pool !== 0) {
    // add_mem_pool()
    yield atLock(f, 1, 'list_add_rcu', 'io_tlb_mem.lock', { list: 'pools', pool: f.pool });
    const pool = k.pool(f.pool);
    pool.next = k.state.mem.pools;
    k.state.mem.pools = f.pool;
    k.state.mem.nslabs += pool.nslabs;
  }
  leave(t);
}
