/** `ccdma trace`: logs of real kernels, judged by the specification. */
import { writeFileSync } from 'node:fs';
import { svgSequence } from '../../render/index.ts';
import { PLATFORMS, V5 } from '../../series/index.ts';
import { TraceError } from '../../trace/index.ts';
import {
  type CoverageRow,
  coverageOf,
  type Judged,
  joinCoverage,
  judgeFile,
  Specification,
  type Violation,
} from '../../trace/judge/index.ts';
import { type HistoryLine, historiesOf } from '../../trace/path/history.ts';
import { type Suggestion, Suggestions } from '../../trace/suggest.ts';
import { writeAll } from '../files.ts';
import type { Io } from '../io.ts';
import { Progress } from '../progress.ts';
import { EXIT } from '../results.ts';
import { platformOf, seriesOf } from '../select.ts';
import { coverageCharts } from '../text/coverage-chart.ts';
import { suggestionResult, suggestionsText } from '../text/suggest.ts';
import { coverageText, historyTrace, judgedText } from '../text/trace.ts';
import { UsageError } from '../usage.ts';
import { printJson } from './common.ts';
import { traceToPath } from './trace-path.ts';

export interface TraceOptions {
  readonly series?: string;
  readonly platform?: readonly string[];
  readonly diagram?: string;
  readonly coverage?: boolean;
  readonly diagrams?: string;
  readonly suggest?: boolean;
  readonly strict?: boolean;
  readonly toPath?: boolean;
  readonly object?: string;
  readonly line?: string;
  readonly under?: string;
  readonly json?: boolean;
}

/** Objects whose whole history is gathered; the others are named with their first and last events. */
const HISTORIES = 4;

/** @throws UsageError for what is no trace log, and for names that do not exist */
export async function trace(io: Io, files: readonly string[], options: TraceOptions): Promise<number> {
  checkFlags(files, options);
  if (options.toPath === true) return traceToPath(io, files[0]!, options);
  const series = options.series === undefined ? V5 : seriesOf(options.series);
  const platforms = options.platform === undefined ? PLATFORMS : options.platform.map(platformOf);
  const results: unknown[] = [];
  let texts = 0;
  const coverages: CoverageRow[][] = [];
  let [violated, open, drawn, refused] = [false, false, false, false];
  for (const file of files) {
    let judged: Judged;
    try {
      judged = await judge(io, file, new Specification(series, platforms));
    } catch (error) {
      if (!(error instanceof UsageError) || files.length === 1) throw error;
      // The verdict on the others does not depend on where it stands among them.
      io.err(`ccdma: ${error.message}`);
      refused = true;
      continue;
    }
    const { verdict } = judged;
    violated ||= verdict.properties.some(({ status }) => status === 'violated');
    open ||=
      verdict.lossy ||
      verdict.properties.some(({ status, unanswered }) => status === 'undecided' || unanswered > 0);
    const histories = await gather(io, file, judged);
    if (options.coverage === true) coverages.push(coverageOf(judged.specification));
    if (options.diagram !== undefined && !drawn) drawn = draw(options.diagram, file, histories);
    if (options.json === true) results.push(resultOf(file, judged, histories, options.coverage === true));
    else {
      if (texts++ > 0) io.out('');
      io.out(judgedText(io, file, judged, histories));
      if (options.coverage === true) io.out(`\n${coverageText(io, coverages.at(-1)!)}`);
    }
  }
  if (options.diagram !== undefined && !drawn)
    io.err('no diagram: nothing is violated, or the object is not known');
  const specification = new Specification(series, platforms);
  const coverage = joinCoverage(coverages);
  if (options.diagrams !== undefined) {
    const charts = await coverageCharts(specification, coverage);
    writeAll(options.diagrams, charts);
    io.err(`${options.diagrams}: ${charts.map(({ path }) => path).join(', ')}`);
  }
  const suggested = options.suggest === true ? suggest(io, specification, coverage) : undefined;
  if (options.json === true)
    printJson(io, 'trace', { results, ...(suggested && { suggestions: suggested.map(suggestionResult) }) });
  else if (suggested) io.out(`\n${suggestionsText(io, suggested)}`);
  if (violated) return EXIT.fails;
  if (refused) return EXIT.usage;
  return open && options.strict === true ? EXIT.bound : EXIT.holds;
}

