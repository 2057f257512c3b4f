/**
 * The inner loops of a search that keeps no edges, as generated JavaScript. Many states are expanded at once, then all
 * their successors are mixed and their slots looked at, then they are put into the table: memory answers many
 * questions together, and one by one only what is in the cache by then.
 */
import type { Ample } from './ample.ts';
import {
  ampleSource,
  each,
  expandReducedSource,
  expandSource,
  pivotSources,
  type Style,
  sortSource,
  tableNames,
} from './codegen.ts';
import type { Detours } from './detours.ts';
import type { Layout } from './layout.ts';
import type { Candidate, Plan } from './plan.ts';
import type { Network } from './types.ts';
import { type Geometry, MIX, mixedSource } from './visited.ts';

/** A code is an event, and above it the number of what the step concerns. */
export const EVENT_BITS = 16;
export const EVENT_MASK = 2 ** EVENT_BITS - 1;
/** Numbers of what a step concerns lie below this. */
export const MOST_CONCERNS = 2 ** (31 - EVENT_BITS);

/** Pivots count the enabled events of a state above these bits, and say below where `out` ends. */
const END_BITS = 20;
const END_MASK = 2 ** END_BITS - 1;
/** So many successors of a state can be counted. */
export const MOST_STEPS = 2 ** (31 - END_BITS) - 1;

/** What the loops tell of, as they come by it. */
export interface Listener {
  /** A state of the batch, by number, has no step. */
  stuck(state: number): void;
  /** A new state was found: what is interesting in it, its number, and where its words are in `out`. */
  fresh(concern: number, event: number, source: number, state: number, at: number): void;
  /** A step was taken. */
  taken(concern: number, event: number, source: number): void;
}

export interface Loops {
  /**
   * Writes the successors of the states `queue[at … end-1]` to `out`, less detours: for each a code and its words.
   * @param by by state, from `head` on: the event that it was found by
   * @param ends gets, by state, where its successors end
   * @param counts gets, by state, the number of its steps, detours among them
   * @returns how much of `out` is used
   */
  expand(
    queue: Int32Array,
    at: number,
    end: number,
    out: Int32Array,
    by: Uint16Array,
    head: number,
    ends: Int32Array,
    counts: Int32Array,
    stepConcerns: Uint8Array,
  ): number;
  /** Mixes the words of all successors, and looks at their slots. The result means nothing. */
  touch(out: Int32Array, used: number, mixed: Int32Array, slots: Int32Array, shift: number): number;
  /**
   * Puts the successors into the table, new ones at the end of the queue.
   * @param resume `[state of the batch, place in out]` where to begin; where it ended, when a distance does not fit
   * @returns the number of states
   */
  insert(
    out: Int32Array,
    ends: Int32Array,
    counts: Int32Array,
    resume: Int32Array,
    mixed: Int32Array,
    slots: Int32Array,
    shift: number,
    queue: Int32Array,
    base: number,
    parent: Int32Array,
    by: Uint16Array,
    count: number,
    head: number,
    n: number,
    stateConcerns: Uint8Array,
    stepConcerns: Uint8Array,
    listener: Listener,
  ): number;
}

/** Loops by their source, by network: what is searched again finds its code warm. */
const warm = new WeakMap<Network, Map<string, Loops>>();

export interface LoopParts {
  readonly layout: Layout;
  readonly plan: Plan;
  readonly geometry: Geometry;
  readonly detours: Detours;
  /** Where not all steps need be taken; null: nowhere. */
  readonly ample: Ample | null;
  /** What the step of a candidate concerns; `steps` says whether steps are among it. */
  concern(candidate: Candidate, pivot: number, state: number): { number: number; steps: boolean };
}

/** @throws EvalError where code generation is forbidden */
export function loopsOf(network: Network, parts: LoopParts): Loops {
  const source = loopsSource(parts);
  const known = warm.get(network) ?? new Map<string, Loops>();
  warm.set(network, known);
  const before = known.get(source);
  if (before !== undefined) return before;
  const { tables } = parts.plan;
  const made = new Function('keep', ...tableNames(tables), source)(parts.detours.keep, ...tables) as Loops;
  known.set(source, made);
  return made;
}

