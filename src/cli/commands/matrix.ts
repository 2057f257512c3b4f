/** `ccdma matrix`: what each patch of the series repairs, changes and breaks, on each platform. */
import { join } from 'node:path';
import { committedText } from '../../conformance/matrix/committed.ts';
import { type MatrixJson, matrixJson } from '../../conformance/matrix/json.ts';
import { computeMatrix, type Matrix, rowsNamed } from '../../conformance/matrix/matrix.ts';
import { crossedPlaces, defaultPlaces } from '../../conformance/matrix/places.ts';
import { ROWS, rowName } from '../../conformance/matrix/rows.ts';
import type { RunProgress } from '../../conformance/matrix/run.ts';
import { MATRIX_WORKLOADS } from '../../conformance/workloads.ts';
import { compareFindings, PLATFORMS } from '../../series/index.ts';
import { type NewFile, PROJECT, readText, writeAll } from '../files.ts';
import type { Io } from '../io.ts';
import { Progress } from '../progress.ts';
import { EXIT } from '../results.ts';
import { seriesOf } from '../select.ts';
import { matrixText } from '../text/matrix.ts';
import { matrixMarkdown } from '../text/matrix-markdown.ts';
import { UsageError, unknown } from '../usage.ts';
import { printJson } from './common.ts';

export interface MatrixCommandOptions {
  readonly platform?: readonly string[];
  readonly series?: readonly string[];
  readonly workload?: readonly string[];
  readonly options?: boolean;
  readonly json?: boolean;
  readonly expect?: boolean;
  readonly check?: boolean;
  readonly write?: boolean;
  readonly maxStates?: number;
}

/** Where the computed matrix is kept. */
const FOLDER = 'generated/slow';

/** What is committed of it. Of the one that is crossed with the options only the page: the data are too large. */
function filesOf(json: MatrixJson, crossed: boolean | undefined): NewFile[] {
  const page = matrixMarkdown(json);
  return crossed === true
    ? [{ path: 'matrix-options.md', content: page }]
    : [
        { path: 'matrix.json', content: committedText(json) },
        { path: 'matrix.md', content: page },
      ];
}

export async function matrix(io: Io, options: MatrixCommandOptions): Promise<number> {
  checkUse(options);
  const computed = await compute(io, options);
  const json = matrixJson(computed);
  if (options.json === true) printJson(io, 'matrix', { ...json });
  else if (options.check !== true && options.write !== true) io.out(matrixText(io, json));
  if (options.write === true) {
    const files = filesOf(json, options.options);
    writeAll(join(PROJECT, FOLDER), files);
    io.err(`written: ${files.map(({ path }) => `${FOLDER}/${path}`).join(' and ')}`);
  }
  const problems = [
    ...(options.check === true ? differences(json, options.options) : []),
    ...(options.expect === true || options.check === true ? unexpected(computed) : []),
  ];
  for (const problem of problems.slice(0, 20)) io.err(problem);
  if (problems.length > 20) io.err(`and ${problems.length - 20} more`);
  if (problems.length > 0) return EXIT.fails;
  const verdicts = computed.rows.flatMap(({ cells }) => cells.map(({ verdict }) => verdict));
  if (options.check === true || options.expect === true || options.write === true)
    return verdicts.includes('not-decided') ? EXIT.bound : EXIT.holds;
  if (verdicts.includes('fails')) return EXIT.fails;
  return verdicts.includes('not-decided') ? EXIT.bound : EXIT.holds;
}

function checkUse(options: MatrixCommandOptions): void {
  const partial = (['platform', 'series', 'workload', 'maxStates'] as const).find(
    (name) => options[name] !== undefined,
  );
  const whole = (['check', 'write'] as const).find((name) => options[name] === true);
  if (partial !== undefined && whole !== undefined)
    throw new UsageError(
      `--${whole} is of the complete matrix; leave --${partial === 'maxStates' ? 'max-states' : partial} out`,
    );
}

async function compute(io: Io, options: MatrixCommandOptions): Promise<Matrix> {
  const platforms = named('platform', options.platform, PLATFORMS);
  const workloads = named('workload', options.workload, MATRIX_WORKLOADS);
  const rows =
    options.series === undefined ? ROWS : rowsNamed(options.series.map((name) => seriesOf(name).name));
  const places = options.options === true ? crossedPlaces(platforms) : defaultPlaces(platforms);
  const progress = new Progress(io);
  try {
    return await computeMatrix(rows, places, workloads, {
      ...(options.maxStates === undefined ? {} : { maxStates: options.maxStates }),
      onProgress: (at) => progress.at(progressText(at)),
    });
  } finally {
    progress.done();
  }
}

function progressText({ done, of, explored, states, running }: RunProgress): string {
  return `matrix, ${done} of ${of} answered by ${explored} explorations of ${states} states: ${running.join('; ')}`;
}

function named<T extends { readonly name: string }>(
  kind: string,
  names: readonly string[] | undefined,
  all: readonly T[],
): readonly T[] {
  if (names === undefined) return all;
  for (const name of names) {
    if (all.some((one) => one.name === name)) continue;
    throw unknown(
      kind,
      name,
      all.map((one) => one.name),
    );
  }
  return all.filter((one) => names.includes(one.name));
}

/** Where the committed files say something else: the first line that differs of each. */
function differences(json: MatrixJson, crossed: boolean | undefined): string[] {
  return filesOf(json, crossed).flatMap(({ path: file, content: computed }) => {
    const committed = readText(join(PROJECT, FOLDER, file));
    if (committed === computed) return [];
    const [a, b] = [committed.split('\n'), computed.split('\n')];
    const line = a.findIndex((text, i) => text !== b[i]);
    const at = line < 0 ? a.length : line;
    const short = (text: string | undefined): string => (text ?? '(nothing)').trim().slice(0, 300);
    return [
      `${FOLDER}/${file}, line ${at + 1}: committed ${short(a[at])}; computed ${short(b[at])}. If the change is meant: npm run matrix, and look at what it changed`,
    ];
  });
}

/** What the list of findings does not say, or says and is not so. */
function unexpected({ rows, places }: Matrix): string[] {
  return rows.flatMap(({ row, cells }) =>
    places.flatMap((place, n) => {
      const size = cells.length / places.length;
      const own = cells.slice(n * size, (n + 1) * size);
      const where = `${rowName(row)}, ${own[0]!.platform}${own[0]!.options === '' ? '' : `, ${own[0]!.options}`}`;
      const { unlisted, missing } = compareFindings({
        instrument: 'matrix',
        situation: { patches: row.series.patches, ...place },
        complete: own.every(({ verdict }) => verdict !== 'not-decided'),
        occurrences: own.flatMap(({ property, counterexamples = [] }) =>
          counterexamples.map(({ site }) => ({ property, site })),
        ),
      });
      return [
        ...unlisted.map(({ property, site }) => {
          const found = own
            .find((cell) => cell.property === property)
            ?.counterexamples?.find((one) => one.site === site);
          return `${where}: ${property} at ${site} is not listed in src/series/findings.json: ${found?.because}; ${found?.replay}`;
        }),
        ...missing.map(({ id }) => `${where}: finding ${id} is listed, and did not occur`),
      ];
    }),
  );
}
