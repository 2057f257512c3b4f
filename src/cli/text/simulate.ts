/** What a scenario did, call by call, and what came of it. */
import type { TraceRecord } from '../../kernel/index.ts';
import { textRows } from '../../render/index.ts';
import type { Position, Row, ScenarioRun } from '../../scenario/index.ts';
import { optionsLabel } from '../../series/index.ts';
import type { Io } from '../io.ts';
import { coloursOf, paragraph } from './layout.ts';

/** One run as data, as `--json` prints it. */
export function simulateResult(run: ScenarioRun, steps: boolean) {
  return {
    series: run.series.name,
    platform: run.platform.name,
    options: run.options,
    holds: run.holds,
    calls: run.rows.map((row) => ({
      ...place(row.position),
      who: row.who,
      what: row.what,
      result: row.result,
      violations: row.violations,
      failures: row.failures,
      ...(steps && { steps: row.records.map(stepResult) }),
    })),
    properties: run.verdicts.map(({ property, verdict }) => ({ name: property, status: verdict })),
    failures: run.failures.map(({ position, message }) => ({ ...place(position), message })),
  };
}

const place = (at: Position | null) => ({ file: at?.file ?? null, line: at?.line ?? null });

function stepResult({ actor, fn, step, args, answer, result }: TraceRecord) {
  return {
    actor,
    fn,
    step,
    args,
    ...(answer === undefined ? {} : { answer }),
    ...(result === undefined ? {} : { result }),
  };
}

/** One run as text: a table of the calls, then the verdicts. */
export function simulateText(io: Io, file: string, title: string, run: ScenarioRun, steps: boolean): string {
  const c = coloursOf(io);
  const differs = optionsLabel(run.platform, run.options);
  const subject = [run.series.name, run.platform.name, ...(differs === '' ? [] : [differs])].join(', ');
  const rows = run.rows.flatMap((row) => {
    const bad = row.violations.length + row.failures.length > 0;
    const call = [where(file, row.position), row.who, row.what, bad ? `${row.result} ✗`.trim() : row.result];
    return [call, ...(steps ? row.records.map(stepRow) : [])];
  });
  const lines = [
    c.bold(title),
    subject,
    '',
    textRows(rows, ['line', 'who', 'what', 'result'], {
      width: io.width,
      paint: (text, row) => (row < 0 ? c.bold(text) : text.includes('✗') ? c.red(text) : text),
    }),
    '',
  ];
  for (const row of run.rows)
    for (const { property, because, site } of oncePer(row)) {
      const at = row.position === null ? '' : `${row.position.file}:${row.position.line}: `;
      lines.push(c.red(paragraph(io, `${at}${row.what} violates ${property} in ${site}: ${because}`)));
    }
  for (const { position, message } of run.failures) {
    const at = position === null ? `${file}: ` : `${position.file}:${position.line}: `;
    lines.push(c.red(paragraph(io, `${at}${message}`)));
  }
  const of = (wanted: string) =>
    run.verdicts.filter(({ verdict }) => verdict === wanted).map(({ property }) => property);
  const sums = [
    ['Holds', of('holds')],
    ['Fails', of('fails')],
    ['Nothing to be judged by', of('not seen')],
  ] as const;
  lines.push('');
  for (const [what, all] of sums)
    if (all.length > 0) lines.push(paragraph(io, `${what}: ${all.join(', ')}.`));
  lines.push(run.holds ? c.green(`${subject}: holds.`) : c.red(`${subject}: fails.`), '');
  return lines.join('\n');
}

/** The line; with its file where that is another than the scenario's own. */
function where(file: string, at: Position | null): string {
  if (at === null) return '';
  return at.file === file ? `${at.line}` : `${at.file}:${at.line}`;
}

function stepRow(r: TraceRecord): string[] {
  const args = Object.entries(r.args).map(([name, item]) => `${name}=${value(item)}`);
  const outcome = [r.answer, r.result === undefined ? undefined : value(r.result)];
  return [
    '',
    `  ${r.actor}`,
    `  ${r.step}${args.length === 0 ? '' : `[${args.join(',')}]`}`,
    outcome.filter((part) => part !== undefined).join(', '),
  ];
}

/** Addresses in hexadecimal, as the kernel prints them; counts stay as they are. */
const value = (item: string | number | boolean): string =>
  typeof item === 'number' && item >= 0x10000 ? `0x${item.toString(16)}` : String(item);

/** Of several pages that a call concerns, the first. */
function oncePer(row: Row): Row['violations'] {
  return row.violations.filter(
    (v, i) => row.violations.findIndex((o) => o.property === v.property && o.site === v.site) === i,
  );
}
