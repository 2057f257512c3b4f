/** `ccdma explore`: the simulated kernel under workloads, every schedule and every answer of the world. */

import { SYSTEMS } from '../../../machines/systems/index.ts';
import { exploreInThreads } from '../../conformance/explore-parallel.ts';
import type { ExploreTask } from '../../conformance/explore-worker.ts';
import type { Subject } from '../../conformance/subject.ts';
import { DEFAULT_WORKLOADS, WORKLOADS } from '../../conformance/workloads.ts';
import { type Bounds, within } from '../bounds.ts';
import type { Io } from '../io.ts';
import { Progress } from '../progress.ts';
import { exitCode, expectation, expectedExitCode } from '../results.ts';
import { type ExploreResult, exploreResult, resultOccurrences } from '../runs.ts';
import { expectationsText } from '../text/expectations.ts';
import { exploreText } from '../text/runs.ts';
import { UsageError, unknown } from '../usage.ts';
import { type CommandOptions, printJson, subjectsOf } from './common.ts';

export interface ExploreCommandOptions extends CommandOptions {
  readonly workload?: readonly string[];
}

export async function exploreWorkloads(
  io: Io,
  system: string | undefined,
  options: ExploreCommandOptions,
): Promise<number> {
  // The simulated kernel is the same whatever system it is compared with: it is explored once.
  const subjects = subjectsOf(io, system ?? SYSTEMS[0]!.name, options);
  const workloads = [...new Set(options.workload ?? DEFAULT_WORKLOADS.map(({ name }) => name))];
  for (const name of workloads) {
    const known = WORKLOADS.map((workload) => workload.name);
    if (!known.includes(name)) throw unknown('workload', name, known);
  }
  if (options.expect === true && DEFAULT_WORKLOADS.some(({ name }) => !workloads.includes(name))) {
    throw new UsageError('--expect compares what all default workloads show together; leave --workload out');
  }
  const progress = new Progress(io);
  const explored = await within(options, (bounds) =>
    exploreAll(subjects, workloads, bounds, (text) => progress.at(text)),
  );
  progress.done();
  const results = explored.flatMap((one) => one.results);
  const expectations = options.expect === true ? explored.map(explorationExpectation) : undefined;
  if (options.json === true) {
    printJson(io, 'explore', { results, ...(expectations === undefined ? {} : { expectations }) });
  } else {
    for (const one of explored) io.out(`${exploreText(io, one.subject, one.results)}\n`);
    if (expectations !== undefined) io.out(expectationsText(io, expectations));
  }
  return expectations === undefined ? exitCode(results) : expectedExitCode(expectations);
}

export interface Explored {
  readonly subject: Subject;
  /** One for each workload. */
  readonly results: readonly ExploreResult[];
}

/** Explores workloads on subjects, in threads. */
export async function exploreAll(
  subjects: readonly Subject[],
  workloads: readonly string[],
  bounds: Pick<Bounds, 'maxStates' | 'halt'> | null,
  onProgress: (text: string) => void,
): Promise<Explored[]> {
  const tasks = subjects.flatMap(({ series, platform, options }) =>
    workloads.map(
      (workload): ExploreTask => ({
        workload,
        series: series.name,
        platform: platform.name,
        options,
        ...(bounds === null ? {} : { halt: bounds.halt }),
        ...(bounds?.maxStates === undefined ? {} : { maxStates: bounds.maxStates }),
      }),
    ),
  );
  const explorations = await exploreInThreads(tasks, {
    onProgress: (running, done) => {
      const now = running.map(({ workload, series, platform }) => `${workload} (${series}, ${platform})`);
      onProgress(`exploring, ${done} of ${tasks.length} done: ${now.join('; ')}`);
    },
  });
  return subjects.map((subject, i) => ({
    subject,
    results: explorations
      .slice(i * workloads.length, (i + 1) * workloads.length)
      .map((exploration) => exploreResult(subject, exploration)),
  }));
}

/** All default workloads together, held against the list of findings. */
export const explorationExpectation = ({ subject, results }: Explored) =>
  expectation(
    'explore',
    subject,
    results.every(({ complete }) => complete),
    resultOccurrences(results),
    results.map(({ workload }) => workload),
  );
