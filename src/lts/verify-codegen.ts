/**
 * The inner loops of a search that keeps no edges, as generated JavaScript. Many states are expanded at once, then all
 * their successors are mixed and their slots looked at, then they are put into the table: memory answers many
 * questions together, and one by one only what is in the cache by then.
 */
import { type CodeOf, each, expandSource, pivotSources, tableNames } from './codegen.ts';
import type { Layout } from './layout.ts';
import type { Plan } from './plan.ts';
import type { Network } from './types.ts';
import { type Geometry, MIX, mixedSource } from './visited.ts';

/** A code is an event, and above it the number of what the step concerns. */
export const EVENT_BITS = 16;
export const EVENT_MASK = 2 ** EVENT_BITS - 1;
/** Numbers of what a step concerns lie below this. */
export const MOST_CONCERNS = 2 ** (31 - EVENT_BITS);

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
   * Appends the successors of the states `queue[at … end-1]` to `out`: for each a code and its words. `ends` gets, by
   * state, where its successors end.
   * @returns how much of `out` is used
   */
  expand(queue: Int32Array, at: number, end: number, out: Int32Array, ends: Int32Array): number;
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

/** @throws EvalError where code generation is forbidden */
export function loopsOf(
  network: Network,
  layout: Layout,
  plan: Plan,
  geometry: Geometry,
  codeOf: CodeOf,
): Loops {
  const source = loopsSource(layout, plan, geometry, codeOf);
  const known = warm.get(network) ?? new Map<string, Loops>();
  warm.set(network, known);
  const before = known.get(source);
  if (before !== undefined) return before;
  const made = new Function(...tableNames(plan.tables), source)(...plan.tables) as Loops;
  known.set(source, made);
  return made;
}

export function loopsSource(layout: Layout, plan: Plan, geometry: Geometry, codeOf: CodeOf): string {
  const stride = layout.words + 1;
  const words = each(layout.words, (w) => `out[k + ${w + 1}]`);
  return `"use strict";
${pivotSources(plan, layout, codeOf)}
function expand(v, at, end, o, ends) {
let k = 0;
for (let s = 0; at < end; at += ${layout.words}, s++) {
${expandSource(plan, layout, `(e & ${EVENT_MASK})`)}
ends[s] = k;
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
  return `function insert(out, ends, resume, mixed, slots, shift, queue, base, parent, by, count, head, n, stateConcerns, stepConcerns, listener) {
const mask = slots.length - 1;
const rest = shift + ${geometry.extra};
const low = (1 << shift) - 1;
const one = 1 << rest;
let s = resume[0], k = resume[1], j = k / ${W + 1} | 0;
for (; s < n; s++) {
const end = ends[s];
if (k === end) listener.stuck(head + s);
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
  const rest = W === 1 || extra === 0 ? 'x & low' : `(x & low) << ${extra} | out[k + 2]`;
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
