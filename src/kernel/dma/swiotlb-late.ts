/**
 * A default pool from the page allocator (kernel/dma/swiotlb.c: swiotlb_init_late). Patches 7 and 18 act here.
 */
import { set_memory_decrypted } from '../arch/set-memory.ts';
import { DEFAULT_MEM, DEFAULT_POOL, describePool, NO_LIMIT } from '../boot.ts';
import { freeBlock } from '../cma.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt, virt_to_phys } from '../memory.ts';
import { get_order, takeBlock } from '../page-alloc.ts';
import type { Run, Task } from '../task.ts';
import { at, atChoice, enter, leave, needsPages } from '../task.ts';
import { AREA_STRUCT_BYTES, add_mem_pool, enterPool, limitAreas, pagesOf } from './swiotlb-boot.ts';
import { IO_TLB_SIZE, SLOT_STRUCT_BYTES } from './swiotlb-slots.ts';

const ENOMEM = 12;
const SLABS_PER_PAGE = PAGE_SIZE / IO_TLB_SIZE;

type LateFrame = {
  readonly fn: string;
  at: number;
  order: number;
  /** Physical address of the buffer. */
  phys: number;
  /** Addresses of the areas and of the slots. */
  areas: number;
  slots: number;
  ret: number;
};

/**
 * `swiotlb_init_late()` with GFP_KERNEL. Nothing to do when there is a pool, or with `swiotlb=noforce`. The pool
 * is converted iff the default `io_tlb_mem` says shared already (before 7: always); it is skipped by the later
 * update. Before 18 the result of the conversion is not looked at; from 18 a failure frees areas and slots, leaks
 * the pages and is returned.
 */
export function* swiotlb_init_late(k: Kernel, t: Task): Run {
  const f = enter(t, {
    fn: 'swiotlb_init_late',
    at: 0,
    order: 0,
    phys: 0,
    areas: 0,
    slots: 0,
    ret: 0,
  });
  if (k.mem(DEFAULT_MEM).nslabs === 0 && k.config.option('swiotlb') !== 'noforce')
    f.ret = yield* make(k, t, f);
  yield at(f, 9, 'swiotlb_init_late_ret', { ret: f.ret });
  leave(t);
}

function* make(k: Kernel, t: Task, f: LateFrame): Run<number> {
  const mem = k.mem(DEFAULT_MEM);
  // The architecture's flags are those of the early pool: only the command line counts here.
  mem.force_bounce = k.config.option('swiotlb') === 'force';
  if (k.config.option('SWIOTLB_DYNAMIC')) {
    mem.can_grow = true;
    mem.phys_limit = NO_LIMIT;
  }
  f.order = get_order(k.config.size('lateSlabs') * IO_TLB_SIZE);
  // The least size itself is not tried.
  while (f.phys === 0 && SLABS_PER_PAGE * 2 ** f.order > k.config.size('defaultMinSlabs')) {
    f.phys = yield* getPages(k, t, f, 1, 'tlb', f.order);
    if (f.phys === 0) f.order--;
  }
  if (f.phys === 0) return -ENOMEM;
  const nslabs = SLABS_PER_PAGE * 2 ** f.order;
  const nareas = limitAreas(k.config.size('defaultAreas'), nslabs);
  const [areaOrder, slotOrder] = [
    get_order(nareas * AREA_STRUCT_BYTES),
    get_order(nslabs * SLOT_STRUCT_BYTES),
  ];
  const areas = yield* getPages(k, t, f, 2, 'areas', areaOrder);
  if (areas !== 0) {
    f.areas = phys_to_virt(areas);
    const slots = yield* getPages(k, t, f, 3, 'slots', slotOrder);
    if (slots !== 0) {
      f.slots = phys_to_virt(slots);
      return yield* convertAndAdd(k, t, f, nslabs, nareas);
    }
    yield* freePages(k, f, 4, 'areas', f.areas, areaOrder);
    f.areas = 0;
  }
  yield at(f, 5, '__free_pages', { addr: f.phys, order: f.order });
  freeBlock(k, f.phys, f.order, '__free_pages');
  return -ENOMEM;
}

/** With all memory at hand, in the frame: buffer `phys`, areas, slots. */
function* convertAndAdd(k: Kernel, t: Task, f: LateFrame, nslabs: number, nareas: number): Run<number> {
  if (k.mem(DEFAULT_MEM).unencrypted !== false) {
    const ret = yield* set_memory_decrypted(k, t, phys_to_virt(f.phys), pagesOf(nslabs));
    if (ret !== 0 && k.config.patch(18)) {
      f.ret = ret;
      yield* freePages(k, f, 6, 'slots', f.slots, get_order(nslabs * SLOT_STRUCT_BYTES));
      yield* freePages(k, f, 7, 'areas', f.areas, get_order(nareas * AREA_STRUCT_BYTES));
      return f.ret;
    }
  }
  const pool = describePool(DEFAULT_POOL, f.phys, nslabs, nareas, f.slots, f.areas);
  enterPool(k, { ...pool, late_alloc: true });
  yield* add_mem_pool(k, t, DEFAULT_MEM, DEFAULT_POOL);
  return 0;
}

/** `__get_free_pages(GFP_KERNEL)`: physical address, 0 when there are none. */
function* getPages(k: Kernel, t: Task, f: LateFrame, n: number, what: string, order: number): Run<number> {
  const args = { what, order, gfp: 'GFP_KERNEL' };
  const answer = yield atChoice(f, n, '__get_free_pages', needsPages(order), args);
  k.might_sleep(t);
  const phys = answer === 'ok' ? takeBlock(k.state.buddy, order) : 0;
  k.note(phys === 0 ? 0 : phys_to_virt(phys));
  return phys;
}

function* freePages(k: Kernel, f: LateFrame, n: number, what: string, addr: number, order: number): Run {
  yield at(f, n, 'free_pages', { what, addr, order });
  freeBlock(k, virt_to_phys(addr), order, 'free_pages');
}
