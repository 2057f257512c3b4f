/** generated/traces: the verdicts on every recorded log, and which steps of the machines they exercised. */
import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdown, svgSequence } from '../../render/index.ts';
import { V5 } from '../../series/index.ts';
import {
  better,
  type CoverageRow,
  coverageOf,
  type Judged,
  joinCoverage,
  judgeFile,
  MACHINES,
  PROPERTIES,
  Specification,
} from '../../trace/judge/index.ts';
import { historiesOf } from '../../trace/path/history.ts';
import type { Told } from '../commands/trace.ts';
import { coverageCharts } from '../text/coverage-chart.ts';
import { historyTrace } from '../text/trace.ts';
import type { GeneratedFile } from './file.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/traces/', import.meta.url));

interface Log extends Judged {
  /** `linux-7.3/exhaust.txt.gz`. */
  readonly name: string;
}

/** The logs that were recorded, by name; lists of what a script did are none. */
export function recordedLogs(folder = FIXTURES): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => `${name}`.replaceAll('\\', '/'))
    .filter((name) => /^linux-.*\.txt(\.gz)?$/.test(name) && !name.includes('.ops.'))
    .sort((a, b) => (a < b ? -1 : 1));
}

export async function* traceFiles(folder = FIXTURES): AsyncIterable<GeneratedFile> {
  const logs: Log[] = [];
  for (const name of recordedLogs(folder)) {
    logs.push({ name, ...(await judgeFile(`${folder}${name}`, new Specification(V5))) });
  }
  if (logs.length === 0) return;
  const cause = `the logs in ${relative(ROOT, folder)}, judged by ${V5.name}`;
  yield { path: 'traces/verdicts.md', content: overview(logs), cause };
  yield { path: 'traces/verdicts.json', content: `${JSON.stringify(logs.map(plain), null, 1)}\n`, cause };
  yield { path: 'traces/coverage.md', content: coverage(logs), cause: `${cause}: steps exercised` };
  for (const kernel of kernelsOf(logs)) {
    const own = logs.filter(({ name }) => kernelOf(name) === kernel);
    const rows = joinCoverage(own.map(({ specification }) => coverageOf(specification)));
    for (const { path, content } of await coverageCharts(own[0]!.specification, rows))
      yield { path: `traces/${kernel}/${path}`, content, cause: `${cause}: steps exercised by ${kernel}` };
  }
  for (const log of logs) {
    const content = await lifeOf(folder, log);
    if (content !== undefined)
      yield {
        path: `traces/${log.name.replace(/\.txt(\.gz)?$/, '.svg')}`,
        content,
        cause: `${cause}: a violation`,
      };
  }
}

const kernelOf = (name: string): string => name.split('/')[0]!;
const kernelsOf = (logs: readonly Log[]): string[] => [...new Set(logs.map(({ name }) => kernelOf(name)))];

/** The life that has most to tell of a violation, as a sequence diagram; undefined: nothing is violated. */
async function lifeOf(
  folder: string,
  { name, verdict, specification, shapes }: Log,
): Promise<string | undefined> {
  const violations = verdict.properties.flatMap(({ first }) => first.filter(({ object }) => object));
  const wanted = violations.map(({ object, line }) => ({ serial: object!.serial, until: line }));
  const again = new Specification(specification.series, specification.platforms);
  const histories = await historiesOf(`${folder}${name}`, again, wanted, { shapes });
  let most: Told | undefined;
  for (const [i, history] of histories.entries()) {
    if (history.length > (most?.history.length ?? 0)) most = { violation: violations[i]!, history };
  }
  return most && svgSequence(historyTrace(name, most));
}

function plain({ name, summary, verdict }: Log) {
  return {
    log: name,
    lines: summary.lines,
    lossy: verdict.lossy,
    properties: Object.fromEntries(verdict.properties.map(({ name: property, text }) => [property, text])),
    violations: verdict.properties.flatMap(({ first }) =>
      first.map(({ property, line, site, who, because, times }) => ({
        property,
        line,
        site,
        who,
        because,
        times,
      })),
    ),
    notInSpecification: verdict.strays,
    notes: verdict.notes,
  };
}

const CELL = { holds: 'holds', violated: 'VIOLATED', undecided: '–' } as const;

function overview(logs: readonly Log[]): string {
  const rows = logs.map(({ name, verdict }) => [
    name,
    ...verdict.properties.map(({ status, checks, violations }) =>
      status === 'undecided'
        ? CELL[status]
        : `${CELL[status]} ${status === 'violated' ? `${violations} of ${checks}` : checks}`,
    ),
    `${verdict.strays.reduce((sum, { count }) => sum + count, 0) || ''}`,
  ]);
  return [
    '# Real kernels, judged',
    '',
    `Every log in test/fixtures/traces, judged by the machines of ${V5.name}: how often each property was checked. A dash: it cannot be decided from what the log records; verdicts.json says why. Last column: steps that no machine offers and no property forbids.`,
    '',
    markdown(rows, ['log', ...PROPERTIES, 'not specified']),
    '',
    ...logs.flatMap(violations),
  ].join('\n');
}

function violations({ name, verdict }: Log): string[] {
  const found = verdict.properties.flatMap(({ first }) => first);
  if (found.length === 0) return [];
  const rows = found.map(({ property, line, site, who, because, times }) => [
    property,
    `${line}`,
    site,
    who,
    because,
    `${times}`,
  ]);
  return [`## ${name}`, '', markdown(rows, ['property', 'first line', 'at', 'who', 'because', 'times']), ''];
}

/** Over all logs of a kernel, the best that any of them shows of a step. */
function coverage(logs: readonly Log[]): string {
  const kernels = kernelsOf(logs);
  const best = new Map<string, { row: CoverageRow; by: Map<string, CoverageRow['status']> }>();
  for (const { name, specification } of logs) {
    const kernel = kernelOf(name);
    for (const row of coverageOf(specification)) {
      const key = `${row.machine} ${row.state} ${row.event} ${row.to}`;
      const found = best.get(key) ?? { row, by: new Map() };
      const old = found.by.get(kernel) ?? 'hidden';
      found.by.set(kernel, better(old, row.status));
      best.set(key, found);
    }
  }
  const all = [...best.values()];
  const tables = Object.keys(MACHINES).flatMap((machine) => {
    const rows = all
      .filter(
        ({ row, by }) => row.machine === machine && [...by.values()].some((status) => status !== 'hidden'),
      )
      .map(({ row, by }) => [
        row.state,
        row.event,
        row.to,
        ...kernels.map((kernel) => by.get(kernel) ?? 'hidden'),
      ]);
    return rows.length === 0
      ? []
      : [`## ${machine}`, '', markdown(rows, ['in state', 'event', 'to', ...kernels]), ''];
  });
  return [
    '# Steps of the machines that real kernels took',
    '',
    'Exercised: the step alone fits what a log shows. Perhaps: it is one of several that fit. Never: such events are recorded, and this step was not taken. Steps whose events no log records are left out.',
    '',
    ...tables,
  ].join('\n');
}
