/** `ccdma conform`: every path on the simulated kernel, in lockstep with the machines. */
import { conformInThreads } from '../../conformance/conform-parallel.ts';
import { type Subject, subjectLabel } from '../../conformance/subject.ts';
import { type Series, V5 } from '../../series/index.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import { exitCode, expectation, expectedExitCode, resultHead } from '../results.ts';
import { type ConformanceResult, conformanceResult, conformInstrument, resultOccurrences } from '../runs.ts';
import { expectationsText } from '../text/expectations.ts';
import { conformText } from '../text/runs.ts';
import { boundText } from '../text/verdicts.ts';
import { type CommandOptions, printJson, subjectsOf } from './common.ts';

export interface ConformCommandOptions extends CommandOptions {
  readonly against: 'own' | 'v5';
}

export async function conform(
  io: Io,
  system: string | undefined,
  options: ConformCommandOptions,
): Promise<number> {
  const progress = new Progress(io);
  const show = (text: string) => progress.at(text);
  const lab = new Lab({ maxStates: options.maxStates, onProgress: show });
  const done: { subject: Subject; machines: Series; result: ConformanceResult }[] = [];
  for (const subject of subjectsOf(io, system, options)) {
    const machines = options.against === 'v5' ? V5 : subject.series;
    const result = await conformOne(lab, subject, machines, show);
    progress.done();
    if (options.json !== true) io.out(`${reportText(io, subject, result)}\n`);
    done.push({ subject, machines, result });
  }
  const results = done.map(({ result }) => result);
  const expectations =
    options.expect === true
      ? done.map(({ subject, machines, result }) => conformExpectation(subject, machines, result))
      : undefined;
  if (options.json === true) {
    printJson(io, 'conform', { results, ...(expectations === undefined ? {} : { expectations }) });
  } else if (expectations !== undefined) io.out(expectationsText(io, expectations));
  return expectations === undefined ? exitCode(results) : expectedExitCode(expectations);
}

/**
 * Runs one suite, in threads. Where a bound is hit nothing is run: half a system has no suite.
 *
 * @param firstTimeOnly compare after a transition's first execution, not after each repetition
 */
export async function conformOne(
  lab: Lab,
  subject: Subject,
  machines: Series,
  onProgress: (text: string) => void,
  firstTimeOnly = false,
): Promise<ConformanceResult> {
  const judges = { ...subject, series: machines };
  const { graph } = lab.check(judges);
  if (!graph.complete) return notRun(subject, machines, graph.states, graph.transitions);
  const label = subjectLabel(subject);
  const run = await conformInThreads(subject, machines, {
    suite: { graph, paths: lab.paths(judges) },
    // Where differences are passed over, each step counts.
    firstTimeOnly: firstTimeOnly && machines.name === subject.series.name,
    onProgress: ({ paths, of }) => onProgress(`${label}, in lockstep: ${paths} of ${of} paths`),
  });
  return conformanceResult(subject, machines, graph, run);
}

export const conformExpectation = (subject: Subject, machines: Series, result: ConformanceResult) =>
  expectation(conformInstrument(subject, machines), subject, result.complete, resultOccurrences([result]));

function notRun(subject: Subject, machines: Series, states: number, transitions: number): ConformanceResult {
  return {
    ...resultHead(subject),
    machines: machines.name,
    states,
    transitions,
    complete: false,
    paths: 0,
    steps: 0,
    covered: 0,
    blockedChecked: 0,
    properties: [
      {
        name: 'conformance',
        kind: 'conformance',
        holds: null,
        status: 'not decided',
        steps: null,
        counterexamples: [],
      },
    ],
  };
}

function reportText(io: Io, subject: Subject, result: ConformanceResult): string {
  if (result.complete) return conformText(io, subject, result);
  return `${subjectLabel(subject)}: not run. ${boundText(result.states)}`;
}
