/** The search without edges, batch by batch, by generated loops over typed arrays. */

import { ampleOf } from './ample.ts';
import { detoursOf, noDetours } from './detours.ts';
import { Growing } from './growing.ts';
import type { Layout } from './layout.ts';
import { type Candidate, mostSteps, planOf } from './plan.ts';
import { type Concerned, Relevance } from './relevance.ts';
import type { Network, Path } from './types.ts';
import type { Limits, Searched, VerifyProgress } from './verify.ts';
import {
  EVENT_MASK,
  type Listener,
  type Loops,
  loopsOf,
  MOST_CONCERNS,
  MOST_STEPS,
} from './verify-codegen.ts';
import type { SafetyWatch } from './verify-watch.ts';
import { doubledQuotient, type Geometry, geometryOf, hashOf, indexTable, packed } from './visited.ts';

/** States of a batch at most, and successors that they may have together. */
const BATCH = 64;
const BATCH_STEPS = 4096;
/** The search may be stopped after so many states; words at the front of the queue are dropped then. */
const SLICE = 1 << 14;

/** What matters to speed only. */
export interface Tuning {
  readonly geometry: Geometry;
  readonly batch: number;
  readonly slice: number;
  /** Steps are left out that change no verdict (see `ample.ts`); counts and lengths are then not the full search's. */
  readonly reduce?: boolean;
}

/** As they are when nothing else is said. */
export const tuningOf = (layout: Layout): Tuning => ({
  geometry: geometryOf(layout),
  batch: BATCH,
  slice: SLICE,
});

export class FastSearch implements Listener {
  readonly #layout: Layout;
  readonly #watch: SafetyWatch;
  readonly #limits: Limits;
  readonly #geometry: Geometry;
  readonly #loops: Loops;
  readonly #fanOut: number;
  readonly #batch: number;
  readonly #slice: number;
  /** Stands for the event that the initial state was found by. */
  readonly #none: number;
  /** By number of a code: what it concerns, and whether any of it is still looked for. */
  readonly #concerned: readonly Concerned[];
  readonly #stateConcerns: Uint8Array;
  readonly #stepConcerns: Uint8Array;
  readonly #queue: Growing<Int32Array>;
  readonly #parent = new Growing<Int32Array>(Int32Array, 1);
  readonly #by = new Growing<Uint16Array>(Uint16Array, 1);
  readonly #out: Int32Array;
  #slots: Int32Array;
  #shift: number;
  /** Number of the first state in the queue. */
  #base = 0;
  #count = 0;
  #head = 0;
  #transitions = 0;
  #depth = 0;

  /** Whether a network is small enough for the numbers in its codes. */
  static can(network: Network, layout: Layout): boolean {
    return network.events.length < EVENT_MASK && mostSteps(planOf(network, layout)) <= MOST_STEPS;
  }

