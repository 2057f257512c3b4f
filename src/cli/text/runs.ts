/** Explorations and conformance runs, for people. */
import { type Subject, subjectLabel } from '../../conformance/subject.ts';
import { textRows } from '../../render/index.ts';
import type { Io } from '../io.ts';
import type { CounterexampleResult, PropertyResult } from '../results.ts';
import type { ConformanceResult, ExploreResult } from '../runs.ts';
import { coloursOf, command, count, paragraph } from './layout.ts';
import { judgementText, patchesText } from './verdicts.ts';

/** All workloads on one subject. */
export function exploreText(io: Io, subject: Subject, results: readonly ExploreResult[]): string {
  const c = coloursOf(io);
  const sum = (of: (result: ExploreResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const rows = results.map(({ workload, states, transitions, complete, properties }) => [
    workload,
    `${states}`,
    `${transitions}`,
    complete ? 'yes' : 'NO',
    properties
      .filter(({ holds }) => holds === false)
      .map(({ name }) => name)
      .join('\n') || 'none',
  ]);
  const parts = [
    c.bold(`${subjectLabel(subject)}: the simulated kernel, every schedule`),
    paragraph(io, patchesText(subject)),
    '',
    textRows(rows, ['workload', 'states', 'transitions', 'complete', 'violated'], {
      width: io.width,
      paint: (text, row) => (row < 0 ? c.bold(text) : text),
    }),
    '',
    paragraph(
      io,
      `Together ${sum(({ states }) => states)} states and ${sum(({ transitions }) => transitions)} transitions. ${witnessText(results)}`,
    ),
  ];
  for (const { name, found, workload } of shortest(results)) {
    parts.push('', ...failureText(io, name, found, ` (workload ${workload})`));
  }
  return parts.join('\n');
}

/** Which properties had nothing to speak of in any workload. */
function witnessText(results: readonly ExploreResult[]): string {
  const names = results[0]?.properties.map(({ name }) => name) ?? [];
  const idle = names.filter((name) =>
    results.every(({ properties }) =>
      properties.some((p) => p.name === name && p.status === 'not reachable'),
    ),
  );
  return idle.length === 0
    ? 'The situation that each property speaks of occurred.'
    : `Nothing happened that these speak of: ${idle.join(', ')}.`;
}

/** Of all workloads the shortest schedule for each property and site. */
function shortest(results: readonly ExploreResult[]) {
  const best = new Map<string, { name: string; found: CounterexampleResult; workload: string }>();
  for (const { workload, properties } of results) {
    for (const { name, counterexamples } of properties) {
      for (const found of counterexamples) {
        const key = `${name} ${found.site}`;
        const known = best.get(key);
        if (known === undefined || found.steps < known.found.steps) best.set(key, { name, found, workload });
      }
    }
  }
  return [...best.values()];
}

/** One failing property at one site. */
function failureText(io: Io, name: string, found: CounterexampleResult, where = ''): string[] {
  const c = coloursOf(io);
  return [
    c.red(paragraph(io, `${name} fails at ${found.site} after ${count(found.steps, 'step')}${where}`)),
    paragraph(io, found.because, 2),
    paragraph(io, judgementText(found.finding), 2),
    command(io, found.replay),
  ];
}

/** One suite, run in lockstep. */
export function conformText(io: Io, subject: Subject, result: ConformanceResult): string {
  const c = coloursOf(io);
  const { machines, paths, steps, covered, transitions, blockedChecked, properties } = result;
  const whose = machines === subject.series.name ? 'its own machines' : `the machines of ${machines}`;
  const percent = covered === transitions ? '100 %' : `${((100 * covered) / transitions).toFixed(1)} %`;
  const failing = properties.filter(({ holds }) => holds === false);
  const parts = [
    c.bold(`${subjectLabel(subject)}: the simulated kernel against ${whose}`),
    paragraph(io, patchesText(subject)),
    paragraph(
      io,
      `${paths} paths, ${steps} steps in lockstep; ${covered} of ${transitions} transitions executed (${percent}); ${blockedChecked} times a step that the machines refuse was refused.`,
    ),
    failing.length === 0
      ? c.green(
          paragraph(
            io,
            'It conforms, and no safety property became false of its own state where a transition was first taken.',
          ),
        )
      : c.red(paragraph(io, failingText(failing))),
  ];
  for (const { name, counterexamples } of failing) {
    for (const found of counterexamples) parts.push('', ...failureText(io, name, found));
  }
  return parts.join('\n');
}

function failingText(failing: readonly PropertyResult[]): string {
  const safety = failing.filter(({ name }) => name !== 'conformance').map(({ name }) => name);
  const conforms = failing.length === safety.length;
  const parts = [
    conforms ? 'It does as the machines say' : 'It does not do as the machines say',
    ...(safety.length === 0 ? [] : [`on the way these are false of its own state: ${safety.join(', ')}`]),
  ];
  return `${parts.join(conforms ? '; but ' : '; ')}.`;
}
