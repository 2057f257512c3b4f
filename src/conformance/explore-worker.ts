/** Explorations in a thread of its own: one after the other, as they are handed in. */
import { parentPort } from 'node:worker_threads';
import { type Options, PLATFORMS, parseSeries, type Series } from '../series/index.ts';
import { explore } from './explore.ts';
import { kernelConfig } from './facts.ts';
import { type Halt, haltWatch } from './halt.ts';
import { WORKLOADS } from './workloads.ts';

/** What a thread is told: names, for functions do not cross. */
export interface ExploreTask {
  readonly workload: string;
  readonly series: string;
  readonly platform: string;
  readonly options: Options;
  readonly maxStates?: number;
  readonly halt?: Halt;
}

parentPort?.on('message', (task: ExploreTask) => {
  const workload = WORKLOADS.find(({ name }) => name === task.workload)!;
  const platform = PLATFORMS.find(({ name }) => name === task.platform)!;
  const config = kernelConfig(parseSeries(task.series) as Series, platform, task.options);
  const { maxStates, halt } = task;
  parentPort?.postMessage(
    explore(workload, config, {
      ...(maxStates === undefined ? {} : { maxStates }),
      ...(halt === undefined ? {} : { halted: haltWatch(halt) }),
    }),
  );
});
