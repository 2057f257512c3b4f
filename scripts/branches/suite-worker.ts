/** Suites in a thread that counts: one after the other, as they are handed in. */
import { parentPort } from 'node:worker_threads';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { SuiteRun, suiteOf } from '../../src/conformance/conform.ts';
import { PLATFORMS, parseSeries, type Series } from '../../src/series/index.ts';
import type { SuiteTask } from './suites.ts';

parentPort?.on('message', ({ options, ...names }: SuiteTask) => {
  const system = SYSTEMS.find(({ name }) => name === names.system)!;
  const platform = PLATFORMS.find(({ name }) => name === names.platform)!;
  const series = parseSeries(names.series) as Series;
  const subject = { system, platform, series, options };
  const { graph, paths } = suiteOf(subject, series);
  const run = new SuiteRun(subject, graph, false, true, false);
  for (const path of paths) run.path(path);
  parentPort!.postMessage(null);
});
