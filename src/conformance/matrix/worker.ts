/** Cells of the matrix in a thread of its own: explorations, one after the other, as they are handed in. */
import { parentPort } from 'node:worker_threads';
import { type Options, PLATFORMS, parseSeries, type Series } from '../../series/index.ts';
import { kernelConfig } from '../facts.ts';
import { workloadOf } from '../workloads.ts';
import { outcomeOf } from './outcome.ts';

/** What a thread is told: names, for functions do not cross. */
export interface MatrixTask {
  readonly workload: string;
  readonly series: string;
  readonly platform: string;
  readonly options: Options;
  readonly maxStates: number;
}

parentPort?.on('message', (task: MatrixTask) => {
  try {
    const workload = workloadOf(task.workload);
    const platform = PLATFORMS.find(({ name }) => name === task.platform)!;
    const config = kernelConfig(parseSeries(task.series) as Series, platform, task.options);
    parentPort?.postMessage(outcomeOf(workload, config, task.maxStates));
  } catch (error) {
    // Which cell it was is worth more than the stack alone.
    const { stack } = error as Error;
    const where = `${task.workload}, ${task.series}, ${task.platform}, ${JSON.stringify(task.options)}`;
    parentPort?.postMessage({ error: `${where}: ${stack}` });
  }
});
