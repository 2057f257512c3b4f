/**
 * A share of the sweep over the simulator: every series and every combination of a system's options on one platform,
 * each in lockstep with its own machines. A run is not repeated for a subject whose network is the same and that
 * answers alike to all that the simulator read.
 */
import { SYSTEMS } from '../../machines/systems/index.ts';
import { ALL_SERIES } from '../../src/cli/generate/exhibits.ts';
import { machineFor } from '../../src/conformance/bindings.ts';
import { goAround, joinParts, SHARES, SuiteRun, shareOf } from '../../src/conformance/conform.ts';
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

/** As the command does it, share by share; then what divergences kept out of reach. */
function conformed(subject: Subject, graph: Graph): Conformed {
  const reads: ConfigRead[] = [];
  const suite = transitionCover(graph);
  const parts = Array.from({ length: SHARES }, (_, index) => {
    // Compared after each repetition too: the state of a finding may lie behind a transition that agreed before.
    const run = new SuiteRun(subject, graph, false);
    const paths = shareOf(suite, index);
    for (const path of paths) run.path(path);
    reads.push(...run.reads());
    return run.result(paths.length);
  });
  const all = goAround(subject, subject.series, graph, joinParts(parts), (run) => reads.push(...run.reads()));
  const found = [
    ...all.failures.map(({ site }) => ({ property: 'conformance', site })),
    ...all.safety.map(({ property, site }) => ({ property, site })),
  ];
  const keys = found.map(({ property, site }) => `${property} ${site}`);
  return { occurrences: found.filter((_, i) => keys.indexOf(keys[i]!) === i), reads };
}
