/** `ccdma conform`: every path on the simulated kernel, in lockstep with the machines. */
import { conformInThreads } from '../../conformance/conform-parallel.ts';
import { type Subject, subjectLabel } from '../../conformance/subject.ts';
import type { Graph } from '../../lts/index.ts';
import { type Series, V5 } from '../../series/index.ts';
import { type Bounds, type Stopped, within } from '../bounds.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import { exitCode, expectation, expectedExitCode, resultHead } from '../results.ts';
import { type ConformanceResult, conformanceResult, conformInstrument, resultOccurrences } from '../runs.ts';
import { expectationsText } from '../text/expectations.ts';
import { paragraph } from '../text/layout.ts';
import { conformText } from '../text/runs.ts';
import { boundText } from '../text/verdicts.ts';
import { type CommandOptions, codeOf, notRunJson, notRunText, printJson, subjectsOf } from './common.ts';

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
  const subjects = subjectsOf(io, system, options);
  const done: { subject: Subject; machines: Series; result: ConformanceResult }[] = [];
  await within(options, async (bounds) => {
    const lab = new Lab({ bounds, onProgress: show });
    for (const subject of subjects) {
      // One is begun in any case, so that there is something to say.
      if (done.length > 0 && bounds.reason() !== null) break;
      const machines = options.against === 'v5' ? V5 : subject.series;
      const result = await conformOne(lab, subject, machines, show, { bounds });
      progress.done();
      if (options.json !== true) io.out(`${reportText(io, subject, result)}\n`);
      done.push({ subject, machines, result });
    }
  });
  const notRun = subjects.slice(done.length);
  const results = done.map(({ result }) => result);
  const expectations =
    options.expect === true
      ? done.map(({ subject, machines, result }) => conformExpectation(subject, machines, result))
      : undefined;
  if (options.json === true) {
    const expected = expectations === undefined ? {} : { expectations };
    printJson(io, 'conform', { results, ...notRunJson(notRun), ...expected });
  } else {
    const open = notRunText(io, notRun);
    if (open !== null) io.out(open);
    if (expectations !== undefined) io.out(expectationsText(io, expectations));
  }
  return codeOf(expectations === undefined ? exitCode(results) : expectedExitCode(expectations), notRun);
}

/**
 * Runs one suite, in threads. Where a bound is hit nothing is run: half a system has no suite.
 *
 * @param options.firstTimeOnly compare after a transition's first execution, not after each repetition
 */
export async function conformOne(
  lab: Lab,
  subject: Subject,
  machines: Series,
  onProgress: (text: string) => void,
  { firstTimeOnly = false, bounds }: { readonly firstTimeOnly?: boolean; readonly bounds?: Bounds } = {},
): Promise<ConformanceResult> {
  const judges = { ...subject, series: machines };
  const { graph, stopped } = await lab.checked(judges);
  if (stopped !== null) return notRun(subject, machines, graph, stopped);
  const label = subjectLabel(subject);
  const run = await conformInThreads(subject, machines, {
    suite: { graph, paths: lab.paths(judges) },
    // Where differences are passed over, each step counts.
    halt: bounds?.halt,
    firstTimeOnly: firstTimeOnly && machines.name === subject.series.name,
    onProgress: ({ paths, of }) => onProgress(`${label}, in lockstep: ${paths} of ${of} paths`),
  });
  return conformanceResult(subject, machines, graph, run);
}

export const conformExpectation = (subject: Subject, machines: Series, result: ConformanceResult) =>
  expectation(conformInstrument(subject, machines), subject, result.complete, resultOccurrences([result]));

function notRun(
  subject: Subject,
  machines: Series,
  { states, transitions }: Graph,
  stopped: Stopped,
): ConformanceResult {
  return {
    ...resultHead(subject),
    machines: machines.name,
    states,
    transitions,
    complete: false,
    stopped,
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
  if (result.paths > 0 || result.stopped === null) return conformText(io, subject, result);
  return paragraph(io, `${subjectLabel(subject)}: not run. ${boundText(result, result.stopped)}`);
}
