/**
 * The set of visited states: packed words in one typed array, found by open addressing over a power of two
 * of slots. States are compared word by word; a hash only says where to look.
 */
export class StateTable {
  /** Number of states stored. */
  count = 0;
  /** The words of all states, one after the other; longer than what is in use. */
  words: Int32Array;
  readonly #width: number;
  /** State index + 1; 0 is an empty slot. */
  #slots: Int32Array;
  #mask: number;

  /** @param width words per state */
  constructor(width: number, capacity = 1 << 12) {
    this.#width = width;
    this.words = new Int32Array(capacity * width);
    this.#slots = new Int32Array(capacity * 2);
    this.#mask = capacity * 2 - 1;
  }

  /** What it takes. */
  get bytes(): number {
    return this.words.byteLength + this.#slots.byteLength;
  }

  /** Used share of the slots. */
  get load(): number {
    return this.count / this.#slots.length;
  }

  /** Bytes that `reserve` would allocate. */
  growth(more: number): number {
    const needed = this.count + more;
    const words =
      needed * this.#width > this.words.length ? Math.max(needed * this.#width, this.words.length * 2) : 0;
    let slots = 0;
    if (needed * 2 > this.#slots.length) {
      slots = this.#slots.length;
      while (slots < needed * 2) slots *= 2;
    }
    return 4 * (words + slots);
  }

  /** Makes room for `more` states, so that `intern` need not ask. */
  reserve(more: number): void {
    const needed = this.count + more;
    if (needed * this.#width > this.words.length) {
      const grown = new Int32Array(Math.max(needed * this.#width, this.words.length * 2));
      grown.set(this.words);
      this.words = grown;
    }
    if (needed * 2 > this.#slots.length) this.#rehash(needed);
  }

  #rehash(needed: number): void {
    let size = this.#slots.length;
    while (size < needed * 2) size *= 2;
    const slots = new Int32Array(size);
    const mask = size - 1;
    for (let state = 0; state < this.count; state++) {
      let slot = hashWords(this.words, state * this.#width, this.#width) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = state + 1;
    }
    this.#slots = slots;
    this.#mask = mask;
  }

  /** The index of the state at `from[at …]`, which is added if it is new. Call `reserve` before. */
  intern(from: Int32Array, at: number): number {
    const width = this.#width;
    const words = this.words;
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = hashWords(from, at, width) & mask;
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      const base = (entry - 1) * width;
      let w = 0;
      while (w < width && words[base + w] === from[at + w]) w++;
      if (w === width) return entry - 1;
      slot = (slot + 1) & mask;
    }
    const state = this.count++;
    slots[slot] = state + 1;
    for (let w = 0, base = state * width; w < width; w++) words[base + w] = from[at + w]!;
    return state;
  }
}

/** Multiplicative mixing of 32-bit words; the low bits of the result are well spread. */
export function hashWords(words: Int32Array, at: number, width: number): number {
  let hash = 0x2545f491;
  for (let w = 0; w < width; w++) {
    hash = Math.imul(hash ^ words[at + w]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
