/** `ccdma start` (npm start): the main job for the whole series and for the kernel before it, and a summary. */
import { resolve } from 'node:path';
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { defaultSubject, type Subject } from '../../conformance/subject.ts';
import { WORKLOADS } from '../../conformance/workloads.ts';
import { BASELINE, crossOptions, PLATFORMS, V5 } from '../../series/index.ts';
import { PROJECT, writeAll } from '../files.ts';
import { type GeneratedFile, generateFiles } from '../generate/index.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import { checkResult, expectation, expectedExitCode, occurrencesOf } from '../results.ts';
import { summaryText } from '../text/start.ts';
import { conformExpectation, conformOne } from './conform.ts';
import { type Explored, explorationExpectation, exploreAll } from './explore.ts';

export async function start(io: Io, options: { readonly out?: string }): Promise<number> {
  const progress = new Progress(io);
  const show = (text: string) => progress.at(text);
  const lab = new Lab({ onProgress: show });
  const main = SYSTEMS.flatMap((system) =>
    [V5, BASELINE].flatMap((series) => PLATFORMS.map((platform) => defaultSubject(system, series, platform))),
  );
  const crossed = main.flatMap((subject) =>
    [...crossOptions(subject.platform, ['device', 'coherent-pool'])].map(
      (chosen): Subject => ({ ...subject, options: chosen }),
    ),
  );

  // The simulator is explored in threads while the specification is checked here.
  const exploring = exploreSome(main, show);
  // Its error is met below; until then it must not count as unhandled.
  exploring.catch(() => {});
  const checks = [];
  for (const subject of crossed) {
    checks.push({ checked: lab.check(subject), result: checkResult(lab.check(subject)) });
    await breath();
  }
  const files: GeneratedFile[] = [];
  for await (const file of generateFiles(lab)) files.push(file);
  const explored = await exploring;

  const conformed = [];
  for (const subject of main) {
    const against = subject.series === V5 ? [V5] : [subject.series, V5];
    for (const machines of against) {
      conformed.push({ subject, machines, result: await conformOne(lab, subject, machines, show, true) });
    }
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
  io.out(summaryText(io, { checks, explored, conformed, expectations, folder, files }));
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
    ...(await exploreAll(whole, of('start', 'start v5'), undefined, show)),
    ...(await exploreAll(before, of('start'), undefined, show)),
  ];
}

/** Lets messages of the threads in between two pieces of work. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
