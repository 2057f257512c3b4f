/**
 * The page allocator: a buddy allocator over the zones dma, dma32 and normal (mm/page_alloc.c).
 *
 * Where a frame lies says its zone; a block never spans two, for zones end at multiples of the largest block.
 * A request for a zone falls back to the ones below it, and never to one above.
 *
 * The smallest block that suffices is taken, and of those the lowest, where the kernel takes the one that was
 * freed last: addresses depend on history as little as they can. Frees merge buddies as the kernel's do.
 */

import type { MemoryState } from './memory.ts';
import { PAGE_SIZE, pageIndex } from './memory.ts';

/** Blocks: page frame number and order in turn, ascending by frame number. */
export interface BuddyState {
  readonly free: number[];
  /** Blocks that were handed out and not given back. */
  readonly used: number[];
}

/** A zone of the page allocator, by the addresses that its frames have. */
export type Zone = 'dma' | 'dma32' | 'normal';

/** First frame above a zone: zone dma ends at 16 MiB (`zone_dma_bits` 24, as on x86), dma32 at 4 GiB. */
const ZONE_END: Readonly<Record<Zone, number>> = { dma: 2 ** 12, dma32: 2 ** 20, normal: Infinity };
/** Zones that a request for a zone is served from, in this order. */
const ZONE_LIST: Readonly<Record<Zone, readonly Zone[]>> = {
  dma: ['dma'],
  dma32: ['dma32', 'dma'],
  normal: ['normal', 'dma32', 'dma'],
};

/** `page_zonenum()`. */
export function zoneOf(phys: number): Zone {
  const pfn = phys / PAGE_SIZE;
  return pfn < ZONE_END.dma ? 'dma' : pfn < ZONE_END.dma32 ? 'dma32' : 'normal';
}

/** Largest order of a block (`MAX_PAGE_ORDER`: 4 MiB). */
export const MAX_PAGE_ORDER = 10;

/** `get_order()`: least order whose block holds `bytes`. */
export function get_order(bytes: number): number {
  let order = 0;
  while (PAGE_SIZE * 2 ** order < bytes) order++;
  return order;
}

/** A page allocator that owns frames `[first, first + count)`. */
export function createBuddy(first: number, count: number): BuddyState {
  const buddy: BuddyState = { free: [], used: [] };
  addFrames(buddy, first, count);
  return buddy;
}

/** Give the allocator frames that it did not have, in blocks as large as they come. */
export function addFrames(buddy: BuddyState, first: number, count: number): void {
  let pfn = first;
  while (pfn < first + count) {
    let order = 0;
    while (order < MAX_PAGE_ORDER && pfn % 2 ** (order + 1) === 0 && pfn + 2 ** (order + 1) <= first + count)
      order++;
    insertBlock(buddy.free, pfn, order);
    pfn += 2 ** order;
  }
}

/** The same frames in `large` blocks of 64 pages and, behind them, blocks of 32 with 32 held pages between. */
export function createFragmentedBuddy(first: number, count: number, large: number): BuddyState {
  const buddy: BuddyState = { free: [], used: [] };
  let n = 0;
  for (let pfn = Math.ceil(first / 64) * 64; pfn + 64 <= first + count; pfn += 64, n++) {
    // Two large blocks side by side would merge into a larger one: a held block stands between.
    if (n < 2 * large) {
      if (n % 2 === 0) buddy.free.push(pfn, 6);
    } else buddy.free.push(pfn, 5);
  }
  return buddy;
}

/** Is there a free block of this order in a zone or below it? */
export function hasBlock(buddy: BuddyState, order: number, zone: Zone = 'normal'): boolean {
  const { free } = buddy;
  const end = ZONE_END[zone];
  for (let i = 0; i < free.length; i += 2) if (free[i + 1]! >= order && free[i]! < end) return true;
  return false;
}

/** Take a block of an order from a zone or below it. Returns its physical address, 0 when there is none. */
export function takeBlock(buddy: BuddyState, order: number, zone: Zone = 'normal'): number {
  const { free } = buddy;
  let best = -1;
  for (const from of ZONE_LIST[zone]) {
    for (let i = 0; i < free.length; i += 2) {
      if (zoneOf(free[i]! * PAGE_SIZE) !== from) continue;
      const have = free[i + 1]!;
      if (have >= order && (best < 0 || have < free[best + 1]!)) best = i;
    }
    if (best >= 0) break;
  }
  if (best < 0) return 0;
  const pfn = free[best]!;
  let have = free[best + 1]!;
  const rest: number[] = [];
  while (have > order) {
    have--;
    rest.unshift(pfn + 2 ** have, have);
  }
  // The upper halves are what is left: smallest and lowest first.
  free.splice(best, 2, ...rest);
  insertBlock(buddy.used, pfn, order);
  return pfn * PAGE_SIZE;
}

/** Give a block back. Returns why it cannot be free memory, or null. */
export function giveBlock(buddy: BuddyState, m: MemoryState, phys: number, order: number): string | null {
  const size = PAGE_SIZE * 2 ** order;
  if (phys % size !== 0 || pageIndex(m, phys) < 0 || pageIndex(m, phys + size - 1) < 0)
    return 'not a block of pages';
  let pfn = phys / PAGE_SIZE;
  if (overlaps(buddy, pfn, 2 ** order)) return 'the block is free already';
  const { free, used } = buddy;
  const handedOut = indexOf(used, pfn);
  if (handedOut >= 0) used.splice(handedOut, 2);
  let o = order;
  while (o < MAX_PAGE_ORDER) {
    const other = Math.floor(pfn / 2 ** o) % 2 === 0 ? pfn + 2 ** o : pfn - 2 ** o;
    const at = indexOf(free, other);
    if (at < 0 || free[at + 1] !== o) break;
    free.splice(at, 2);
    pfn = Math.min(pfn, other);
    o++;
  }
  insertBlock(free, pfn, o);
  return null;
}

/** Give frames that the allocator never had, block by block, merging them with what is free beside them. */
export function framesGoBack(buddy: BuddyState, m: MemoryState, first: number, count: number): void {
  const { free } = createBuddy(first, count);
  for (let i = 0; i < free.length; i += 2) giveBlock(buddy, m, free[i]! * PAGE_SIZE, free[i + 1]!);
}

function insertBlock(blocks: number[], pfn: number, order: number): void {
  let i = 0;
  while (i < blocks.length && blocks[i]! < pfn) i += 2;
  blocks.splice(i, 0, pfn, order);
}

/** Is the page free? */
export function isFree(buddy: BuddyState, phys: number): boolean {
  return overlaps(buddy, Math.floor(phys / PAGE_SIZE), 1);
}

function indexOf(free: readonly number[], pfn: number): number {
  for (let i = 0; i < free.length; i += 2) if (free[i] === pfn) return i;
  return -1;
}

function overlaps(buddy: BuddyState, pfn: number, count: number): boolean {
  const { free } = buddy;
  for (let i = 0; i < free.length; i += 2) {
    const start = free[i]!;
    if (start < pfn + count && pfn < start + 2 ** free[i + 1]!) return true;
  }
  return false;
}
