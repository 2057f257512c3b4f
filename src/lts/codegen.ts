/**
 * Successors as generated JavaScript: one function per pivot, a `switch` over its local state, and in each
 * case straight-line code for the events to try there. Words are plain integers, fields constants.
 */
import type { Layout } from './layout.ts';
import { BLOCKED, type Candidate, type Pivot, planOf } from './plan.ts';
import type { Successors } from './successors.ts';
import type { Network } from './types.ts';

/** V8 does not optimise very long functions; a pivot with more candidates than this gets one per local state. */
const MAX_CANDIDATES = 200;

/** See `Successors` for the contract. @throws EvalError where code generation is forbidden. */
export function generateSuccessors(network: Network, layout: Layout): Successors {
  const { source, tables } = successorSource(network, layout);
  const names = tables.map((_, t) => `t${t}`);
  return new Function(...names, source)(...tables) as Successors;
}

/** The source of a factory, whose parameters `t0, t1, …` are the tables, that returns the function. */
export function successorSource(
  network: Network,
  layout: Layout,
): { readonly source: string; readonly tables: readonly Int32Array[] } {
  const plan = planOf(network, layout);
  const args = Array.from({ length: layout.words }, (_, w) => `w${w}`).join(', ');
  const source = [
    '"use strict";',
    ...plan.pivots.map((pivot) => pivotSource(pivot, layout, args)),
    'return function successors(v, at, o) {',
    ...Array.from({ length: layout.words }, (_, w) => `const w${w} = v[at + ${w}] | 0;`),
    'let k = 0;',
    ...plan.pivots.map(({ instance }) => `k = p${instance}(${args}, o, k);`),
    sortSource(layout.words),
    'return k;',
    '};',
  ].join('\n');
  return { source, tables: plan.tables };
}

function pivotSource({ instance, candidates }: Pivot, layout: Layout, args: string): string {
  const total = candidates.reduce((sum, list) => sum + list.length, 0);
  const split = total > MAX_CANDIDATES;
  const apart: string[] = [];
  const cases = candidates.map((list, state) => {
    if (list.length === 0) return '';
    const body = `${locals(list, layout)}\n${list.map((c) => candidateSource(c, instance, layout)).join('\n')}`;
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

function candidateSource({ event, delta, others }: Candidate, pivot: number, layout: Layout): string {
  const changes: string[][] = Array.from({ length: layout.words }, () => []);
  if (delta !== 0) changes[layout.fields[pivot]!.word]!.push(String(delta));
  others.forEach(({ word }, j) => {
    changes[word]!.push(`d${event}_${j}`);
  });
  const emit = [
    `o[k] = ${event};`,
    ...changes.map((terms, w) => `o[k + ${w + 1}] = ${[`w${w}`, ...terms].join(' ^ ')};`),
    `k += ${layout.words + 1};`,
  ].join(' ');
  const open = others.map(
    ({ instance, table }, j) =>
      `const d${event}_${j} = t${table}[l${instance}]; if (d${event}_${j} !== ${BLOCKED}) {`,
  );
  return `${open.join(' ')} ${emit} ${'}'.repeat(others.length)}`;
}

/** Insertion sort by event index: few entries, and nearly in order already. */
function sortSource(words: number): string {
  const stride = words + 1;
  const each = (text: (j: number) => string) => Array.from({ length: stride }, (_, j) => text(j)).join(' ');
  return [
    `for (let i = ${stride}; i < k; i += ${stride}) {`,
    'const e = o[i];',
    `if (o[i - ${stride}] <= e) continue;`,
    each((j) => (j === 0 ? '' : `const s${j} = o[i + ${j}];`)),
    'let b = i;',
    `while (b > 0 && o[b - ${stride}] > e) { ${each((j) => `o[b + ${j}] = o[b - ${stride} + ${j}];`)} b -= ${stride}; }`,
    `o[b] = e; ${each((j) => (j === 0 ? '' : `o[b + ${j}] = s${j};`))}`,
    '}',
  ].join('\n');
}
