/**
 * Successors as generated JavaScript: one function per pivot, a `switch` over its local state, and in each
 * case straight-line code for the events to try there. Words are plain integers, fields constants.
 */
import type { Layout } from './layout.ts';
import { BLOCKED, type Candidate, type Pivot, type Plan, planOf } from './plan.ts';
import type { Successors } from './successors.ts';
import type { Network } from './types.ts';

/** V8 does not optimise very long functions; a pivot with more candidates than this gets one per local state. */
const MAX_CANDIDATES = 200;

/** What stands before the words of a successor: the event, or a number whose lower 16 bits are the event. */
export type CodeOf = (candidate: Candidate, pivot: number, state: number) => number;

/** See `Successors` for the contract. @throws EvalError where code generation is forbidden. */
export function generateSuccessors(network: Network, layout: Layout): Successors {
  const { source, tables } = successorSource(network, layout);
  return new Function(...tableNames(tables), source)(...tables) as Successors;
}

/** The source of a factory, whose parameters `t0, t1, …` are the tables, that returns the function. */
export function successorSource(
  network: Network,
  layout: Layout,
): { readonly source: string; readonly tables: readonly Int32Array[] } {
  const plan = planOf(network, layout);
  const source = [
    '"use strict";',
    pivotSources(plan, layout, ({ event }) => event),
    'return function successors(v, at, o) {',
    'let k = 0;',
    expandSource(plan, layout, 'e'),
    'return k;',
    '};',
  ].join('\n');
  return { source, tables: plan.tables };
}

/** Names of the tables, as the generated code knows them. */
export const tableNames = (tables: readonly Int32Array[]): string[] => tables.map((_, t) => `t${t}`);

/** One function for each pivot: it appends the successors that it finds to `o` from `k` on, and returns the new `k`. */
export function pivotSources(plan: Plan, layout: Layout, codeOf: CodeOf): string {
  return plan.pivots.map((pivot) => pivotSource(pivot, layout, codeOf)).join('\n');
}

/**
 * Statements that append the successors of the state `v[at …]` to `o` from `k` on, in the order of events.
 * @param event an expression: the event that a code `e` stands for
 */
export function expandSource(plan: Plan, layout: Layout, event: string): string {
  return [
    ...each(layout.words, (w) => `const w${w} = v[at + ${w}] | 0;`),
    ...(plan.sorted ? [] : ['const begin = k;']),
    ...plan.pivots.map(({ instance }) => `k = p${instance}(${wordNames(layout)}, o, k);`),
    ...(plan.sorted ? [] : [sortSource(layout.words, event)]),
  ].join('\n');
}

/** One text for each of `0 … count-1`. */
export const each = (count: number, text: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => text(n));

const wordNames = ({ words }: Layout): string => each(words, (w) => `w${w}`).join(', ');

function pivotSource({ instance, candidates }: Pivot, layout: Layout, codeOf: CodeOf): string {
  const args = wordNames(layout);
  const total = candidates.reduce((sum, list) => sum + list.length, 0);
  const split = total > MAX_CANDIDATES;
  const apart: string[] = [];
  const cases = candidates.map((list, state) => {
    if (list.length === 0) return '';
    const tries = list.map((c) => candidateSource(c, instance, layout, codeOf(c, instance, state)));
    const body = `${locals(list, layout)}\n${tries.join('\n')}`;
    if (!split) return `case ${state}: {\n${body}\nreturn k;\n}`;
    apart.push(`function p${instance}s${state}(${args}, o, k) {\n${body}\nreturn k;\n}`);
    return `case ${state}: return p${instance}s${state}(${args}, o, k);`;
  });
  return [
    ...apart,
    `function p${instance}(${args}, o, k) {`,
    `switch (${local(instance, layout)}) {`,
    ...cases.filter((text) => text !== ''),
    '}',
    'return k;',
    '}',
  ].join('\n');
}

/** Reads the local states of the other participants once per case. */
function locals(list: readonly Candidate[], layout: Layout): string {
  const read = new Set(list.flatMap(({ others }) => others.map(({ instance }) => instance)));
  return [...read].map((i) => `const l${i} = ${local(i, layout)};`).join('\n');
}

function local(instance: number, layout: Layout): string {
  const { word, shift, bits, mask } = layout.fields[instance]!;
  if (bits === 0) return '0';
  return `(w${word} >>> ${shift}) & ${mask}`;
}

function candidateSource(
  { event, delta, others }: Candidate,
  pivot: number,
  layout: Layout,
  code: number,
): string {
  const changes: string[][] = Array.from({ length: layout.words }, () => []);
  if (delta !== 0) changes[layout.fields[pivot]!.word]!.push(String(delta));
  others.forEach(({ word }, j) => {
    changes[word]!.push(`d${event}_${j}`);
  });
  const emit = [
    `o[k] = ${code};`,
    ...changes.map((terms, w) => `o[k + ${w + 1}] = ${[`w${w}`, ...terms].join(' ^ ')};`),
    `k += ${layout.words + 1};`,
  ].join(' ');
  const open = others.map(
    ({ instance, table }, j) =>
      `const d${event}_${j} = t${table}[l${instance}]; if (d${event}_${j} !== ${BLOCKED}) {`,
  );
  return `${open.join(' ')} ${emit} ${'}'.repeat(others.length)}`;
}

/** Insertion sort by event from `begin` on: few entries, and nearly in order already. */
function sortSource(words: number, event: string): string {
  const stride = words + 1;
  const move = (text: (j: number) => string) => each(stride, text).join(' ');
  const eventAt = (at: string) => event.replace('e', `o[${at}]`);
  return [
    `for (let i = begin + ${stride}; i < k; i += ${stride}) {`,
    `const e = ${eventAt('i')};`,
    `if (${eventAt(`i - ${stride}`)} <= e) continue;`,
    move((j) => `const s${j} = o[i + ${j}];`),
    'let b = i;',
    `while (b > begin && ${eventAt(`b - ${stride}`)} > e) { ${move((j) => `o[b + ${j}] = o[b - ${stride} + ${j}];`)} b -= ${stride}; }`,
    move((j) => `o[b + ${j}] = s${j};`),
    '}',
  ].join('\n');
}
