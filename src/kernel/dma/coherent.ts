/**
 * The global coherent pool (CONFIG_DMA_GLOBAL_POOL, kernel/dma/coherent.c): a reserved region with a mapping of
 * its own, from which every device that is not coherent is served. It is private, and nothing converts it. Where
 * the option says so there is one.
 */
import { bitmap_find_free_region } from '../bitmap.ts';
import { phys_to_dma } from '../device.ts';
import { giveGlobal } from '../global-pool.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE } from '../memory.ts';
import { get_order } from '../page-alloc.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, atLock, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import type { Coherent } from './direct-alloc.ts';

/**
 * `dma_alloc_from_global_coherent()`: a zeroed block of the pool, or null: what other devices hold of it is for the
 * world to say. Does not sleep.
 */
export function* dma_alloc_from_global_coherent(k: Kernel, t: Task, bytes: number): Run<Coherent | null> {
  const f = enter(t, { fn: 'dma_alloc_from_global_coherent', at: 0, bytes });
  const args = { bytes: f.bytes };
  const answer = yield atLock(f, 1, 'dma_alloc_from_global_coherent', 'dma_coherent_mem', args, ANY_ANSWER);
  const pool = k.state.globalPool!;
  const n = answer === 'fail' ? -1 : bitmap_find_free_region(pool.bits, get_order(f.bytes));
  if (n < 0) {
    k.note(0);
    leave(t);
    return null;
  }
  const cpu_addr = pool.vaddr + n * PAGE_SIZE;
  k.note(cpu_addr);
  zero(k, cpu_addr, f.bytes);
  leave(t);
  return { cpu_addr, page: 0, dma: phys_to_dma(k, pool.phys + n * PAGE_SIZE, false) };
}

/** `dma_release_from_global_coherent()`: true, and the block is back, when the pool owns the address. */
export function* dma_release_from_global_coherent(
  k: Kernel,
  t: Task,
  vaddr: number,
  bytes: number,
): Run<boolean> {
  const f = enter(t, { fn: 'dma_release_from_global_coherent', at: 0, vaddr, bytes });
  const args = { vaddr: f.vaddr, bytes: f.bytes };
  yield atLock(f, 1, 'dma_release_from_global_coherent', 'dma_coherent_mem', args);
  const owned = giveGlobal(k, f.vaddr, get_order(f.bytes));
  k.note(owned);
  leave(t);
  return owned;
}
