/**
 * The default pool at boot: reservation, conversion, teardown (kernel/dma/swiotlb.c: swiotlb_init_remap,
 * swiotlb_update_mem_attributes, swiotlb_exit). Patches 7, 10 and 18 act here.
 *
 * Between reservation and conversion stands the window in which the pool is in use, private, and recorded so.
 */
import { set_memory_decrypted, set_memory_encrypted } from '../arch/set-memory.ts';
import {
  DEFAULT_AREAS,
  DEFAULT_MEM,
  DEFAULT_POOL,
  DEFAULT_SLOTS,
  defaultPhysLimit,
  describePool,
  forcesBounce,
  wantsDefaultPool,
} from '../boot.ts';
import { freeBlock } from '../cma.ts';
import { cc_platform_has_mem_encrypt } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt, RAM_BASE, virt_to_phys } from '../memory.ts';
import { framesGoBack, get_order } from '../page-alloc.ts';
import type { IoTlbMem, IoTlbPool, SlotArray } from '../state.ts';
import { dropByAddress, insertByAddress } from '../tables.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, atLock, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import { fieldsOf, IO_TLB_SEGSIZE, IO_TLB_SIZE, SLOT_STRUCT_BYTES } from './swiotlb-slots.ts';

/** Bytes of `struct io_tlb_area`. */
export const AREA_STRUCT_BYTES = 24;

/** Pages that hold so many slots. */
export function pagesOf(nslabs: number): number {
  return Math.ceil((nslabs * IO_TLB_SIZE) / PAGE_SIZE);
}

/** `limit_nareas()`: each area holds a segment at least. */
export function limitAreas(nareas: number, nslabs: number): number {
  return nslabs < nareas * IO_TLB_SEGSIZE ? Math.max(1, Math.floor(nslabs / IO_TLB_SEGSIZE)) : nareas;
}

/** Put a pool and its free slots into the tables, and zero its buffer (`swiotlb_init_io_tlb_pool`). */
export function enterPool(k: Kernel, pool: IoTlbPool): void {
  const slots: SlotArray = { addr: pool.slots, nslabs: pool.nslabs, initial: 'free', fields: null };
  insertByAddress(k.state.pools, pool);
  insertByAddress(k.state.slots, slots);
  zero(k, pool.vaddr, pool.end - pool.start);
}

/** `add_mem_pool()`: publish a pool; without SWIOTLB_DYNAMIC the pool is the only one, and only counted. */
export function* add_mem_pool(k: Kernel, t: Task, mem: number, pool: number): Run {
  const f = enter(t, { fn: 'add_mem_pool', at: 0, mem, pool });
  if (k.config.option('SWIOTLB_DYNAMIC')) {
    yield atLock(f, 1, 'list_add_rcu', 'io_tlb_mem.lock', { list: 'pools', pool: f.pool });
    const m = k.mem(f.mem);
    const p = k.pool(f.pool);
    p.next = m.pools;
    m.pools = f.pool;
    m.nslabs += p.nslabs;
  } else {
    yield at(f, 2, 'WRITE_ONCE', { field: 'io_tlb_mem.nslabs' });
    k.mem(f.mem).nslabs = k.pool(f.pool).nslabs;
  }
  leave(t);
}

/** `swiotlb_init()`: reserve the pool, halving down to the least size, and initialise its slots. */
export function* swiotlb_init(k: Kernel, t: Task): Run {
  const f = enter(t, { fn: 'swiotlb_init', at: 0, nslabs: 0 });
  if (wantsDefaultPool(k.config)) {
    const mem = k.mem(DEFAULT_MEM);
    mem.force_bounce = forcesBounce(k.config);
    if (k.config.option('SWIOTLB_DYNAMIC')) {
      mem.can_grow = true;
      mem.phys_limit = defaultPhysLimit(k.config);
    }
    yield* reserve(k, t, f);
  }
  yield at(f, 4, 'swiotlb_init_ret', { active: k.mem(DEFAULT_MEM).nslabs > 0 });
  leave(t);
}

