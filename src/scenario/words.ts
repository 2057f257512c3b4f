/** Numbers in messages. */

/** An address; `-1`, which stands for DMA_MAPPING_ERROR, as it is. */
export const hex = (n: number): string => (n < 0 ? `${n}` : `0x${n.toString(16)}`);

/** `1 page`, `3 pages`. */
export const count = (n: number, one: string): string => `${n} ${n === 1 ? one : `${one}s`}`;
