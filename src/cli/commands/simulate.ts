/** `ccdma simulate`: a scenario file, run on the simulated kernel. */
import {
  describe,
  type Loaded,
  loadScenario,
  runScenario,
  ScenarioError,
  type ScenarioRun,
} from '../../scenario/index.ts';
import { V5 } from '../../series/index.ts';
import type { Io } from '../io.ts';
import { Progress } from '../progress.ts';
import { EXIT } from '../results.ts';
import { optionsOf, platformOf, seriesOf } from '../select.ts';
import { simulateResult, simulateText } from '../text/simulate.ts';
import { UsageError } from '../usage.ts';
import { printJson } from './common.ts';

export interface SimulateOptions {
  readonly series?: readonly string[];
  readonly platform?: readonly string[];
  readonly option?: readonly string[];
  readonly json?: boolean;
  readonly steps?: boolean;
  readonly trace?: boolean;
}

/**
 * Without a platform those that the scenario names, without a series v5.
 * @returns 0 when every property holds and every expectation is met on all of them, 1 when not
 * @throws UsageError when the scenario is wrong, with its file and line
 */
export async function simulate(io: Io, file: string, options: SimulateOptions): Promise<number> {
  const series = unique((options.series ?? [V5.name]).map(seriesOf));
  const named = (options.platform ?? []).map(platformOf);
  const chosen = optionsOf(options.option ?? []);
  const progress = new Progress(io);
  const { title, runs } = await asUsage(async () => {
    const loaded = await loadScenario(file);
    const about = await describe(loaded);
    const platforms = unique(named.length > 0 ? named : about.platforms);
    if (options.trace === true) checkTrace(options, series, platforms);
    const runs: ScenarioRun[] = [];
    for (const one of series)
      for (const platform of platforms) {
        progress.at(`${file}: ${one.name}, ${platform.name}`);
        runs.push(await runScenario(loaded satisfies Loaded, one, platform, chosen, options.trace === true));
      }
    return { title: about.title, runs };
  }).finally(() => progress.done());
  const steps = options.steps === true;
  if (options.trace === true) {
    io.out(runs[0]!.log!.trimEnd());
    // The log is all that stands on standard output; what the run itself found is not passed over.
    for (const { verdicts, failures } of runs) {
      const failed = verdicts.filter(({ verdict }) => verdict === 'fails').map(({ property }) => property);
      if (failed.length > 0) io.err(`the run itself violates ${failed.join(', ')}`);
      for (const { message } of failures) io.err(message);
    }
  } else if (options.json === true) {
    printJson(io, 'simulate', { file, title, runs: runs.map((run) => simulateResult(run, steps)) });
  } else for (const run of runs) io.out(simulateText(io, file, title, run, steps));
  return runs.every(({ holds }) => holds) ? EXIT.holds : EXIT.fails;
}

/** A log is of one kernel. */
function checkTrace(
  { json, steps }: SimulateOptions,
  series: readonly { readonly name: string }[],
  platforms: readonly { readonly name: string }[],
): void {
  if (json === true || steps === true)
    throw new UsageError('--trace prints a log and nothing else; leave out --json and --steps');
  const [name, all] = platforms.length > 1 ? ['platform', platforms] : ['series', series];
  if (all.length > 1) {
    const names = all.map((one) => one.name).join(', ');
    throw new UsageError(
      `--trace prints the log of one run; name one --${name} (this would run on ${names})`,
    );
  }
}

async function asUsage<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
}

function unique<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return all.filter((item, i) => all.findIndex(({ name }) => name === item.name) === i);
}
