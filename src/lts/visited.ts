/**
 * The set of visited states of a search that keeps no edges: open addressing over a power of two of 32-bit slots, at
 * most two thirds full.
 *
 * Where a state has few enough bits, a slot *is* the state. Its words are mixed by a function that can be undone; the
 * upper bits of the result say where to look first (its home), and what the home does not say stands in the slot: the
 * rest, and how far from its home the slot is. So two different states never look alike, one access decides, and no
 * words are kept (quotienting: Knuth, TAOCP 6.4, exercise 13; Cleary 1984). Because the home is the *upper* bits, a
 * larger table has the same order, and growing reads and writes from one end to the other.
 *
 * Elsewhere a slot holds the number of a state, and its words are compared.
 */
import { type Layout, pack } from './layout.ts';

/** Bits of the smallest table. */
const LEAST_BITS = 14;
/** A table never begins larger, so that small networks stay cheap. */
const MOST_FIRST_BITS = 20;
/** Bits at the least for the distance from home. */
const DISTANCE_BITS = 8;

export interface Geometry {
  /** Whether a slot is the state. */
  readonly quotient: boolean;
  /** Bits of the first table: it has `2 ** bits` slots. */
  readonly bits: number;
  /** Of the second word of a state: how many of its bits stand in the slot. */
  readonly extra: number;
}

/** Which of the two it is. */
export function geometryOf({ words, fields }: Layout): Geometry {
  const extra = fields.reduce((sum, { word, bits }) => sum + (word > 0 ? bits : 0), 0);
  const bits = Math.max(LEAST_BITS, extra + DISTANCE_BITS);
  const quotient = words <= 2 && bits <= MOST_FIRST_BITS;
  return quotient ? { quotient, bits, extra } : { quotient, bits: LEAST_BITS, extra: 0 };
}

/** Multiplications and shifts that can be undone: `x` in, `x` out, all of 32 bits. As generated code has it. */
export const MIX =
  'x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d); x = Math.imul(x ^ (x >>> 12), 0x297a2d39); x ^= x >>> 15;';

/** What is mixed, of words that expressions name. With one or two words it and the second word give back the first. */
export function mixedSource(words: readonly string[]): string {
  return words.reduceRight(
    (rest, word) => (rest === '' ? word : `${word} ^ Math.imul(${rest}, 0x9e3779b1)`),
    '',
  );
}

/** The same as the generated code does. */
export function hashOf(words: Int32Array, at: number, width: number): number {
  let x = words[at + width - 1]!;
  for (let w = width - 2; w >= 0; w--) x = words[at + w]! ^ Math.imul(x, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return x ^ (x >>> 15);
}

/**
 * A table of twice the slots. Every distance fits: what keeps a state from its home in the new table are states whose
 * homes lie before its own there, and so in the old table, where they had half the room.
 * @param shift 32 less the bits of the old table
 */
export function doubledQuotient(old: Int32Array, shift: number, extra: number): Int32Array {
  const slots = new Int32Array(old.length * 2);
  const rest = shift + extra;
  const less = rest - 1;
  const mask = slots.length - 1;
  const one = 1 << less;
  const whole = 2 ** rest - 1;
  const part = one - 1;
  const far = old.length - 1;
  for (let p = 0; p < old.length; p++) {
    const entry = old[p]!;
    if (entry === 0) continue;
    const home = (p - ((entry >>> rest) - 1)) & far;
    // The upper bit of the rest now belongs to the home.
    const kept = entry & whole;
    let at = (home << 1) + (kept >>> less);
    let key = ((kept & part) + one) | 0;
    while (slots[at] !== 0) {
      at = (at + 1) & mask;
      key = (key + one) | 0;
    }
    slots[at] = key;
  }
  return slots;
}

/** A table of `2 ** bits` slots for numbered states. @param words those of all states, one after the other */
export function indexTable(bits: number, words: Int32Array, width: number, count: number): Int32Array {
  const slots = new Int32Array(2 ** bits);
  const mask = slots.length - 1;
  for (let state = 0; state < count; state++) {
    let at = hashOf(words, state * width, width) >>> (32 - bits);
    while (slots[at] !== 0) at = (at + 1) & mask;
    slots[at] = state + 1;
  }
  return slots;
}

/** The words of a vector of local states. */
export function packed(layout: Layout, locals: readonly number[]): Int32Array {
  const words = new Int32Array(layout.words);
  pack(layout, locals, words);
  return words;
}
