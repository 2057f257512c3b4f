/**
 * `npm run coverage`: branch coverage of src/kernel/dma/ by generated paths and explored workloads alone.
 *
 *     npm run coverage -- [--check] [--workloads]
 *
 * What is not reached must be explained in test/kernel/unreached-branches.json. Writes generated/slow/coverage.md.
 * Exit codes: 0, enough is reached and the rest is explained (with `--check`: and the committed page says so);
 * 1 otherwise; 2 wrong usage.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT, readText, writeAll } from '../src/cli/files.ts';
import { processIo } from '../src/cli/io.ts';
import { Progress } from '../src/cli/progress.ts';
import { UsageError } from '../src/cli/usage.ts';
import { crossedPlaces } from '../src/conformance/matrix/places.ts';
import { plan } from '../src/conformance/matrix/plan.ts';
import { ROWS } from '../src/conformance/matrix/rows.ts';
import { runPlan } from '../src/conformance/matrix/run.ts';
import { MATRIX_WORKLOADS } from '../src/conformance/workloads.ts';
import { PLATFORMS } from '../src/series/index.ts';
import { coverageMarkdown, coverageText, type Explained, judge } from './branches/report.ts';
import { Measured } from './branches/sources.ts';
import { runSuites, SUITE_SERIES, suiteTasks } from './branches/suites.ts';

const HELP = `usage: npm run coverage -- [--check] [--workloads]

Without options: measures, and writes generated/slow/coverage.md.
  --check      compare with the committed page; nothing is written
  --workloads  the workloads alone, without the generated paths; nothing is written`;

const THREADS = 2;
const FILE = { folder: 'generated/slow', path: 'coverage.md' } as const;
const LIST = 'test/kernel/unreached-branches.json';

async function main(): Promise<number> {
  const { check, workloads, help } = options();
  if (help) {
    console.log(HELP);
    return 0;
  }
  const list = JSON.parse(readText(join(PROJECT, LIST))) as readonly Explained[];
  const committed = check ? readText(join(PROJECT, FILE.folder, FILE.path)) : null;
  const measured = new Measured(new URL('../src/kernel/dma/', import.meta.url));
  const what = [await explore(measured), ...(workloads ? [] : [await walk(measured)])];
  const result = judge(measured.branches, measured.taken(), list);
  const page = coverageMarkdown(result.measured, what);
  const problems = [...result.problems];
  if (committed !== null && committed !== page)
    problems.push(`${FILE.folder}/${FILE.path} is not what was computed; npm run coverage writes it`);
  console.log(coverageText(result.measured, processIo().width));
  console.log(`\n${what.join('\n')}\n`);
  for (const { taken, file, line, branch, reason } of result.measured)
    if (!taken) console.log(`${file}:${line}: ${branch}\n    ${reason ?? 'not explained'}`);
  if (!check && !workloads) writeAll(join(PROJECT, FILE.folder), [{ path: FILE.path, content: page }]);
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        check: { type: 'boolean', default: false },
        workloads: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.check && values.workloads)
      throw new UsageError('--check is of the whole measurement; leave --workloads out');
    return values;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const [first] = (error as Error).message.split('\n');
    throw new UsageError(`${first}; accepted: --check, --workloads, --help`);
  }
}

/** Every workload of the matrix, on every row, crossed with the options. */
async function explore(measured: Measured): Promise<string> {
  const places = crossedPlaces(PLATFORMS);
  const progress = new Progress(processIo());
  const { outcomes } = await runPlan(plan(MATRIX_WORKLOADS, ROWS, places), {
    threads: THREADS,
    start: measured.start,
    onProgress: ({ done, of }) => progress.at(`coverage, workloads: ${done} of ${of} answered`),
  });
  progress.done();
  if ([...outcomes.values()].some(({ complete }) => !complete)) throw new Error('a bound was hit');
  return `${MATRIX_WORKLOADS.length} workloads, explored on ${ROWS.length} kernels (prefix 0 to 20, and the series less one patch) in ${places.length} places: the ${PLATFORMS.length} platforms, crossed with the options.`;
}

/** The paths of every bound system. */
async function walk(measured: Measured): Promise<string> {
  const tasks = suiteTasks();
  const progress = new Progress(processIo());
  const threads = Array.from({ length: THREADS }, () =>
    measured.start(new URL('./branches/suite-worker.ts', import.meta.url)),
  );
  try {
    await runSuites(tasks, threads, (done, { system, series, platform }) =>
      progress.at(`coverage, paths: ${done} of ${tasks.length}; ${system}, ${series}, ${platform}`),
    );
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  progress.done();
  const systems = [...new Set(tasks.map(({ system }) => system))];
  return `Paths that take every transition of ${systems.join(', ')}: ${tasks.length} suites, of ${SUITE_SERIES.join(', ')} on every platform, and of v5 with each option that a system names.`;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
