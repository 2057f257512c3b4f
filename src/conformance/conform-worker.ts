/** One share of a suite, run in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { type Options, PLATFORMS, parseSeries, type Series } from '../series/index.ts';
import { conformPart } from './conform.ts';

/** What a thread is told: names, for functions do not cross. */
export interface ConformTask {
  readonly system: string;
  readonly series: string;
  readonly platform: string;
  readonly options: Options;
  readonly machines: string;
  readonly share: { readonly index: number; readonly of: number };
}

if (parentPort !== null) {
  const task = workerData as ConformTask;
  const system = SYSTEMS.find(({ name }) => name === task.system)!;
  const platform = PLATFORMS.find(({ name }) => name === task.platform)!;
  const subject = { system, platform, series: parseSeries(task.series) as Series, options: task.options };
  const part = conformPart(subject, parseSeries(task.machines) as Series, {
    share: task.share,
    onProgress: (progress) => parentPort!.postMessage({ progress }),
  });
  parentPort.postMessage({ part });
}
