/** What commands report, as data: the shape of `--json` (schemas/*.json), the exit code, the expectations. */
import type { CheckedSubject, Subject } from '../conformance/subject.ts';
import { subjectArguments } from '../conformance/subject.ts';
import {
  type DeadState,
  deadParts,
  type MachineCoverage,
  machineCoverage,
  type UnreachableRendezvous,
  unreachableRendezvous,
  type Verdict,
  type VerdictStatus,
} from '../lts/index.ts';
import {
  compareFindings,
  findingsFor,
  type Instrument,
  type Occurrence,
  type Options,
  type Situation,
} from '../series/index.ts';
import type { Stopped } from './bounds.ts';
import { type Statistics, statisticsOf } from './statistics.ts';
import { shellWord } from './usage.ts';

export const EXIT = { holds: 0, fails: 1, usage: 2, bound: 3 } as const;

export interface CounterexampleResult {
  /** Kernel symbol of the violating step. */
  readonly site: string;
  readonly steps: number;
  /** Which part of the property was false. */
  readonly because: string;
  /** Of a leads-to: how many of the steps, the last ones, are repeated for ever. */
  readonly repeats?: number;
  /** Id of the known finding that this is, or null. */
  readonly finding: string | null;
  /** A command that shows it. */
  readonly replay: string;
}

export interface PropertyResult {
  readonly name: string;
  readonly kind: string;
  /** Null when a bound was hit before the answer was known. True for `not reachable`: nothing is violated. */
  readonly holds: boolean | null;
  readonly status: VerdictStatus;
  /** Of the shortest counterexample; of the shortest witness for a `possible`; null if there is none. */
  readonly steps: number | null;
  /** Of a `possible`: the property that it witnesses. */
  readonly witnesses?: string;
  readonly counterexamples: readonly CounterexampleResult[];
}

export interface Result {
  readonly system: string;
  readonly series: string;
  readonly platform: string;
  readonly options: Options;
  readonly states: number;
  readonly transitions: number;
  readonly complete: boolean;
  /** Which bound was hit; null: none. */
  readonly stopped: Stopped | null;
  readonly properties: readonly PropertyResult[];
}

/** A check: also what of the specification this one run never used; null when a bound was hit. */
export interface CheckResult extends Result {
  readonly dead: null | { readonly events: readonly string[]; readonly states: readonly DeadState[] };
  /** Events that can never happen with these machines, whatever the others do: a participant never offers its part. */
  readonly impossible: readonly UnreachableRendezvous[];
  readonly statistics: Statistics;
  /** Only with `--coverage`. */
  readonly coverage?: readonly MachineCoverage[];
}

export interface CheckDetail {
  /** With the time it took. */
  readonly stats?: boolean;
  /** With how often each step of each machine was taken. */
  readonly coverage?: boolean;
}

/** The subject's part of a result. */
export function resultHead({ system, series, platform, options }: Subject) {
  return { system: system.name, series: series.name, platform: platform.name, options };
}

/** @param workloads those that are run, where workloads are */
export const situationOf = (
  { system, series, platform, options }: Subject,
  workloads?: readonly string[],
): Situation => ({
  system: system.name,
  patches: series.patches,
  platform,
  options,
  ...(workloads === undefined ? {} : { workloads }),
});

/** Where a `possible` that must be reachable and is not stands in the list of findings. */
const NOT_REACHED = '(not reached)';

/** Everything that fails, by property and site. */
export function occurrencesOf(verdicts: readonly Verdict[]): Occurrence[] {
  return verdicts
    .filter(({ status }) => status === 'fails')
    .flatMap(({ name, counterexamples }) =>
      counterexamples.length === 0
        ? [{ property: name, site: NOT_REACHED }]
        : counterexamples.map(({ site }) => ({ property: name, site })),
    );
}

/** A check as a result. */
export function checkResult(checked: CheckedSubject, detail: CheckDetail = {}): CheckResult {
  const { subject, graph, verdicts, stopped } = checked;
  const { events, states } = deadParts(graph);
  return {
    ...resultHead(subject),
    states: graph.states,
    transitions: graph.transitions,
    complete: graph.complete && stopped === null,
    stopped,
    properties: verdicts.map((verdict) => ({
      name: verdict.name,
      kind: verdict.kind,
      holds: holdsOf(verdict.status),
      status: verdict.status,
      steps: verdict.steps,
      ...(verdict.witnesses === undefined ? {} : { witnesses: verdict.witnesses }),
      counterexamples: verdict.counterexamples.map(({ site, steps, because, path, loop }, n, all) => ({
        site,
        steps,
        because,
        ...(loop === undefined ? {} : { repeats: loop.length }),
        finding: findingOf('check', subject, { property: verdict.name, site }),
        // A site stands for the first that is there; others are named by their steps.
        replay: `npx ccdma replay ${subjectArguments(subject)} ${
          all.findIndex((other) => other.site === site) === n
            ? `--property ${shellWord(verdict.name)} --site ${shellWord(site)}`
            : `--path ${path.join(',')}`
        }`,
      })),
    })),
    dead: graph.complete ? { events, states } : null,
    impossible: unreachableRendezvous(graph.network),
    statistics: statisticsOf(checked, detail.stats === true),
    ...(detail.coverage === true ? { coverage: machineCoverage(graph) } : {}),
  };
}

export function holdsOf(status: VerdictStatus): boolean | null {
  return status === 'not decided' ? null : status !== 'fails';
}

/** The id of the known finding that an occurrence is, or null. */
export function findingOf(
  instrument: Instrument,
  subject: Subject,
  { property, site }: Occurrence,
  workloads?: readonly string[],
): string | null {
  const listed = findingsFor(instrument, situationOf(subject, workloads));
  return listed.find((finding) => finding.property === property && finding.site === site)?.id ?? null;
}

/** 1 when something fails, known or not; else 3 when a bound was hit; else 0. */
export function exitCode(results: readonly Pick<Result, 'complete' | 'properties'>[]): number {
  if (results.some(({ properties }) => properties.some(({ holds }) => holds === false))) return EXIT.fails;
  return results.every(({ complete }) => complete) ? EXIT.holds : EXIT.bound;
}

/** What one run showed, held against the list of findings. */
export interface Expectation {
  readonly system: string;
  readonly series: string;
  readonly platform: string;
  readonly options: Options;
  readonly instrument: Instrument;
  readonly complete: boolean;
  /** Ids of findings that are listed for this run and occurred. */
  readonly known: readonly string[];
  readonly unlisted: readonly Occurrence[];
  /** Ids of findings that are listed for this run and did not occur. */
  readonly missing: readonly string[];
}

export function expectation(
  instrument: Instrument,
  subject: Subject,
  complete: boolean,
  occurrences: readonly Occurrence[],
  workloads?: readonly string[],
): Expectation {
  const run = { instrument, situation: situationOf(subject, workloads), complete, occurrences };
  const { known, unlisted, missing } = compareFindings(run);
  return {
    ...resultHead(subject),
    instrument,
    complete,
    known: known.map(({ id }) => id),
    unlisted,
    missing: missing.map(({ id }) => id),
  };
}

/** 1 when something is not as listed; else 3 when a bound was hit; else 0. */
export function expectedExitCode(expectations: readonly Expectation[]): number {
  if (expectations.some(({ unlisted, missing }) => unlisted.length + missing.length > 0)) return EXIT.fails;
  return expectations.every(({ complete }) => complete) ? EXIT.holds : EXIT.bound;
}
