/** swiotlb: the copy between a buffer and its slots (kernel/dma/swiotlb.c: swiotlb_bounce). */
import { deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { phys_to_virt } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { copy } from '../uaccess.ts';
import { fieldsOf, IO_TLB_SIZE, swiotlb_align_offset } from './swiotlb-slots.ts';

/**
 * `swiotlb_bounce()`: copy between the original memory and the slots, through the pool's `vaddr`. Slots without
 * an original address (a restricted pool's allocation) are passed over; a size beyond what was recorded is cut,
 * with a warning.
 */
export function* swiotlb_bounce(
  k: Kernel,
  t: Task,
  dev: number,
  dir: 'in' | 'out',
  pool: number,
  tlb: number,
  bytes: number,
): Run {
  const f = enter(t, { fn: 'swiotlb_bounce', at: 0, dev, dir, pool, tlb, bytes });
  yield at(f, 1, 'swiotlb_bounce', { dir: f.dir, pool: f.pool });
  const place = bouncePlace(k, f);
  if (place !== null) {
    if (f.bytes > place.most) {
      f.bytes = place.most;
      copyPlace(k, f, place);
      yield at(f, 2, 'WARN', { what: 'Buffer overflow detected' });
    } else copyPlace(k, f, place);
  }
  leave(t);
}

interface BounceFrame {
  readonly dev: number;
  readonly dir: 'in' | 'out';
  readonly pool: number;
  readonly tlb: number;
  readonly bytes: number;
}

/** Both ends of the copy as CPU addresses, and how much may be copied; null: there is nothing to copy. */
function bouncePlace(
  k: Kernel,
  f: BounceFrame,
): { readonly buffer: number; readonly slot: number; readonly most: number } | null {
  const p = k.pool(f.pool);
  const slots = fieldsOf(k.slotArray(p.slots));
  const index = Math.floor((f.tlb - p.start) / IO_TLB_SIZE);
  const orig = slots.orig_addr[index];
  if (orig === undefined || orig < 0) return null;
  // Negative when a sync names the first bytes of a later slot of a mapping that begins within its first.
  const offset = (f.tlb % IO_TLB_SIZE) - swiotlb_align_offset(deviceOf(k, f.dev).min_align_mask, 0, orig);
  return {
    buffer: phys_to_virt(orig + offset),
    slot: p.vaddr + (f.tlb - p.start),
    most: slots.alloc_size[index]! - offset,
  };
}

function copyPlace(
  k: Kernel,
  f: BounceFrame,
  { buffer, slot }: { readonly buffer: number; readonly slot: number },
): void {
  if (f.dir === 'in') copy(k, slot, buffer, f.bytes);
  else copy(k, buffer, slot, f.bytes);
}
