/**
 * The fields that each event of a log prints, learnt from the log itself: so that a line that was cut at a blank,
 * and would pass for a whole one, is found out.
 */
import { makeShape, type Shape } from './fields.ts';

interface Counted {
  readonly shape: Shape;
  count: number;
}

/** What is known about one event of a log. */
export interface Known {
  readonly shapes: Counted[];
  /** Shapes that were met after the learning and are not yet believed. */
  readonly candidates: Counted[];
  /** Entry probes and tracers by symbol: where the event was last seen, to note only what is new. */
  symbol: string | undefined;
}

export type Verdict = 'known' | 'cut' | 'odd';

const MAX_EVENTS = 10_000;
const MAX_SHAPES = 32;
/** So many lines of a new shape, and it was no accident. */
const BELIEVED = 3;
/** In the learning, a shape as rare as this beside one that is as common as that is an accident. */
const RARE = 2;
const COMMON = 8;

const sameNames = (shape: Shape, names: readonly string[]) =>
  shape.names.length === names.length && names.every((name, i) => shape.names[i] === name);

const startsWith = (names: readonly string[], head: readonly string[]) =>
  head.length < names.length && head.every((name, i) => names[i] === name);

export class Shapes {
  readonly #events = new Map<string, Known>();
  /** By symbol, the events (and `function`, the tracer) that fire at its entry. */
  readonly #entries = new Map<string, Set<string>>();
  readonly #names = new Set<string>();
  /** While true, every shape is taken and counted. */
  learning = false;

  /** The knowledge of one event; `key` is its name and whether it is a probe. */
  of(key: string): Known {
    let known = this.#events.get(key);
    if (!known) {
      known = { shapes: [], candidates: [], symbol: undefined };
      if (this.#events.size < MAX_EVENTS) this.#events.set(key, known);
    }
    return known;
  }

  /** Judges the names of a line's fields; `shape` is their shape, whatever the verdict. */
  judge(known: Known, names: readonly string[]): { readonly verdict: Verdict; readonly shape: Shape } {
    const found = known.shapes.find(({ shape }) => sameNames(shape, names));
    if (found) {
      if (this.learning) found.count++;
      return { verdict: 'known', shape: found.shape };
    }
    const shape = makeShape([...names]);
    if (this.#names.size < MAX_EVENTS) for (const name of names) this.#names.add(name);
    if (this.learning || known.shapes.length === 0) {
      if (known.shapes.length < MAX_SHAPES) known.shapes.push({ shape, count: 1 });
      return { verdict: 'known', shape };
    }
    if (known.shapes.some((other) => startsWith(other.shape.names, names))) return { verdict: 'cut', shape };
    return this.#candidate(known, shape);
  }

  /** A probe may be defined anew in the middle of a log: a shape that comes again and again is believed. */
  #candidate(known: Known, shape: Shape): { readonly verdict: Verdict; readonly shape: Shape } {
    let candidate = known.candidates.find((other) => sameNames(other.shape, shape.names));
    if (!candidate) {
      if (known.candidates.length >= MAX_SHAPES) return { verdict: 'odd', shape };
      candidate = { shape, count: 0 };
      known.candidates.push(candidate);
    }
    candidate.count++;
    if (candidate.count < BELIEVED || known.shapes.length >= MAX_SHAPES) return { verdict: 'odd', shape };
    known.shapes.push(candidate);
    known.candidates.splice(known.candidates.indexOf(candidate), 1);
    return { verdict: 'known', shape: candidate.shape };
  }

  /** Ends the learning: shapes that are the beginning of a commoner one, or rare beside a common one, go. */
  settle(): void {
    this.learning = false;
    for (const known of this.#events.values()) {
      const most = Math.max(...known.shapes.map(({ count }) => count));
      const kept = known.shapes.filter(
        ({ shape, count }) =>
          !(count <= RARE && most >= COMMON) &&
          !known.shapes.some((other) => other.count >= count && startsWith(other.shape.names, shape.names)),
      );
      known.shapes.splice(0, known.shapes.length, ...kept.sort((x, y) => y.count - x.count));
    }
  }

  /** Whether any line had a field of this name. */
  isField(name: string): boolean {
    return name === '' || this.#names.has(name);
  }

  /** Notes that an event fires at the entry of a symbol; without `known`, the function tracer's. */
  entered(known: Known | undefined, event: string, symbol: string): void {
    if (known) {
      if (known.symbol === symbol) return;
      known.symbol = symbol;
    }
    let events = this.#entries.get(symbol);
    if (!events) {
      if (this.#entries.size >= MAX_EVENTS) return;
      events = new Set();
      this.#entries.set(symbol, events);
    }
    if (events.size < MAX_SHAPES) events.add(event);
  }

  /** Whether more than one kind of probe sits on the symbol, so that depths shown at its entry are too high. */
  shared(symbol: string): boolean {
    const events = this.#entries.get(symbol);
    return events !== undefined && events.size > 1;
  }
}
