/**
 * Successors as generated JavaScript: one function per pivot, a `switch` over its local state, and in each
 * case straight-line code for the events to try there. Words are plain integers, fields constants.
 */
import type { Ample } from './ample.ts';
import type { Layout } from './layout.ts';
import { BLOCKED, type Candidate, type Pivot, type Plan, planOf } from './plan.ts';
import type { Successors } from './successors.ts';
import type { Network } from './types.ts';

/** V8 does not optimise very long functions; a pivot with more candidates than this gets one per local state. */
const MAX_CANDIDATES = 200;

/** How a pivot's function takes note of what it finds; `k` is where `out` ends. */
export interface Style {
  /** Names of parameters after the words and `o`; the first is what the function returns when nothing is enabled. */
  readonly parameters: string;
  /** What stands before the words of a successor: a number with the event in it. */
  code(candidate: Candidate, pivot: number, state: number): number;
  /** The event in a code that an expression names. */
  event(code: string): string;
  /** Statements before the candidates of a local state, and after them. */
  begin(candidates: readonly Candidate[]): string;
  end: string;
  /** A statement: the successor whose code and words stand at `k` is one. */
  keep(candidate: Candidate, code: number): string;
}

/** Code and words of each successor, one after the other; `k` is passed on from pivot to pivot. */
const plain = (stride: number): Style => ({
  parameters: 'k',
  code: ({ event }) => event,
  event: (code) => code,
  begin: () => '',
  end: 'return k;',
  keep: () => `k += ${stride};`,
});

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
  const style = plain(layout.words + 1);
  const source = [
    '"use strict";',
    pivotSources(plan, layout, style),
    'return function successors(v, at, o) {',
    'let k = 0;',
    expandSource(plan, layout, style, 'k'),
    ...(plan.sorted ? [] : [sortSource(layout.words, '0', style)]),
    'return k;',
    '};',
  ].join('\n');
  return { source, tables: plan.tables };
}

/** Names of the tables, as the generated code knows them. */
export const tableNames = (tables: readonly Int32Array[]): string[] => tables.map((_, t) => `t${t}`);

/** One function for each pivot: it appends the successors that it finds to `o`. */
export function pivotSources(plan: Plan, layout: Layout, style: Style): string {
  return plan.pivots.map((pivot) => pivotSource(pivot, layout, style)).join('\n');
}

/** Statements that ask all pivots for the successors of the state `v[at …]`. @param result what their answers go to */
export function expandSource(plan: Plan, layout: Layout, { parameters }: Style, result: string): string {
  return [
    ...each(layout.words, (w) => `const w${w} = v[at + ${w}] | 0;`),
    ...plan.pivots.map(({ instance }) => `${result} = p${instance}(${wordNames(layout)}, o, ${parameters});`),
  ].join('\n');
}

/** The same, but where a pivot's steps are enough only it is asked. */
export function expandReducedSource(
  plan: Plan,
  layout: Layout,
  { parameters }: Style,
  result: string,
  ample: Ample,
): string {
  const ask = (instance: number) => `${result} = p${instance}(${wordNames(layout)}, o, ${parameters});`;
  const alone = plan.pivots.filter(({ instance }) => ample[instance]!.includes(1));
  return [
    ...each(layout.words, (w) => `const w${w} = v[at + ${w}] | 0;`),
    ...alone.map(
      ({ instance }) => `if (a${instance}[${local(instance, layout)}] !== 0) { ${ask(instance)} } else`,
    ),
    `{ ${plan.pivots.map(({ instance }) => ask(instance)).join('\n')} }`,
  ].join('\n');
}

/** The constants that it reads: by instance and local state, whether its steps are enough. */
export const ampleSource = (ample: Ample): string =>
  ample
    .flatMap((chosen, i) => (chosen.includes(1) ? [`const a${i} = Uint8Array.of(${chosen.join()});`] : []))
    .join('\n');

/** One text for each of `0 … count-1`. */
export const each = (count: number, text: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => text(n));

const wordNames = ({ words }: Layout): string => each(words, (w) => `w${w}`).join(', ');

function pivotSource({ instance, candidates }: Pivot, layout: Layout, style: Style): string {
  const args = `${wordNames(layout)}, o, ${style.parameters}`;
  const total = candidates.reduce((sum, list) => sum + list.length, 0);
  const split = total > MAX_CANDIDATES;
  const apart: string[] = [];
  const cases = candidates.map((list, state) => {
    if (list.length === 0) return '';
    const tries = list.map((c) =>
      candidateSource(c, instance, layout, style, style.code(c, instance, state)),
    );
    const body = [locals(list, layout), style.begin(list), ...tries, style.end].join('\n');
    if (!split) return `case ${state}: {\n${body}\n}`;
    apart.push(`function p${instance}s${state}(${args}) {\n${body}\n}`);
    return `case ${state}: return p${instance}s${state}(${args});`;
  });
  return [
    ...apart,
    `function p${instance}(${args}) {`,
    `switch (${local(instance, layout)}) {`,
    ...cases.filter((text) => text !== ''),
    '}',
    `return ${style.parameters.split(',')[0]};`,
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
  candidate: Candidate,
  pivot: number,
  layout: Layout,
  style: Style,
  code: number,
): string {
  const { event, delta, others } = candidate;
  const changes: string[][] = Array.from({ length: layout.words }, () => []);
  if (delta !== 0) changes[layout.fields[pivot]!.word]!.push(String(delta));
  others.forEach(({ word }, j) => {
    changes[word]!.push(`d${event}_${j}`);
  });
  const emit = [
    `o[k] = ${code};`,
    ...changes.map((terms, w) => `o[k + ${w + 1}] = ${[`w${w}`, ...terms].join(' ^ ')};`),
    style.keep(candidate, code),
  ].join(' ');
  const open = others.map(
    ({ instance, table }, j) =>
      `const d${event}_${j} = t${table}[l${instance}]; if (d${event}_${j} !== ${BLOCKED}) {`,
  );
  return `${open.join(' ')} ${emit} ${'}'.repeat(others.length)}`;
}

/** Sorts the successors in `o[begin … k-1]` by event, by insertion: few entries, and nearly in order already. */
export function sortSource(words: number, begin: string, { event }: Style): string {
  const stride = words + 1;
  const move = (text: (j: number) => string) => each(stride, text).join(' ');
  return [
    `for (let i = ${begin} + ${stride}; i < k; i += ${stride}) {`,
    `const e = ${event('o[i]')};`,
    `if (${event(`o[i - ${stride}]`)} <= e) continue;`,
    move((j) => `const s${j} = o[i + ${j}];`),
    'let b = i;',
    `while (b > ${begin} && ${event(`o[b - ${stride}]`)} > e) { ${move((j) => `o[b + ${j}] = o[b - ${stride} + ${j}];`)} b -= ${stride}; }`,
    move((j) => `o[b + ${j}] = s${j};`),
    '}',
  ].join('\n');
}
