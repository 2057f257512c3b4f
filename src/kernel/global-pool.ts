/** The global coherent pool's memory, with the check of what is given back to it. */
import { bitmap_release_region } from './bitmap.ts';
import type { Kernel } from './kernel.ts';
import { PAGE_SIZE } from './memory.ts';

/** Gives a block back when the pool owns the address; one that was not handed out is a fault of the caller's. */
export function giveGlobal(k: Kernel, vaddr: number, order: number): boolean {
  const { globalPool: pool } = k.state;
  const n = pool === null ? -1 : (vaddr - pool.vaddr) / PAGE_SIZE;
  if (pool === null || n < 0 || n >= pool.bits.length) return false;
  if (!bitmap_release_region(pool.bits, n, order))
    k.fault('bad-free', vaddr, 'dma_release_from_global_coherent: not handed out');
  return true;
}