  /** @throws EvalError where code generation is forbidden */
  constructor(
    network: Network,
    layout: Layout,
    watch: SafetyWatch,
    limits: Limits,
    { geometry, batch, slice, reduce }: Tuning = tuningOf(layout),
  ) {
    this.#layout = layout;
    this.#watch = watch;
    this.#limits = limits;
    this.#geometry = geometry;
    const plan = planOf(network, layout);
    this.#fanOut = Math.max(1, mostSteps(plan));
    this.#slice = slice;
    this.#batch = Math.max(1, Math.min(batch, Math.floor(BATCH_STEPS / this.#fanOut)));
    const numbered = new Concerns(network, watch);
    this.#loops = loopsOf(network, {
      layout,
      plan,
      geometry: this.#geometry,
      // They lean on every step being taken.
      detours: reduce === true ? noDetours(network.events.length) : detoursOf(network),
      ample: reduce === true ? ampleOf(network, plan, (...step) => numbered.sees(...step)) : null,
      concern: (candidate, pivot, state) => numbered.of(candidate, pivot, state),
    });
    this.#none = network.events.length;
    this.#concerned = numbered.all;
    this.#stateConcerns = new Uint8Array(this.#concerned.length);
    this.#stepConcerns = new Uint8Array(this.#concerned.length);
    this.#listen();
    this.#queue = new Growing<Int32Array>(Int32Array, layout.words);
    this.#out = new Int32Array(this.#batch * this.#fanOut * (layout.words + 1));
    this.#shift = 32 - this.#geometry.bits;
    this.#slots = new Int32Array(2 ** this.#geometry.bits);
  }

  /** @yields now and then, where the search may be stopped */
  *run(initial: readonly number[]): Generator<VerifyProgress, Searched, boolean> {
    const batch = this.#batch;
    const most = batch * this.#fanOut;
    const ends = new Int32Array(batch);
    const counts = new Int32Array(batch);
    const resume = new Int32Array(2);
    const mixed = new Int32Array(most);
    const { words: W } = this.#layout;
    this.#begin(packed(this.#layout, initial));
    let levelEnd = 1;
    let next = 0;
    let stopped: Searched['stopped'] = null;
    while (this.#head < this.#count) {
      if (this.#head === levelEnd) {
        this.#depth++;
        levelEnd = this.#count;
      }
      const n = Math.min(batch, levelEnd - this.#head, this.#allowed());
      if (n === 0) stopped = 'states';
      else if (this.#head >= next) {
        next = this.#head + this.#slice;
        if (this.#bytes > this.#limits.maxBytes) stopped = 'memory';
        else if (yield this.progress()) stopped = 'asked';
        this.#drop();
      }
      if (stopped === null && !this.#room(most)) stopped = 'memory';
      if (stopped !== null) break;
      const from = (this.#head - this.#base) * W;
      const used = this.#loops.expand(
        this.#queue.view,
        from,
        from + n * W,
        this.#out,
        this.#by.view,
        this.#head,
        ends,
        counts,
        this.#stepConcerns,
      );
      this.#loops.touch(this.#out, used, mixed, this.#slots, this.#shift);
      resume.fill(0);
      while (resume[0]! < n) {
        this.#count = this.#loops.insert(
          this.#out,
          ends,
          counts,
          resume,
          mixed,
          this.#slots,
          this.#shift,
          this.#queue.view,
          this.#base,
          this.#parent.view,
          this.#by.view,
          this.#count,
          this.#head,
          n,
          this.#stateConcerns,
          this.#stepConcerns,
          this,
        );
        if (resume[0]! < n) this.#grow();
      }
      this.#head += n;
      for (let s = 0; s < n; s++) this.#transitions += counts[s]!;
    }
    return { progress: this.progress(), stopped, pathTo: (state) => this.#pathTo(state) };
  }

  progress(): VerifyProgress {
    return {
      states: this.#count,
      expanded: this.#head,
      transitions: this.#transitions,
      depth: this.#depth,
      bytes: this.#bytes,
      load: this.#count / this.#slots.length,
    };
  }

  stuck(state: number): void {
    this.#watch.stuck(state, this.#queue.view, (state - this.#base) * this.#layout.words);
  }

  fresh(concern: number, event: number, source: number, state: number, at: number): void {
    this.#watch.state(this.#concerned[concern]!.states, state, this.#out, at, this.#step(source, event));
    this.#listen();
  }

  taken(concern: number, event: number, source: number): void {
    this.#watch.step(this.#concerned[concern]!.steps, this.#step(source, event));
    this.#listen();
  }

  #step(source: number, event: number) {
    return { source, event, words: this.#queue.view, at: (source - this.#base) * this.#layout.words };
  }

  #heard = -1;

  /** What has been found is no longer listened for. */
  #listen(): void {
    const { found, onState, onStep } = this.#watch;
    if (found.size === this.#heard) return;
    this.#heard = found.size;
    this.#concerned.forEach(({ states, steps }, c) => {
      this.#stateConcerns[c] = states.some((i) => !found.has(onState[i]!.of.name)) ? 1 : 0;
      this.#stepConcerns[c] = steps.some((i) => !found.has(onStep[i]!.of.name)) ? 1 : 0;
    });
  }

  #begin(first: Int32Array): void {
    const { words: W } = this.#layout;
    this.#queue.ensure(W);
    this.#queue.view.set(first);
    const hash = hashOf(first, 0, W);
    const { quotient, extra } = this.#geometry;
    const rest = ((hash & (2 ** this.#shift - 1)) << extra) | (W > 1 && extra > 0 ? first[1]! : 0);
    this.#slots[hash >>> this.#shift] = quotient ? rest + (1 << (this.#shift + extra)) : 1;
    this.#parent.view[0] = -1;
    this.#by.view[0] = this.#none;
    this.#count = 1;
    const all = this.#watch.onState.map((_, i) => i);
    this.#watch.state(all, 0, first, 0, { source: -1, event: -1, words: first, at: 0 });
    this.#listen();
  }

  /** How many states may be expanded before the bound on states must be looked at again. */
  #allowed(): number {
    const { maxStates } = this.#limits;
    if (this.#count > maxStates) return 0;
    return Math.max(1, Math.floor((maxStates - this.#count) / this.#fanOut));
  }

  get #bytes(): number {
    return this.#queue.bytes + this.#parent.bytes + this.#by.bytes + this.#slots.byteLength;
  }

  /** Room for `more` states, so that the loops need not ask. @returns false when there is no more memory */
  #room(more: number): boolean {
    const needed = this.#count + more;
    try {
      this.#queue.ensure((needed - this.#base) * this.#layout.words);
      this.#parent.ensure(needed);
      this.#by.ensure(needed);
      while (needed * 3 > this.#slots.length * 2) {
        // The old table and one of twice its size stand side by side for a while.
        if (this.#bytes + this.#slots.byteLength * 2 > this.#limits.maxBytes) return false;
        this.#grow();
      }
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  #grow(): void {
    const { quotient, extra } = this.#geometry;
    this.#slots = quotient
      ? doubledQuotient(this.#slots, this.#shift, extra)
      : indexTable(33 - this.#shift, this.#queue.view, this.#layout.words, this.#count);
    this.#shift = 32 - Math.log2(this.#slots.length);
  }

  /** Words of expanded states, where the table does not read them. */
  #drop(): void {
    const gone = this.#head - this.#base;
    const left = this.#count - this.#head;
    if (!this.#geometry.quotient || gone < this.#slice || gone < left) return;
    const W = this.#layout.words;
    this.#queue.view.copyWithin(0, gone * W, (gone + left) * W);
    this.#base = this.#head;
  }

  #pathTo(state: number): Path {
    const path: number[] = [];
    for (let s = state; s > 0; s = this.#parent.view[s]!) path.push(this.#by.view[s]!);
    return path.reverse();
  }
}

/** Numbers what steps concern, so that a code can carry it. */
class Concerns {
  readonly all: Concerned[];
  readonly #numbers = new Map<string, number>();
  readonly #relevance: Relevance;

  constructor(network: Network, watch: SafetyWatch) {
    this.#relevance = new Relevance(network, watch);
    // The last resort, where there are too many: everything.
    this.all = [{ states: watch.onState.map((_, i) => i), steps: watch.onStep.map((_, i) => i) }];
  }

  /** Whether a property may tell that the step was taken. */
  sees(candidate: Candidate, pivot: number, state: number): boolean {
    return this.#relevance.sees(candidate, pivot, state);
  }

  of(candidate: Candidate, pivot: number, state: number): { number: number; steps: boolean } {
    const concerned = this.#relevance.of(candidate, pivot, state);
    const key = `${concerned.states.join()};${concerned.steps.join()}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.all.length < MOST_CONCERNS ? this.all.push(concerned) - 1 : 0;
      this.#numbers.set(key, number);
    }
    return { number, steps: this.all[number]!.steps.length > 0 };
  }
}
