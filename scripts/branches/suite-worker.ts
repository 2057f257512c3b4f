/** Suites in a thread that counts: one after the other, as they are handed in. */
import { parentPort } from 'node:worker_threads';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { bindingOf, kernelFor } from '../../src/conformance/bindings.ts';
import { suiteOf } from '../../src/conformance/conform.ts';
import { Bound, Lockstep } from '../../src/conformance/lockstep.ts';
import type { Path } from '../../src/lts/index.ts';
import { PLATFORMS, parseSeries, type Series } from '../../src/series/index.ts';
import type { SuiteTask } from './suites.ts';

parentPort?.on('message', ({ options, ...names }: SuiteTask) => {
  const system = SYSTEMS.find(({ name }) => name === names.system)!;
  const platform = PLATFORMS.find(({ name }) => name === names.platform)!;
  const series = parseSeries(names.series) as Series;
  const subject = { system, platform, series, options };
  const { graph, paths } = suiteOf(subject, series);
  const bound = new Bound(graph.network, bindingOf(system.name));
  for (const path of paths) walk(new Lockstep(bound, kernelFor(subject)), path);
  parentPort!.postMessage(null);
});

/**
 * Takes a path as far as the simulator goes with it. Nothing is compared: what a comparison asks of the measured
 * code would count too. A listed divergence ends the path, by an event that contradicts or is not accepted.
 */
function walk(run: Lockstep, path: Path): void {
  const { events } = run.bound.network;
  for (const event of path) {
    try {
      if (run.take(events[event]!) !== null) return;
    } catch {
      return;
    }
  }
}
