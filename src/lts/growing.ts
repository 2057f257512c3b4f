/**
 * Typed arrays that grow without a copy: their bytes lie in a WebAssembly memory, which the engine extends in place.
 * So they can be kept nearly full, and no moment needs twice the room. After `ensure`, take the view anew.
 */

/** Bytes of a WebAssembly page. */
const PAGE = 1 << 16;
/** Most pages that a memory may have: 4 GiB. */
const MOST = 1 << 16;
/** How much more than asked for is taken: an eighth of what there is. */
const SLACK = 8;

type View = Int32Array | Uint16Array;

interface Memory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}
// The compiler's library knows it only for browsers.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (of: { initial: number; maximum: number; shared: boolean }) => Memory };
};

/** An array of numbers of one width. */
export class Growing<T extends View> {
  view: T;
  readonly #memory: Memory;
  readonly #type: { new (buffer: SharedArrayBuffer): T; readonly BYTES_PER_ELEMENT: number };

  /** @param length room at the start, rounded up */
  constructor(
    type: { new (buffer: SharedArrayBuffer): T; readonly BYTES_PER_ELEMENT: number },
    length: number,
  ) {
    this.#type = type;
    const initial = Math.max(1, Math.ceil((length * type.BYTES_PER_ELEMENT) / PAGE));
    this.#memory = new WebAssembly.Memory({ initial, maximum: MOST, shared: true });
    this.view = new type(this.#memory.buffer);
  }

  /** Bytes that are taken. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * Makes room for `length` numbers; what is there stays.
   * @throws RangeError when there is no more memory
   */
  ensure(length: number): void {
    if (length <= this.view.length) return;
    const have = this.#memory.buffer.byteLength / PAGE;
    const need = Math.ceil((length * this.#type.BYTES_PER_ELEMENT) / PAGE);
    this.#memory.grow(Math.max(need - have, Math.min(Math.ceil(have / SLACK), MOST - have)));
    this.view = new this.#type(this.#memory.buffer);
  }
}
