/** `ccdma start` (npm start): the main job for the whole series and for the kernel before it, and a summary. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { isBound } from '../../conformance/bindings.ts';
import { committedMatrix as matrixOf, type ReadMatrix } from '../../conformance/matrix/committed.ts';
import { defaultSubject, type Subject } from '../../conformance/subject.ts';
import { WORKLOADS } from '../../conformance/workloads.ts';
import { BASELINE, PLATFORMS, V5 } from '../../series/index.ts';
import { PROJECT, writeAll } from '../files.ts';
import { computedFiles, type GeneratedFile } from '../generate/index.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import { checkResult, expectation, expectedExitCode, occurrencesOf } from '../results.ts';
import { summaryText } from '../text/start.ts';
import { conformExpectation, conformOne } from './conform.ts';
import { type Explored, explorationExpectation, exploreAll } from './explore.ts';

/** Where the simulator is explored and run in lockstep; the specification is checked on every platform. */
const SIMULATED = ['tdx', 'cca', 'sme'];
/** Where most of what the series is about can happen: an address bit, remapped pools, conversions that sleep. */
const mostHappens = ({ platform }: Subject): boolean => platform.name === 'cca';

export async function start(io: Io, options: { readonly out?: string }): Promise<number> {
  const progress = new Progress(io);
  const show = (text: string) => progress.at(text);
  const lab = new Lab({ onProgress: show });
  const main = SYSTEMS.flatMap((system) =>
    [V5, BASELINE].flatMap((series) => PLATFORMS.map((platform) => defaultSubject(system, series, platform))),
  );
  const simulated = main.filter(({ platform }) => SIMULATED.includes(platform.name));
  // The simulator is the same whatever system it is compared with: it is explored once.
  const any = SYSTEMS[0]!.name;

  // The simulator is explored in threads while the specification is checked here.
  const exploring = exploreSome(
    simulated.filter(({ system }) => system.name === any),
    show,
  );
  // Its error is met below; until then it must not count as unhandled.
  exploring.catch(() => {});
  const checks = [];
  for (const subject of main) {
    checks.push({ checked: lab.check(subject), result: checkResult(lab.check(subject)) });
    await breath();
  }
  const files: GeneratedFile[] = [];
  for await (const file of computedFiles(lab)) files.push(file);
  const explored = await exploring;

  const conformed = [];
  const bound = simulated.filter(({ system }) => isBound(system.name));
  const before = (one: Subject) => mostHappens(one) && one.system.name === any;
  for (const subject of bound.filter((one) => one.series === V5 || before(one))) {
    // Against the intended machines: that a kernel without the series does not conform is shown once. That it does
    // as its own machines say is shown by the tests.
    conformed.push({
      subject,
      machines: V5,
      result: await conformOne(lab, subject, V5, show, { firstTimeOnly: true }),
    });
  }
  progress.done();
  const folder = resolve(options.out ?? resolve(PROJECT, 'generated'));
  writeAll(folder, files);

  const expectations = [
    ...checks.map(({ checked: { subject, graph, verdicts } }) =>
      expectation('check', subject, graph.complete, occurrencesOf(verdicts)),
    ),
    ...explored.map(explorationExpectation),
    ...conformed.map(({ subject, machines, result }) => conformExpectation(subject, machines, result)),
  ];
  io.out(
    summaryText(io, { checks, explored, conformed, expectations, folder, files, matrix: committedMatrix() }),
  );
  return expectedExitCode(expectations);
}

/**
 * The workloads that belong to the main job: those that are done in seconds, and for the series as it was, where the
 * same faults show in each, the smallest only.
 */
async function exploreSome(subjects: readonly Subject[], show: (text: string) => void): Promise<Explored[]> {
  const of = (...when: string[]) =>
    WORKLOADS.filter((one) => when.includes(one.when)).map(({ name }) => name);
  const whole = subjects.filter(({ series }) => series === V5);
  const before = subjects.filter(({ series }) => series !== V5);
  return [
    ...(await exploreAll(whole.filter(mostHappens), of('start', 'start v5'), null, show)),
    ...(await exploreAll(
      whole.filter((subject) => !mostHappens(subject)),
      of('start'),
      null,
      show,
    )),
    ...(await exploreAll(before, of('start'), null, show)),
  ];
}

/** The committed matrix, as data; null where there is none. */
function committedMatrix(): ReadMatrix | null {
  const path = resolve(PROJECT, 'generated/slow/matrix.json');
  return existsSync(path) ? matrixOf(readFileSync(path, 'utf8')) : null;
}

/** Lets messages of the threads in between two pieces of work. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
