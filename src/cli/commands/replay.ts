/** `ccdma replay`: a path, step by step, and on the simulated kernel. */
import { replayOnSimulator } from '../../conformance/conform.ts';
import { pathViolations } from '../../conformance/path-violations.ts';
import { networkOf, propertiesOf, type Subject, subjectLabel } from '../../conformance/subject.ts';
import { describePath } from '../../lts/index.ts';
import { textTable } from '../../render/index.ts';
import { Circle } from '../../trace/circle/run.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import { EXIT, resultHead } from '../results.ts';
import { shortSteps } from '../text/changes.ts';
import { coloursOf, command, paragraph } from '../text/layout.ts';
import { replayText } from '../text/replay.ts';
import { UsageError } from '../usage.ts';
import { printJson } from './common.ts';
import { replaySchedule } from './replay-schedule.ts';
import { type ReplayOptions, replayCommand, type Source, sourceOf, wayOf } from './replay-source.ts';

export async function replay(io: Io, system: string | undefined, options: ReplayOptions): Promise<number> {
  checkFlags(options);
  if (wayOf(options) === 'schedule') return replaySchedule(io, system, options);
  const progress = new Progress(io);
  const lab = new Lab({ onProgress: (text) => progress.at(text) });
  const source = sourceOf(lab, system, options);
  progress.done();
  if ('nothing' in source) return showNothing(io, source.subject, source.nothing, options);
  if (options.trace === true) return showLog(io, source);
  return show(io, source, options);
}

/** Flags that mean nothing without another are mistakes, not to be passed over. */
function checkFlags(options: ReplayOptions): void {
  const needs: readonly (readonly [keyof ReplayOptions, keyof ReplayOptions])[] = [
    ['site', 'property'],
    ['index', 'file'],
    ['workload', 'schedule'],
    ['schedule', 'workload'],
  ];
  if (options.trace === true && (options.json === true || options.schedule !== undefined))
    throw new UsageError('--trace prints a log and nothing else; leave out --json and --schedule');
  for (const [flag, other] of needs) {
    if (options[flag] !== undefined && options[other] === undefined) {
      throw new UsageError(`--${flag} needs --${other}`);
    }
  }
}

function showNothing(io: Io, subject: Subject, nothing: string, options: ReplayOptions): number {
  if (options.json === true) {
    printJson(io, 'replay', {
      ...resultHead(subject),
      path: null,
      nothing,
      steps: [],
      violations: [],
      simulator: null,
    });
  } else io.out(`${coloursOf(io).bold(subjectLabel(subject))}\n${paragraph(io, nothing)}`);
  return EXIT.holds;
}

/** What ftrace would have recorded of the path on the simulated kernel. */
function showLog(io: Io, { subject, machines, path }: Exclude<Source, { nothing: string }>): number {
  const { log, steps } = new Circle(subject, machines).run(path);
  io.out(log.trimEnd());
  if (steps < path.length)
    io.err(`the simulated kernel parts from the path at step ${steps}: the log ends there`);
  return EXIT.holds;
}

function show(io: Io, source: Exclude<Source, { nothing: string }>, options: ReplayOptions): number {
  const { subject, machines, path, title, lasso } = source;
  const judged: Subject = { ...subject, series: machines };
  const network = networkOf(judged);
  const steps = describePath(network, path);
  const violations = pathViolations(network, propertiesOf(judged), path);
  const simulator = options.simulate === true ? replayOnSimulator(subject, machines, path) : null;
  const bad =
    lasso !== undefined ||
    violations.length > 0 ||
    (simulator !== null &&
      (simulator.divergence !== null || simulator.steps.some(({ violated }) => violated.length > 0)));
  if (options.json === true) {
    printJson(io, 'replay', {
      ...resultHead(subject),
      machines: machines.name,
      path,
      steps,
      violations,
      ...(lasso === undefined ? {} : { lasso }),
      simulator,
    });
  } else {
    const c = coloursOf(io);
    const whose = machines === subject.series ? '' : `, with the machines of ${machines.name}`;
    const table = textTable(
      {
        title,
        subtitle: `${subjectLabel(subject)}${whose}`,
        steps: shortSteps(steps),
        ...(lasso === undefined ? {} : { verdict: lasso, repeats: lasso.repeats }),
      },
      { width: io.width, colour: io.colour },
    );
    io.out(table);
    io.out('');
    for (const { step, property, because } of violations) {
      io.out(c.red(paragraph(io, `Step ${step} violates ${property}: ${because}`)));
    }
    if (violations.length === 0 && lasso === undefined)
      io.out(c.green('No safety property is violated on this path.'));
    if (simulator !== null) io.out(`\n${replayText(io, simulator)}`);
    else
      io.out(
        `On the simulated kernel:\n${command(io, `${replayCommand(subject, machines, path)} --simulate`)}`,
      );
  }
  return bad ? EXIT.fails : EXIT.holds;
}