/** The second half of `swiotlb_init()`; works on that function's frame. */
function* reserve(k: Kernel, t: Task, f: { fn: string; at: number; nslabs: number }): Run {
  f.nslabs = k.config.size('defaultAreas') * k.config.size('defaultSegments') * IO_TLB_SEGSIZE;
  for (;;) {
    const args = { what: 'tlb', bytes: f.nslabs * IO_TLB_SIZE };
    if ((yield atChoice(f, 1, 'memblock_alloc', ANY_ANSWER, args)) === 'ok') break;
    if (f.nslabs <= k.config.size('defaultMinSlabs')) return;
    f.nslabs = Math.ceil(Math.floor(f.nslabs / 2) / IO_TLB_SEGSIZE) * IO_TLB_SEGSIZE;
  }
  // A failure from here on leaves the reservation where it is, and the flags set.
  const slots = { what: 'slots', bytes: f.nslabs * SLOT_STRUCT_BYTES };
  if ((yield atChoice(f, 2, 'memblock_alloc', ANY_ANSWER, slots)) === 'fail') return;
  const nareas = limitAreas(k.config.size('defaultAreas'), f.nslabs);
  const areas = { what: 'areas', bytes: nareas * AREA_STRUCT_BYTES };
  if ((yield atChoice(f, 3, 'memblock_alloc', ANY_ANSWER, areas)) === 'fail') return;
  const n = limitAreas(k.config.size('defaultAreas'), f.nslabs);
  enterPool(k, describePool(DEFAULT_POOL, RAM_BASE, f.nslabs, n, DEFAULT_SLOTS, DEFAULT_AREAS));
  yield* add_mem_pool(k, t, DEFAULT_MEM, DEFAULT_POOL);
}

/** The default pool, null before it is made and after it is torn down. */
function defaultPool(k: Kernel): IoTlbPool | null {
  const pool = k.state.pools.find((p) => p.addr === DEFAULT_POOL);
  return pool === undefined || pool.nslabs === 0 ? null : pool;
}

/** All slots of a pool are taken, so that nothing is mapped through it any more (patch 18). */
function markAllUsed(k: Kernel, pool: IoTlbPool): void {
  fieldsOf(k.slotArray(pool.slots)).list.fill(0);
  for (const area of pool.areas) area.used = pool.area_nslabs;
}

/**
 * `swiotlb_update_mem_attributes()`: from 7 the state is recorded, even when there is no pool yet, and the pool
 * converted only if it shall be shared; before, always. A late pool is passed over. What it held is not zeroed.
 * A failure: before 18 nobody looks at it.
 */
export function* swiotlb_update_mem_attributes(k: Kernel, t: Task): Run {
  const f = enter(t, { fn: 'swiotlb_update_mem_attributes', at: 0, ret: 0 });
  if (k.config.patch(7)) {
    yield at(f, 1, 'WRITE_ONCE', { field: 'io_tlb_mem.unencrypted' });
    k.mem(DEFAULT_MEM).unencrypted = cc_platform_has_mem_encrypt(k);
  }
  const pool = defaultPool(k);
  if (pool !== null && !pool.late_alloc && k.mem(DEFAULT_MEM).unencrypted !== false) {
    f.ret = yield* set_memory_decrypted(k, t, pool.vaddr, pagesOf(pool.nslabs));
    if (f.ret !== 0 && k.config.patch(18)) markAllUsed(k, k.pool(DEFAULT_POOL));
  }
  yield at(f, 2, 'swiotlb_update_mem_attributes_ret');
  leave(t);
}

/**
 * `swiotlb_exit()`: give the default pool back, unless bouncing is forced by the command line. The linear
 * address is encrypted (from 7: only if the pool is shared; from 18 the pages are leaked when that fails), slots
 * and areas are freed in any case. The pool is zeroed, the `io_tlb_mem` is not: its list still leads to the pool,
 * whose next pointer is now none.
 */
