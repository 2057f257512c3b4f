/** Results of paths there and back, as the files in `generated/slow/`. */
import { SAFETY } from '../../conformance/safety-names.ts';
import { type Subject, subjectLabel } from '../../conformance/subject.ts';
import type { CircleResult } from './suite.ts';
import { UNDECIDABLE } from './undecidable.ts';

export interface CircleRow {
  readonly subject: Subject;
  readonly result: CircleResult;
}

/** What must not be: contradictions, silence where the list has no reason, reasons that nothing needs. */
export function circleProblems(rows: readonly CircleRow[], whole: boolean): string[] {
  const problems = rows.flatMap(({ subject, result }) =>
    [...result.disagreements.values()].map(
      ({ property, agreement, because, path }) =>
        `${subjectLabel(subject)}: ${property}: ${agreement}: ${because}; path ${path.join(',')}`,
    ),
  );
  if (!whole) return problems;
  UNDECIDABLE.forEach(({ property, what }, i) => {
    if (rows.every(({ result }) => result.needed[i] === 0))
      problems.push(`no path needs the reason for ${property}: ${what}`);
  });
  return problems;
}

export function circleJson(rows: readonly CircleRow[]): string {
  const results = rows.map(({ subject, result: { paths, steps, lines, agreements, strays } }) => ({
    subject: subjectLabel(subject),
    paths,
    steps,
    lines,
    agreements,
    strays: [...strays.keys()].sort(),
  }));
  const needed = UNDECIDABLE.map(({ property, what }, i) => ({
    property,
    what,
    paths: rows.reduce((sum, { result }) => sum + result.needed[i]!, 0),
  }));
  return `${JSON.stringify({ results, needed }, null, 1)}\n`;
}

export function circleMarkdown(rows: readonly CircleRow[]): string {
  // What is code stays as it is.
  const cell = (text: string) =>
    text.replaceAll('|', '\\|').replace(/`[^`]*`|_/g, (piece) => (piece === '_' ? '\\_' : piece));
  const table = (head: readonly string[], body: readonly (readonly string[])[]) =>
    [head, head.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`);
  const sums = rows.map(({ subject, result }) => {
    const sum = (agreement: keyof CircleResult['agreements']['one-owner']) =>
      `${SAFETY.reduce((total, name) => total + result.agreements[name][agreement], 0)}`;
    return [
      subjectLabel(subject),
      `${result.paths}`,
      `${result.steps}`,
      `${result.lines}`,
      sum('same'),
      sum('open'),
      sum('excused'),
      sum('silent'),
      sum('opposite'),
    ];
  });
  const properties = SAFETY.map((name) => {
    const sum = (agreement: keyof CircleResult['agreements']['one-owner']) =>
      `${rows.reduce((total, { result }) => total + result.agreements[name][agreement], 0)}`;
    return [name, sum('same'), sum('open'), sum('excused'), sum('silent'), sum('opposite')];
  });
  const agreements = ['same', 'open', 'excused', 'silent', 'opposite'];
  return [
    '# Paths there and back',
    '',
    'Every path of a suite is run on the simulated kernel, written as a log, and the log is judged. Of each path and property: *same*, both say violated or both that it holds; *open*, nothing is violated and the log does not say; *excused*, it is violated and the log cannot say, for the reason below; *silent*, it should say and does not; *opposite*, one says violated and the other that it holds.',
    '',
    ...table(['system, series, platform', 'paths', 'steps', 'lines', ...agreements], sums),
    '',
    ...table(['property', ...agreements], properties),
    '',
    '## What a log cannot decide',
    '',
    ...table(
      ['property', 'what', 'why', 'paths'],
      UNDECIDABLE.map(({ property, what, reason }, i) => [
        property,
        cell(what),
        cell(reason),
        `${rows.reduce((sum, { result }) => sum + result.needed[i]!, 0)}`,
      ]),
    ),
    '',
  ].join('\n');
}
