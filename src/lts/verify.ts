/**
 * Safety verdicts without a graph: states are judged while they are found, and edges are not kept. For what a person
 * waits for, and for systems whose edges would not fit. Verdicts and shortest lengths are those of `check` on the
 * explored graph.
 */
import { PropertyError } from './errors.ts';
import { Growing } from './growing.ts';
import { type Layout, layoutOf, pack } from './layout.ts';
import { type SuccessorMode, successorsOf } from './successors.ts';
import { hashWords } from './table.ts';
import type { Network, Path } from './types.ts';
import { type SafetyProperty, SafetyWatch, type Watched } from './verify-watch.ts';

export interface VerifyOptions {
  /** No more states are expanded once there are more than this. Default: no such bound. */
  readonly maxStates?: number;
  /** No more states are expanded once the tables take more bytes than this. */
  readonly maxBytes?: number;
  /** Asked now and then; true stops the search. */
  readonly stop?: () => boolean;
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly successors?: SuccessorMode;
}

export interface VerifyProgress {
  readonly states: number;
  readonly expanded: number;
  readonly transitions: number;
  /** Length of the paths that are being made longer. */
  readonly depth: number;
  readonly bytes: number;
}

export interface Verified extends VerifyProgress {
  /** Why the search stopped before its end; null: everything that is reachable was seen. */
  readonly stopped: null | 'states' | 'memory' | 'asked';
  readonly verdicts: readonly Watched[];
  /** 32-bit words of a packed state. */
  readonly words: number;
}

const PROGRESS_EVERY = 1 << 15;

/**
 * Judges safety properties and `possible`s in one breadth-first search.
 *
 * Memory beyond the packed states: a slot and a half to three of 4 bytes a state, and what leads to it, 6 bytes.
 *
 * @throws PropertyError for a leads-to, which needs the graph, and as `check` does
 */
export function verify(
  network: Network,
  properties: readonly SafetyProperty[],
  options: VerifyOptions = {},
): Verified {
  for (const { name, kind } of properties as readonly { name: string; kind: string }[]) {
    if (kind === 'leads-to') throw new PropertyError(name, 'a leads-to needs the explored graph');
  }
  return new Search(network, properties, options).run();
}

class Search {
  readonly #options: VerifyOptions;
  readonly #network: Network;
  readonly #layout: Layout;
  readonly #watch: SafetyWatch;
  readonly #words: Growing<Int32Array>;
  readonly #parent: Growing<Int32Array>;
  readonly #event: Growing<Int32Array> | Growing<Uint16Array>;
  #slots = new Int32Array(1 << 14);
  #count = 0;
  #transitions = 0;
  #head = 0;
  #depth = 0;

  constructor(network: Network, properties: readonly SafetyProperty[], options: VerifyOptions) {
    this.#network = network;
    this.#options = options;
    this.#layout = layoutOf(network);
    this.#words = new Growing<Int32Array>(Int32Array, this.#layout.words);
    this.#parent = new Growing<Int32Array>(Int32Array, 1);
    this.#event = network.events.length < 1 << 16 ? new Growing(Uint16Array, 1) : new Growing(Int32Array, 1);
    this.#watch = new SafetyWatch(network, this.#layout, properties);
  }

  run(): Verified {
    const { maxStates = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = this.#options;
    const { successors } = successorsOf(this.#network, this.#layout, this.#options.successors);
    const watch = this.#watch;
    const W = this.#layout.words;
    const stride = W + 1;
    const fanOut = this.#network.events.length;
    const out = new Int32Array(Math.max(1, fanOut) * stride);
    const first = new Int32Array(W);
    pack(this.#layout, this.#network.initial, first);
    this.#room(1);
    this.#intern(first, 0);
    watch.state(0, first, 0);
    const watches = watch.events;
    let stopped: Verified['stopped'] = null;
    let levelEnd = 1;
    let head = 0;
    for (; head < this.#count; head++) {
      if (head === levelEnd) {
        this.#depth++;
        levelEnd = this.#count;
      }
      this.#head = head;
      if (this.#count > maxStates) stopped = 'states';
      else if ((head & (PROGRESS_EVERY - 1)) === 0) stopped = this.#pause(maxBytes);
      if (stopped !== null) break;
      this.#room(fanOut);
      const words = this.#words.view;
      const parent = this.#parent.view;
      const by = this.#event.view;
      const end = successors(words, head * W, out);
      if (end === 0) watch.stuck(head, words, head * W);
      for (let k = 0; k < end; k += stride) {
        const known = this.#count;
        const target = this.#intern(out, k + 1);
        const event = out[k]!;
        if (target === known) {
          parent[target] = head;
          by[target] = event;
          watch.state(target, out, k + 1);
        }
        if (watches[event] === 1) watch.step(head, event, words, head * W);
        if (watch.anyBad) watch.edge(head, event, target, words, head * W);
      }
      this.#transitions += end / stride;
    }
    this.#head = head;
    this.#options.onProgress?.(this.#progress());
    return {
      ...this.#progress(),
      stopped,
      words: W,
      verdicts: watch.verdicts(stopped === null, (state) => this.#pathTo(state)),
    };
  }

  #pause(maxBytes: number): Verified['stopped'] {
    const progress = this.#progress();
    this.#options.onProgress?.(progress);
    if (progress.bytes > maxBytes) return 'memory';
    return this.#options.stop?.() === true ? 'asked' : null;
  }

  #progress(): VerifyProgress {
    return {
      states: this.#count,
      expanded: this.#head,
      transitions: this.#transitions,
      depth: this.#depth,
      bytes: this.#words.bytes + this.#parent.bytes + this.#event.bytes + this.#slots.byteLength,
    };
  }

  /** Room for `more` states, so that the inner loop need not ask. */
  #room(more: number): void {
    const needed = this.#count + more;
    this.#words.ensure(needed * this.#layout.words);
    this.#parent.ensure(needed);
    this.#event.ensure(needed);
    // At most two thirds full: linear probing stays short.
    if (needed * 3 > this.#slots.length * 2) this.#rehash(needed);
  }

  #rehash(needed: number): void {
    let size = this.#slots.length;
    while (needed * 3 > size * 2) size *= 2;
    const slots = new Int32Array(size);
    const mask = size - 1;
    const W = this.#layout.words;
    const words = this.#words.view;
    for (let state = 0; state < this.#count; state++) {
      let slot = hashWords(words, state * W, W) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = state + 1;
    }
    this.#slots = slots;
  }

  #intern(from: Int32Array, at: number): number {
    const W = this.#layout.words;
    const words = this.#words.view;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashWords(from, at, W) & mask;
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      const base = (entry - 1) * W;
      let w = 0;
      while (w < W && words[base + w] === from[at + w]) w++;
      if (w === W) return entry - 1;
      slot = (slot + 1) & mask;
    }
    const state = this.#count++;
    slots[slot] = state + 1;
    for (let w = 0, base = state * W; w < W; w++) words[base + w] = from[at + w]!;
    return state;
  }

  #pathTo(state: number): Path {
    const path: number[] = [];
    for (let s = state; s > 0; s = this.#parent.view[s]!) path.push(this.#event.view[s]!);
    return path.reverse();
  }
}
