/** Address ranges that do not overlap, ordered: what is known of pages. */

export interface Range {
  /** First byte, and the byte after the last. */
  readonly start: number;
  readonly end: number;
}

export class Ranges<T extends Range> {
  /** Ascending, disjoint. */
  readonly #all: T[] = [];

  get size(): number {
    return this.#all.length;
  }

  /** Index of the first range that ends behind `at`. */
  #from(at: number): number {
    let low = 0;
    let high = this.#all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#all[middle]!.end <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The ranges that have a byte in [start, end). */
  overlapping(start: number, end: number): readonly T[] {
    const from = this.#from(start);
    let to = from;
    while (to < this.#all.length && this.#all[to]!.start < end) to++;
    return from === to ? [] : this.#all.slice(from, to);
  }

  /** Whether [start, end) is covered without a gap by ranges that satisfy the test. */
  covers(start: number, end: number, test: (range: T) => boolean): boolean {
    let at = start;
    for (const range of this.overlapping(start, end)) {
      if (range.start > at || !test(range)) return false;
      at = range.end;
    }
    return at >= end;
  }

  /** Takes the bytes [start, end) out; what sticks out of them is kept as `cut` makes it. */
  remove(start: number, end: number, cut: (range: T, start: number, end: number) => T): void {
    const from = this.#from(start);
    let to = from;
    const rest: T[] = [];
    while (to < this.#all.length && this.#all[to]!.start < end) {
      const range = this.#all[to++]!;
      if (range.start < start) rest.push(cut(range, range.start, start));
      if (range.end > end) rest.push(cut(range, end, range.end));
    }
    this.#all.splice(from, to - from, ...rest);
  }

  /** Adds a range in the place of all that was known of its bytes. */
  put(range: T, cut: (range: T, start: number, end: number) => T): void {
    this.remove(range.start, range.end, cut);
    this.#all.splice(this.#from(range.start), 0, range);
  }

  clear(): void {
    this.#all.length = 0;
  }
}
