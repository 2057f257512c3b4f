/** The runs of the simulator, shaped as results: explorations under workloads, and conformance. */
import type { ConformResult } from '../conformance/conform.ts';
import type { Exploration } from '../conformance/explore.ts';
import { kernelConfig } from '../conformance/facts.ts';
import { SAFETY } from '../conformance/safety.ts';
import { scheduleNumbers } from '../conformance/schedule.ts';
import { type Subject, subjectArguments } from '../conformance/subject.ts';
import { WORKLOADS } from '../conformance/workloads.ts';
import type { Graph, Path } from '../lts/index.ts';
import type { Instrument, Occurrence, Series } from '../series/index.ts';
import { findingOf, type PropertyResult, type Result, resultHead } from './results.ts';

export interface ExploreResult extends Result {
  readonly workload: string;
}

/** One workload, explored. */
export function exploreResult(subject: Subject, exploration: Exploration): ExploreResult {
  const { complete, stopped, states, transitions, witnesses, violations } = exploration;
  const workload = WORKLOADS.find(({ name }) => name === exploration.workload)!;
  const config = kernelConfig(subject.series, subject.platform, subject.options);
  const properties = SAFETY.map((name): PropertyResult => {
    const found = violations
      .filter(({ property }) => property === name)
      .sort((a, b) => a.schedule.length - b.schedule.length);
    const shown = witnesses.includes(name) ? 'holds' : 'not reachable';
    const status = found.length > 0 ? 'fails' : complete ? shown : 'not decided';
    return {
      name,
      kind: 'simulator',
      holds: status === 'not decided' ? null : status !== 'fails',
      status,
      steps: found[0]?.schedule.length ?? null,
      counterexamples: found.map(({ site, because, schedule }) => ({
        site,
        steps: schedule.length,
        because,
        finding: findingOf('explore', subject, { property: name, site }),
        replay: `npx ccdma replay ${subjectArguments(subject)} --workload ${workload.name} --schedule ${scheduleNumbers(workload, config, schedule).join(',')}`,
      })),
    };
  });
  return {
    ...resultHead(subject),
    workload: workload.name,
    states,
    transitions,
    complete,
    stopped,
    properties,
  };
}

/** Everything that fails in some results, by property and site, each once. */
export function resultOccurrences(results: readonly Result[]): Occurrence[] {
  const all = results.flatMap(({ properties }) =>
    properties.flatMap(({ name, counterexamples }) =>
      counterexamples.map(({ site }): Occurrence => ({ property: name, site })),
    ),
  );
  return all.filter(
    (one, i) => all.findIndex((other) => other.property === one.property && other.site === one.site) === i,
  );
}

export interface ConformanceResult extends Result {
  /** Whose machines judge. */
  readonly machines: string;
  readonly paths: number;
  readonly steps: number;
  /** Transitions that were executed and agreed. */
  readonly covered: number;
  readonly blockedChecked: number;
}

/** What a conformance run is held against: its own machines, or the intended ones of another series. */
export const conformInstrument = ({ series }: Subject, machines: Series): Instrument =>
  machines.name === series.name ? 'conform' : 'conform-v5';

/**
 * A suite, run in lockstep.
 * @param graph of the system with the machines that judge
 */
export function conformanceResult(
  subject: Subject,
  machines: Series,
  graph: Graph,
  run: ConformResult,
): ConformanceResult {
  const instrument = conformInstrument(subject, machines);
  const against = machines.name === subject.series.name ? '' : ` --against ${machines.name}`;
  const example = (property: string, site: string, path: Path, because: string) => ({
    site,
    steps: path.length,
    because,
    finding: findingOf(instrument, subject, { property, site }),
    replay: `npx ccdma replay ${subjectArguments(subject)}${against} --simulate --path ${path.join(',')}`,
  });
  const parted = shortestBySite(run.failures).map(({ site, path, actor, expected, happened }) =>
    example('conformance', site, path, `${actor}: expected ${expected}; happened: ${happened}`),
  );
  const property = (name: string, kind: string, examples: PropertyResult['counterexamples']) => ({
    name,
    kind,
    holds: examples.length > 0 ? false : run.stopped === null ? true : null,
    status:
      examples.length > 0
        ? ('fails' as const)
        : run.stopped === null
          ? ('holds' as const)
          : ('not decided' as const),
    steps: examples[0]?.steps ?? null,
    counterexamples: examples,
  });
  return {
    ...resultHead(subject),
    machines: machines.name,
    states: graph.states,
    transitions: graph.transitions,
    complete: run.stopped === null,
    stopped: run.stopped,
    paths: run.paths,
    steps: run.steps,
    covered: run.transitionsCovered,
    blockedChecked: run.blockedChecked,
    properties: [
      property('conformance', 'conformance', parted),
      ...SAFETY.map((name) => {
        const found = run.safety.filter((violation) => violation.property === name);
        return property(
          name,
          'simulator',
          shortestBySite(found).map(({ site, path, because }) => example(name, site, path, because)),
        );
      }),
    ],
  };
}

/** One for each site, shortest first. */
function shortestBySite<T extends { readonly site: string; readonly path: Path }>(all: readonly T[]): T[] {
  const sorted = [...all].sort((a, b) => a.path.length - b.path.length);
  return sorted.filter((one, i) => sorted.findIndex(({ site }) => site === one.site) === i);
}