/** Successors that must be looked at are kept, all are counted. */
function styleOf({ layout, detours, concern }: LoopParts): Style {
  const stride = layout.words + 1;
  const ofSteps = new Set<number>();
  return {
    parameters: 'z, r, live',
    code(candidate, pivot, state) {
      const { number, steps } = concern(candidate, pivot, state);
      const code = (number << EVENT_BITS) | candidate.event;
      if (steps) ofSteps.add(code);
      return code;
    },
    event: (code) => `(${code} & ${EVENT_MASK})`,
    begin(candidates) {
      const alone = candidates.filter(({ others }) => others.length === 0).length;
      const rows = new Set(
        candidates.filter(({ event }) => detours.avoidable[event]).map(({ event }) => event >>> 5),
      );
      return [
        `let k = z & ${END_MASK}, n = z - k + ${alone << END_BITS};`,
        ...[...rows].map((row) => `const r${row} = keep[r + ${row}];`),
      ].join(' ');
    },
    keep({ event, others }, code) {
      const count = others.length === 0 ? '' : `n += ${1 << END_BITS}; `;
      if (!detours.avoidable[event]) return `${count}k += ${stride};`;
      const bit = `r${event >>> 5} >>> ${event & 31} & 1`;
      const live = ofSteps.has(code) ? `(${bit} | live[${code >>> EVENT_BITS}])` : `(${bit})`;
      return `${count}k += ${stride === 2 ? `${live} << 1` : `-${live} & ${stride}`};`;
    },
    end: 'return n + k;',
  };
}

export function loopsSource(parts: LoopParts): string {
  const { layout, plan, geometry, detours, ample } = parts;
  const stride = layout.words + 1;
  const words = each(layout.words, (w) => `out[k + ${w + 1}]`);
  const style = styleOf(parts);
  return `"use strict";
${pivotSources(plan, layout, style)}
${ample === null ? '' : ampleSource(ample)}
function expand(v, at, end, o, by, head, ends, counts, live) {
let k = 0;
for (let s = 0; at < end; at += ${layout.words}, s++) {
const r = by[head + s] * ${detours.width}${plan.sorted ? '' : ', begin = k'};
let z = k;
${ample === null ? expandSource(plan, layout, style, 'z') : expandReducedSource(plan, layout, style, 'z', ample)}
k = z & ${END_MASK};
${plan.sorted ? '' : sortSource(layout.words, 'begin', style)}
ends[s] = k;
counts[s] = z >>> ${END_BITS};
}
return k;
}
function touch(out, used, mixed, slots, shift) {
let any = 0;
for (let k = 0, j = 0; k < used; k += ${stride}, j++) {
let x = ${mixedSource(words)};
${MIX}
mixed[j] = x;
any |= slots[x >>> shift];
}
return any;
}
${insertSource(layout, geometry)}
return { expand, touch, insert };`;
}

function insertSource({ words: W }: Layout, geometry: Geometry): string {
  return `function insert(out, ends, counts, resume, mixed, slots, shift, queue, base, parent, by, count, head, n, stateConcerns, stepConcerns, listener) {
const mask = slots.length - 1;
const rest = shift + ${geometry.extra};
const low = (1 << shift) - 1;
const one = 1 << rest;
let s = resume[0], k = resume[1], j = k / ${W + 1} | 0;
for (; s < n; s++) {
const end = ends[s];
if (counts[s] === 0) listener.stuck(head + s);
for (; k < end; k += ${W + 1}, j++) {
const x = mixed[j], code = out[k];
let at = x >>> shift;
${geometry.quotient ? quotientSource(W, geometry) : indexSource(W)}
parent[count] = head + s;
by[count] = code;
const q = (count - base) * ${W};
${each(W, (w) => `queue[q + ${w}] = out[k + ${w + 1}];`).join(' ')}
if (stateConcerns[code >>> ${EVENT_BITS}] !== 0) listener.fresh(code >>> ${EVENT_BITS}, code & ${EVENT_MASK}, head + s, count, k + 1);
count++;
}
if (stepConcerns[code >>> ${EVENT_BITS}] !== 0) listener.taken(code >>> ${EVENT_BITS}, code & ${EVENT_MASK}, head + s);
}
}
resume[0] = n;
return count;
}`;
}

// Leaves the block of a new state open.
function quotientSource(W: number, { extra }: Geometry): string {
  const rest = extra === 0 ? 'x & low' : `(x & low) << ${extra}${W === 1 ? '' : ' | out[k + 2]'}`;
  return `let key = (${rest}) + one | 0, entry = slots[at];
while (entry !== 0 && entry !== key) {
key = key + one | 0;
if (key >>> rest === 0) { resume[0] = s; resume[1] = k; return count; }
at = at + 1 & mask;
entry = slots[at];
}
if (entry === 0) {
slots[at] = key;`;
}

// Words are compared where they stand in the queue, from which nothing is dropped then.
function indexSource(W: number): string {
  const differ = each(W, (w) => `queue[(entry - 1) * ${W} + ${w}] !== out[k + ${w + 1}]`).join(' || ');
  return `let entry = slots[at];
while (entry !== 0 && (${differ})) {
at = at + 1 & mask;
entry = slots[at];
}
if (entry === 0) {
slots[at] = count + 1;`;
}
