/**
 * A share of the sweep over the simulator: every series and every combination of a system's options on one platform,
 * each in lockstep with its own machines. A run is not repeated for a subject whose network is the same and that
 * answers alike to all that the simulator read.
 */
import { SYSTEMS } from '../../machines/systems/index.ts';
import { ALL_SERIES } from '../../src/cli/generate/exhibits.ts';
import { pathsAround } from '../../src/conformance/around.ts';
import { machineFor } from '../../src/conformance/bindings.ts';
import { SuiteRun } from '../../src/conformance/conform.ts';
import { Reuse } from '../../src/conformance/matrix/reuse.ts';
import type { Subject } from '../../src/conformance/subject.ts';
import type { ConfigRead } from '../../src/kernel/index.ts';
import type { Graph } from '../../src/lts/index.ts';
import { transitionCover } from '../../src/paths/index.ts';
import { type Occurrence, PLATFORMS } from '../../src/series/index.ts';
import { differentOptions, Graphs, type ShareTask, type Situated, situated } from './judge.ts';

interface Conformed {
  readonly occurrences: readonly Occurrence[];
  readonly reads: readonly ConfigRead[];
}

export function* conformShare({ system: name, platform: on }: ShareTask): Generator<Situated> {
  const system = SYSTEMS.find((one) => one.name === name)!;
  const platform = PLATFORMS.find((one) => one.name === on)!;
  const graphs = new Graphs();
  const known = new Map<string, Reuse<Conformed>>();
  for (const options of differentOptions(system, platform)) {
    for (const series of ALL_SERIES) {
      const subject: Subject = { system, series, platform, options };
      const { graph, key } = graphs.of(subject);
      const reuse = known.get(key) ?? new Reuse<Conformed>();
      known.set(key, reuse);
      const machine = machineFor(subject);
      let result = reuse.find(machine);
      if (result === undefined) {
        result = conformed(subject, graph);
        reuse.keep(result);
      }
      const acting = [...series.patches].sort((a, b) => a - b);
      yield situated('conform', subject, acting, result.occurrences);
    }
  }
}

function conformed(subject: Subject, graph: Graph): Conformed {
  // Compared after each repetition too: the state of a finding may lie behind a transition that agreed before.
  const run = new SuiteRun(subject, graph, false);
  let paths = transitionCover(graph);
  for (;;) {
    for (const path of paths) run.path(path);
    const { executed, diverging, failures, safety } = run.result(0);
    paths = diverging.length === 0 ? [] : pathsAround(graph, executed, new Set(diverging));
    if (paths.length > 0) continue;
    const all = [...failures.map(({ site }) => ({ property: 'conformance', site })), ...safety];
    const keys = all.map(({ property, site }) => `${property} ${site}`);
    const occurrences = all.filter((_, i) => keys.indexOf(keys[i]!) === i);
    return { occurrences, reads: run.reads() };
  }
}
