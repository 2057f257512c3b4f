/** Generated paths of every bound system, run on the simulator by threads that count. */
import type { Worker } from 'node:worker_threads';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { isBound } from '../../src/conformance/bindings.ts';
import {
  conflict,
  defaultOptions,
  OPTION_VALUES,
  type OptionName,
  type Options,
  PLATFORMS,
} from '../../src/series/index.ts';

/** What a thread is told: names, for functions do not cross. */
export interface SuiteTask {
  readonly system: string;
  readonly series: string;
  readonly platform: string;
  readonly options: Options;
}

/** The ends of the series, and the kernels around the patches that change the most. */
export const SUITE_SERIES = ['baseline', 'prefix:4', 'prefix:9', 'prefix:11', 'v5'] as const;

/** Every bound system on every platform with its defaults, on the whole series with each option that it names. */
export function suiteTasks(): SuiteTask[] {
  return SYSTEMS.filter(({ name }) => isBound(name)).flatMap((system) =>
    PLATFORMS.flatMap((platform) => {
      const defaults = defaultOptions(platform);
      const names = (system.options ?? Object.keys(OPTION_VALUES)) as OptionName[];
      const others = names.flatMap((name) =>
        OPTION_VALUES[name]
          .filter((value) => value !== defaults[name])
          .map((value): Options => ({ ...defaults, [name]: value }))
          .filter((options) => conflict(platform, options) === null),
      );
      return [
        ...SUITE_SERIES.map((series) => ({ series, options: defaults })),
        ...others.map((options) => ({ series: 'v5', options })),
      ].map((one): SuiteTask => ({ system: system.name, platform: platform.name, ...one }));
    }),
  );
}

/** Runs all tasks. @param threads started by what counts */
export async function runSuites(
  tasks: readonly SuiteTask[],
  threads: readonly Worker[],
  onProgress: (done: number, running: SuiteTask) => void,
): Promise<void> {
  let next = 0;
  let done = 0;
  const serve = async (thread: Worker): Promise<void> => {
    while (next < tasks.length) {
      const task = tasks[next++]!;
      onProgress(done, task);
      await new Promise<void>((resolve, reject) => {
        thread.once('message', () => {
          thread.off('error', reject);
          resolve();
        });
        thread.once('error', reject);
        thread.postMessage(task);
      });
      done++;
    }
  };
  await Promise.all(threads.map(serve));
}
