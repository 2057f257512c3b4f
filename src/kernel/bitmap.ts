/** Regions of a bitmap: blocks of 2^order entries, each at a multiple of its size (lib/bitmap.c). */

/** `bitmap_find_free_region()`: takes the first free region of an order. Its first entry, -1 when there is none. */
export function bitmap_find_free_region(bits: number[], order: number): number {
  const pages = 2 ** order;
  for (let i = 0; i + pages <= bits.length; i += pages) {
    if (bits.slice(i, i + pages).includes(1)) continue;
    bits.fill(1, i, i + pages);
    return i;
  }
  return -1;
}

/** `bitmap_release_region()`. Returns false when a part of it was not taken. */
export function bitmap_release_region(bits: number[], first: number, order: number): boolean {
  const taken = !bits.slice(first, first + 2 ** order).includes(0);
  bits.fill(0, first, first + 2 ** order);
  return taken;
}
