/** Where each instance's local state lies in the packed words of a network state. */
import type { Network } from './types.ts';

/** A bit field: `(words[word] >>> shift) & mask`, with `mask` as wide as the field. */
export interface Field {
  readonly word: number;
  readonly shift: number;
  readonly bits: number;
  readonly mask: number;
}

export interface Layout {
  /** Number of 32-bit words per state; at least 1. */
  readonly words: number;
  /** One field per instance, in the order of the network. */
  readonly fields: readonly Field[];
}

/** Bits that hold the values `0 … count-1`; none for a single value. */
export function bitsFor(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}

/**
 * Places the fields: widest first, each in the first word with room, so that no field straddles two words.
 * A field never fills a word (a machine has far fewer than 2^31 local states): -1 is never a field's value.
 */
export function layoutOf(network: Network): Layout {
  const bits = network.instances.map(({ lts }) => bitsFor(lts.states.length));
  const order = bits.map((_, i) => i).sort((a, b) => bits[b]! - bits[a]! || a - b);
  const used: number[] = [0];
  const fields: Field[] = [];
  for (const i of order) {
    const width = bits[i]!;
    let word = used.findIndex((taken) => taken + width <= 32);
    if (word < 0) word = used.push(0) - 1;
    fields[i] = { word, shift: width === 0 ? 0 : used[word]!, bits: width, mask: 2 ** width - 1 };
    used[word]! += width;
  }
  return { words: used.length, fields };
}

/** Packs local state indices into `into[offset …]`. */
export function pack(layout: Layout, locals: ArrayLike<number>, into: Int32Array, offset = 0): void {
  into.fill(0, offset, offset + layout.words);
  for (let i = 0; i < layout.fields.length; i++) {
    const { word, shift } = layout.fields[i]!;
    into[offset + word]! |= locals[i]! << shift;
  }
}

/** The local state index of one instance in a packed state. */
export function unpackOne(field: Field, words: Int32Array, offset: number): number {
  return (words[offset + field.word]! >>> field.shift) & field.mask;
}
