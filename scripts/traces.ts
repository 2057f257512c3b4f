/**
 * `npm run traces`: every path of the bound systems, run on the simulated kernel, written as a log and judged; the
 * table in `generated/slow/`. Takes a quarter of an hour. Exit codes: 0, no log contradicts its run, and what a log
 * cannot decide is listed (with `--check`: and the committed table says the same); 1 otherwise; 2 wrong usage.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SYSTEMS } from '../machines/systems/index.ts';
import { PROJECT, readText, writeAll } from '../src/cli/files.ts';
import { UsageError, unknown } from '../src/cli/usage.ts';
import { isBound } from '../src/conformance/bindings.ts';
import { defaultSubject, type Subject, subjectLabel } from '../src/conformance/subject.ts';
import { BASELINE, PLATFORMS, V5 } from '../src/series/index.ts';
import { type CircleRow, circleJson, circleMarkdown, circleProblems } from '../src/trace/circle/table.ts';
import { circleInThreads } from '../src/trace/circle/threads.ts';

const HELP = `usage: npm run traces -- [--system NAME] [--platform NAME] [--check]

Without options: runs every path and writes generated/slow/traces.md and traces.json.
  --system NAME    only this system; nothing is written
  --platform NAME  only this platform; nothing is written
  --check          compare with the committed files; nothing is written`;

const FOLDER = 'generated/slow';
const FILES = ['traces.json', 'traces.md'] as const;
/** The largest system has a hundred thousand paths on ten platforms. Two of the large ones differ most; the rest are small. */
const LARGEST = { system: 'dynamic-pools', platforms: ['tdx', 'cca', 's390-pv', 'ppc-svm', 'plain'] };
const SERIES = [V5, BASELINE];

async function main(): Promise<number> {
  const { system, platform, check, help } = options();
  if (help) {
    console.log(HELP);
    return 0;
  }
  const partial = system !== undefined || platform !== undefined;
  const chosen = subjects(system, platform);
  const results = await circleInThreads(chosen, (subject, { paths, steps, lines }) => {
    process.stderr.write(`${subjectLabel(subject)}: ${paths} paths, ${steps} steps, ${lines} lines\n`);
  });
  const rows: CircleRow[] = chosen
    .map((subject, i) => ({ subject, result: results[i]! }))
    .filter(({ result }) => result.paths > 0);
  const problems = circleProblems(rows, !partial);
  const contents = [circleJson(rows), circleMarkdown(rows)];
  if (partial) console.log(contents[1]);
  else if (check) {
    FILES.forEach((file, i) => {
      if (readText(join(PROJECT, FOLDER, file)) !== contents[i])
        problems.push(`${FOLDER}/${file} is not what is found now; write it with npm run traces`);
    });
  } else {
    writeAll(
      join(PROJECT, FOLDER),
      FILES.map((path, i) => ({ path, content: contents[i]! })),
    );
  }
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
}

function subjects(system: string | undefined, platform: string | undefined): Subject[] {
  return SYSTEMS.filter(({ name }) => isBound(name) && (system ?? name) === name).flatMap((one) =>
    PLATFORMS.filter(({ name }) =>
      platform === undefined
        ? one.name !== LARGEST.system || LARGEST.platforms.includes(name)
        : name === platform,
    ).flatMap((where) => SERIES.map((series) => defaultSubject(one, series, where))),
  );
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        system: { type: 'string' },
        platform: { type: 'string' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { system, platform, check, help } = values;
    const systems = SYSTEMS.map(({ name }) => name).filter(isBound);
    if (system !== undefined && !systems.includes(system)) throw unknown('system', system, systems);
    const platforms = PLATFORMS.map(({ name }) => name);
    if (platform !== undefined && !platforms.includes(platform))
      throw unknown('platform', platform, platforms);
    return { system, platform, check, help };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const [first] = (error as Error).message.split('\n');
    throw new UsageError(`${first}; accepted: --system NAME, --platform NAME, --check, --help`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
