/**
 * Coherent memory from a restricted pool (kernel/dma/swiotlb.c under CONFIG_DMA_RESTRICTED_POOL: swiotlb_alloc,
 * swiotlb_free). Streaming mappings of such a device take the ordinary way: all bounce, and the pool neither
 * grows nor has transient ones beside it. Here patch 7 acts.
 */
import { deviceOf, memOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE } from '../memory.ts';
import { get_order } from '../page-alloc.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { swiotlb_find_pool, swiotlb_find_slots } from './swiotlb-find.ts';
import { IO_TLB_SIZE } from './swiotlb-slots.ts';
import { swiotlb_release_slots } from './swiotlb-unmap.ts';

export { swiotlb_release_slots } from './swiotlb-unmap.ts';

/**
 * `swiotlb_alloc()`: slots without an original address, aligned to the size rounded up to a power of two pages.
 *
 * @param shared CC_SHARED in the attributes; from 7 a pool in the other state gives nothing
 * @returns physical address of the first page, 0 when there is none
 */
export function* swiotlb_alloc(k: Kernel, t: Task, dev: number, size: number, shared: boolean): Run<number> {
  const mem = memOf(k, dev);
  if (k.config.patch(7) && mem.unencrypted !== shared) return 0;
  const f = enter(t, { fn: 'swiotlb_alloc', at: 0, dev, pool: 0, tlb: 0 });
  const device = deviceOf(k, dev);
  const slot = yield* swiotlb_find_slots(k, t, f.dev, {
    orig_addr: 0,
    alloc_size: size,
    alloc_align_mask: PAGE_SIZE * 2 ** get_order(size) - 1,
    min_align_mask: device.min_align_mask,
    boundary_mask: device.seg_boundary_mask,
  });
  if (slot !== null) {
    f.pool = slot.pool;
    f.tlb = k.pool(slot.pool).start + slot.index * IO_TLB_SIZE;
    // Cannot be: pools begin on a page, and the search aligned the slot.
    if (f.tlb % PAGE_SIZE !== 0) {
      yield at(f, 1, 'WARN', { what: 'Cannot allocate pages from non page-aligned swiotlb addr' });
      yield* swiotlb_release_slots(k, t, f.dev, f.tlb, f.pool);
      f.tlb = 0;
    }
  }
  leave(t);
  return f.tlb;
}

/** `swiotlb_free()`: true, and the slots are back, when a pool of the device holds the page. */
export function* swiotlb_free(k: Kernel, t: Task, dev: number, phys: number, _size: number): Run<boolean> {
  const f = enter(t, { fn: 'swiotlb_free', at: 0, dev, paddr: phys, pool: 0 });
  f.pool = yield* swiotlb_find_pool(k, t, f.dev, f.paddr);
  if (f.pool !== 0) yield* swiotlb_release_slots(k, t, f.dev, f.paddr, f.pool);
  leave(t);
  return f.pool !== 0;
}
