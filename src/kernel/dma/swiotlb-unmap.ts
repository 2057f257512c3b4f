/**
 * swiotlb: sync and unmap of one mapping (kernel/dma/swiotlb.c: swiotlb_sync_single_for_cpu and _for_device,
 * __swiotlb_tbl_unmap_single, swiotlb_release_slots).
 */
import { deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { atLock, enter, leave } from '../task.ts';
import { hasAttr } from './attrs.ts';
import { type DmaDirection, deviceMayRead, deviceMayWrite } from './direction.ts';
import { swiotlb_bounce } from './swiotlb-bounce.ts';
import { retire, swiotlb_find_pool, transientLock } from './swiotlb-find.ts';
import { IO_TLB_SIZE, mappingAt, releaseRun, swiotlb_align_offset } from './swiotlb-slots.ts';

/** `swiotlb_sync_single_for_cpu()`: copy out what the device may have written, if it was bounced. */
export function* swiotlb_sync_single_for_cpu(
  k: Kernel,
  t: Task,
  dev: number,
  paddr: number,
  bytes: number,
  dir: DmaDirection,
): Run {
  const f = enter(t, { fn: 'swiotlb_sync_single_for_cpu', at: 0, dev, paddr, bytes, dir, pool: 0 });
  f.pool = yield* swiotlb_find_pool(k, t, f.dev, f.paddr);
  if (f.pool !== 0 && deviceMayWrite(f.dir))
    yield* swiotlb_bounce(k, t, f.dev, 'out', f.pool, f.paddr, f.bytes);
  leave(t);
}

/** `swiotlb_sync_single_for_device()`: copy in what the device may read, if it was bounced. */
export function* swiotlb_sync_single_for_device(
  k: Kernel,
  t: Task,
  dev: number,
  paddr: number,
  bytes: number,
  dir: DmaDirection,
): Run {
  const f = enter(t, { fn: 'swiotlb_sync_single_for_device', at: 0, dev, paddr, bytes, dir, pool: 0 });
  f.pool = yield* swiotlb_find_pool(k, t, f.dev, f.paddr);
  if (f.pool !== 0 && deviceMayRead(f.dir))
    yield* swiotlb_bounce(k, t, f.dev, 'in', f.pool, f.paddr, f.bytes);
  leave(t);
}

/** `__swiotlb_tbl_unmap_single()`: copy out unless told not to, then retire a transient pool or release the slots. */
export function* swiotlb_tbl_unmap_single(
  k: Kernel,
  t: Task,
  dev: number,
  tlb: number,
  bytes: number,
  dir: DmaDirection,
  attrs: string,
  pool: number,
): Run {
  const f = enter(t, { fn: 'swiotlb_tbl_unmap_single', at: 0, dev, tlb, pool }, { bytes, dir, attrs });
  if (!hasAttr(attrs, 'SKIP_CPU_SYNC') && deviceMayWrite(dir))
    yield* swiotlb_bounce(k, t, f.dev, 'out', f.pool, f.tlb, bytes);
  if (k.pool(f.pool).transient) {
    yield atLock(f, 1, 'list_del_rcu', transientLock(f.dev), { list: 'transient', pool: f.pool });
    unlinkTransient(k, f.dev, f.pool);
    yield* retire(k, t, f.pool);
  } else yield* swiotlb_release_slots(k, t, f.dev, f.tlb, f.pool);
  leave(t);
}

/** `swiotlb_release_slots()`: give back the slots of the allocation that an address begins, padding included. */
export function* swiotlb_release_slots(k: Kernel, t: Task, dev: number, tlb: number, pool: number): Run {
  const f = enter(t, { fn: 'swiotlb_release_slots', at: 0, dev, tlb, pool });
  const p = k.pool(f.pool);
  const slot = Math.floor((f.tlb - p.start) / IO_TLB_SIZE);
  const lock = `area/${f.pool}/${Math.floor(slot / p.area_nslabs)}`;
  yield atLock(f, 1, 'swiotlb_release_slots', lock, { pool: f.pool, index: slot });
  giveSlots(k, f);
  leave(t);
}

function giveSlots(
  k: Kernel,
  f: { readonly dev: number; readonly tlb: number; readonly pool: number },
): void {
  const pool = k.pool(f.pool);
  const array = k.slotArray(pool.slots);
  const offset = swiotlb_align_offset(deviceOf(k, f.dev).min_align_mask, 0, f.tlb);
  const slot = Math.floor((f.tlb - offset - pool.start) / IO_TLB_SIZE);
  const { index, nslots } = mappingAt(array, slot, offset);
  const area = pool.areas[Math.floor(index / pool.area_nslabs)];
  if (area !== undefined) releaseRun(array, area, index, nslots);
}

function unlinkTransient(k: Kernel, dev: number, pool: number): void {
  const device = deviceOf(k, dev);
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
