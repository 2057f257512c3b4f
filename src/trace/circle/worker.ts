/** Shares of suites, there and back, in a thread of its own. */
import { parentPort } from 'node:worker_threads';
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { suiteOf } from '../../conformance/conform.ts';
import { type Options, PLATFORMS, parseSeries, type Series } from '../../series/index.ts';
import { circleSuite } from './suite.ts';

export interface CircleTask {
  readonly system: string;
  readonly series: string;
  readonly platform: string;
  readonly options: Options;
  /** Every `of`-th path, beginning with `index`. */
  readonly index: number;
  readonly of: number;
}

// The main thread imports this file too, for its type.
parentPort?.on('message', (task: CircleTask) => {
  const system = SYSTEMS.find(({ name }) => name === task.system)!;
  const platform = PLATFORMS.find(({ name }) => name === task.platform)!;
  const series = parseSeries(task.series) as Series;
  const subject = { system, series, platform, options: task.options };
  const { paths } = suiteOf(subject, series);
  const mine = paths.filter((_, i) => i % task.of === task.index);
  parentPort!.postMessage(circleSuite(subject, mine));
});
