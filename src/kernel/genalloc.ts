/**
 * gen_pool: chunks of memory handed out by a bitmap, without a lock (lib/genalloc.c). Granule: a page.
 */
import type { Kernel } from './kernel.ts';
import { PAGE_SIZE } from './memory.ts';

/** A piece of memory that a pool hands out from. */
export interface GenPoolChunk {
  /** First key: the virtual address under which the chunk was added. */
  readonly start: number;
  readonly phys: number;
  /** One entry a page: 1 when handed out. */
  readonly bits: number[];
}

/** A pool of chunks. */
export interface GenPool {
  readonly chunks: GenPoolChunk[];
}

/** `gen_pool_add_virt()`: add a chunk under a virtual address. */
export function gen_pool_add_virt(pool: GenPool, virt: number, phys: number, size: number): void {
  pool.chunks.push({ start: virt, phys, bits: new Array<number>(size / PAGE_SIZE).fill(0) });
}

/**
 * `gen_pool_alloc()` with `gen_pool_first_fit_order_align`: first free run whose position in the chunk is
 * a multiple of its size rounded up to a power of two; a run never spans two chunks.
 * Returns the key, 0 when nothing fits.
 */
export function gen_pool_alloc(pool: GenPool, size: number): number {
  const pages = Math.ceil(size / PAGE_SIZE);
  let align = 1;
  while (align < pages) align *= 2;
  for (const chunk of pool.chunks) {
    for (let i = 0; i + pages <= chunk.bits.length; i += align) {
      if (chunk.bits.slice(i, i + pages).some((b) => b !== 0)) continue;
      chunk.bits.fill(1, i, i + pages);
      return chunk.start + i * PAGE_SIZE;
    }
  }
  return 0;
}

/** The chunk in which a whole range of keys lies; null when none (`gen_pool_has_addr`). */
export function chunkOf(pool: GenPool, virt: number, size: number): GenPoolChunk | null {
  for (const c of pool.chunks)
    if (virt >= c.start && virt + size <= c.start + c.bits.length * PAGE_SIZE) return c;
  return null;
}

/** The chunk in which a whole range of physical addresses lies; null when none. */
export function chunkOfPhys(pool: GenPool, phys: number, size: number): GenPoolChunk | null {
  for (const c of pool.chunks)
    if (phys >= c.phys && phys + size <= c.phys + c.bits.length * PAGE_SIZE) return c;
  return null;
}

/** `gen_pool_size()`: bytes of all chunks. */
export function gen_pool_size(pool: GenPool): number {
  return pool.chunks.reduce((sum, c) => sum + c.bits.length * PAGE_SIZE, 0);
}

/** `gen_pool_avail()`: bytes that are not handed out. */
export function gen_pool_avail(pool: GenPool): number {
  return pool.chunks.reduce((sum, c) => sum + c.bits.filter((b) => b === 0).length * PAGE_SIZE, 0);
}

/** `gen_pool_free()`. Returns false when a part of the range was not handed out (the kernel stops there). */
export function gen_pool_free(pool: GenPool, virt: number, size: number): boolean {
  const chunk = chunkOf(pool, virt, size);
  if (chunk === null) return false;
  const first = (virt - chunk.start) / PAGE_SIZE;
  const pages = Math.ceil(size / PAGE_SIZE);
  if (chunk.bits.slice(first, first + pages).some((b) => b === 0)) return false;
  chunk.bits.fill(0, first, first + pages);
  return true;
}

/** The same of a kernel, for which memory that was not handed out is a fault (`gen_pool_free_owner` stops there). */
export function gen_pool_free_owner(k: Kernel, pool: GenPool, virt: number, size: number): void {
  if (!gen_pool_free(pool, virt, size))
    k.fault('bad-free', virt, 'gen_pool_free of memory that is not handed out');
}

/** `gen_pool_virt_to_phys()`. */
export function gen_pool_virt_to_phys(pool: GenPool, virt: number): number {
  const chunk = chunkOf(pool, virt, 1);
  return chunk === null ? -1 : chunk.phys + (virt - chunk.start);
}