export function* swiotlb_exit(k: Kernel, t: Task): Run {
  const f = enter(t, { fn: 'swiotlb_exit', at: 0, pool: 0, ret: 0, stage: 0 });
  const pool = defaultPool(k);
  if (k.config.option('swiotlb') !== 'force' && pool !== null) {
    f.pool = pool.addr;
    if (k.mem(DEFAULT_MEM).unencrypted !== false) {
      const { start, nslabs } = pool;
      f.ret = yield* set_memory_encrypted(k, t, phys_to_virt(start), pagesOf(nslabs));
    }
    yield* k.pool(f.pool).late_alloc ? freeLate(k, f) : freeEarly(k, f);
    tearDown(k, k.state.mems.find((m) => m.addr === DEFAULT_MEM)!);
  }
  yield at(f, 9, 'swiotlb_exit_ret');
  leave(t);
}

type ExitFrame = { readonly fn: string; at: number; pool: number; ret: number; stage: number };

/** Are the pages to be given back? Patch 18 acts: not after a failed conversion. */
function pagesAreFreed(k: Kernel, f: ExitFrame): boolean {
  return f.ret === 0 || !k.config.patch(18);
}

/** Areas, buffer and slots go back to the page allocator that they came from. */
function* freeLate(k: Kernel, f: ExitFrame): Run {
  const free = (virt: number, bytes: number): void =>
    freeBlock(k, virt_to_phys(virt), get_order(bytes), 'free_pages');
  const bytes = (): readonly [number, number, number] => {
    const p = k.pool(f.pool);
    return [p.areas.length * AREA_STRUCT_BYTES, p.end - p.start, p.nslabs * SLOT_STRUCT_BYTES];
  };
  const p = k.pool(f.pool);
  yield at(f, 2, 'free_pages', { what: 'areas', addr: p.areas_addr, order: get_order(bytes()[0]) });
  free(k.pool(f.pool).areas_addr, bytes()[0]);
  f.stage = 1;
  if (pagesAreFreed(k, f)) {
    const { start, end } = k.pool(f.pool);
    yield at(f, 3, '__free_pages', { addr: start, order: get_order(end - start) });
    free(phys_to_virt(k.pool(f.pool).start), bytes()[1]);
  }
  f.stage = 2;
  const { slots } = k.pool(f.pool);
  yield at(f, 4, 'free_pages', { what: 'slots', addr: slots, order: get_order(bytes()[2]) });
  free(k.pool(f.pool).slots, bytes()[2]);
}

/** What was reserved early goes to the page allocator. The areas and slots are not in its pages here. */
function* freeEarly(k: Kernel, f: ExitFrame): Run {
  const areas = k.pool(f.pool).areas.length;
  yield at(f, 5, 'memblock_free', { what: 'areas', addr: DEFAULT_AREAS, bytes: areas * AREA_STRUCT_BYTES });
  f.stage = 1;
  if (pagesAreFreed(k, f)) {
    const { start, end } = k.pool(f.pool);
    yield at(f, 6, 'memblock_free', { what: 'tlb', addr: start, bytes: end - start });
    const p = k.pool(f.pool);
    framesGoBack(k.state.buddy, k.state.memory, p.start / PAGE_SIZE, (p.end - p.start) / PAGE_SIZE);
  }
  f.stage = 2;
  const bytes = k.pool(f.pool).nslabs * SLOT_STRUCT_BYTES;
  yield at(f, 7, 'memblock_free', { what: 'slots', addr: DEFAULT_SLOTS, bytes });
}

/** An address that no pool has: what a list leads to whose node was zeroed. */
const NO_NODE = 1;

/** `memset(mem, 0, sizeof(*mem))` of the pool, and the slot array is gone. */
function tearDown(k: Kernel, mem: IoTlbMem): void {
  const { pools, slots } = k.state;
  const pool = k.pool(mem.defpool);
  dropByAddress(slots, pool.slots);
  const zeroed: IoTlbPool = {
    ...pool,
    start: 0,
    end: 0,
    vaddr: 0,
    nslabs: 0,
    area_nslabs: 0,
    areas: [],
    slots: 0,
    late_alloc: false,
    areas_addr: 0,
    next: mem.pools === 0 ? 0 : NO_NODE,
  };
  pools[pools.indexOf(pool)] = zeroed;
}