/** Flags that mean nothing without another, or beside one, are mistakes. */
function checkFlags(files: readonly string[], options: TraceOptions): void {
  if (options.toPath === true) {
    if (files.length > 1) throw new UsageError('--to-path is for one file');
    for (const flag of ['diagram', 'coverage', 'diagrams', 'suggest', 'strict'] as const)
      if (options[flag] !== undefined) throw new UsageError(`--${flag} says nothing beside --to-path`);
    return;
  }
  for (const flag of ['object', 'line', 'under'] as const)
    if (options[flag] !== undefined) throw new UsageError(`--${flag} needs --to-path`);
  for (const flag of ['diagrams', 'suggest'] as const)
    if (options[flag] !== undefined && options.coverage !== true)
      throw new UsageError(`--${flag} needs --coverage`);
}

const percent = (read: number, size: number): string =>
  `${size > 0 ? Math.floor((100 * read) / size) : '?'} %`;

async function judge(io: Io, file: string, specification: Specification): Promise<Judged> {
  const progress = new Progress(io);
  try {
    return await judgeFile(file, specification, {
      progress: (read, size) => progress.at(`${file}: ${percent(read, size)}`),
    });
  } catch (error) {
    throw error instanceof TraceError ? new UsageError(error.message) : error;
  } finally {
    progress.done();
  }
}

function suggest(
  io: Io,
  { series, platforms }: Specification,
  coverage: readonly CoverageRow[],
): Suggestion[] {
  const progress = new Progress(io);
  const found = new Suggestions(series, platforms, (text) =>
    progress.at(`ways to what was never seen: ${text}`),
  );
  const all = found.of(coverage);
  progress.done();
  return all;
}

/** What is shown of a violation: the life of its object up to there. */
export interface Told {
  readonly violation: Violation;
  readonly history: readonly HistoryLine[];
}

async function gather(io: Io, file: string, { verdict, specification, shapes }: Judged): Promise<Told[]> {
  const violations = verdict.properties.flatMap(({ first }) => first);
  const wanted = violations.flatMap(({ object, line }) =>
    object === undefined ? [] : [{ serial: object.serial, until: line }],
  );
  const progress = new Progress(io);
  // A specification of its own: what was covered counts once.
  const again = new Specification(specification.series, specification.platforms);
  const histories = await historiesOf(file, again, wanted, {
    shapes,
    progress: (read, size) => progress.at(`${file}: histories, ${percent(read, size)}`),
  });
  progress.done();
  let left = HISTORIES;
  return violations.map((violation) => {
    const history = violation.object === undefined ? [] : histories.shift()!;
    return { violation, history: history.length > 0 && left-- > 0 ? history : [] };
  });
}

/** Of the violations the one whose object has the most to tell, the first of several. */
function draw(to: string, file: string, told: readonly Told[]): boolean {
  const first = told.reduce<Told | undefined>(
    (most, one) => (one.history.length > (most?.history.length ?? 0) ? one : most),
    undefined,
  );
  if (first === undefined) return false;
  writeFileSync(to, svgSequence(historyTrace(file, first)));
  return true;
}

function resultOf(
  file: string,
  { summary, verdict, specification }: Judged,
  told: readonly Told[],
  coverage: boolean,
) {
  const { series, platforms } = specification;
  return {
    file,
    series: series.name,
    platforms: platforms.map(({ name }) => name),
    lines: summary.lines,
    records: summary.records,
    losses: summary.losses,
    lostEvents: summary.lostEvents,
    lossy: verdict.lossy,
    properties: verdict.properties.map(({ first, ...rest }) => ({
      ...rest,
      missing: [...rest.missing],
      examples: first.map((violation) => {
        const { line, raw, who, site, because, times, object } = violation;
        const history = told.find((one) => one.violation === violation)?.history ?? [];
        return { line, raw, who, site, because, times, object: object?.name ?? null, history };
      }),
    })),
    notInSpecification: verdict.strays,
    notes: verdict.notes,
    ...(coverage ? { coverage: coverageOf(specification) } : {}),
  };
}
