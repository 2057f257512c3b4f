/** One path, run on the simulated kernel, written as a log, and the log judged: two verdicts on the same run. */
import { bindingOf, kernelFor } from '../../conformance/bindings.ts';
import { Bound, Lockstep } from '../../conformance/lockstep.ts';
import { SafetyMonitor, type Violation } from '../../conformance/safety.ts';
import { networkOf, type Subject } from '../../conformance/subject.ts';
import type { TraceRecord } from '../../kernel/index.ts';
import type { Path } from '../../lts/index.ts';
import type { Series } from '../../series/index.ts';
import { Judge, Specification, type Verdict, verdictOf } from '../judge/index.ts';
import { readTraceText } from '../reader.ts';
import { Recorder } from '../simulated/recorder.ts';

/** Stimuli that change what a device reaches, by their symbols; nothing of them is a task's. */
const CHANGES: Readonly<Record<string, string>> = {
  accept: 'tsm_accept',
  set_coherent_mask: 'dma_set_coherent_mask',
};

/** A violation that the simulator's own monitor found. */
export interface Found extends Violation {
  /** Number of the step, from 1. */
  readonly step: number;
}

export interface RoundTrip {
  readonly platform: string;
  /** Steps taken; fewer than the path has where simulator and machines part. */
  readonly steps: number;
  readonly log: string;
  /** By step: how many lines the log had after it. */
  readonly linesAfter: readonly number[];
  /** The monitor's verdict. */
  readonly found: readonly Found[];
  /** The verdict of the log; null where it has no event at all. */
  readonly verdict: Verdict | null;
}

/** Runs paths of one subject, one after the other. */
export class Circle {
  readonly #subject: Subject;
  readonly #bound: Bound;

  /** @param machines whose paths they are: the subject's own series, or another one */
  constructor(subject: Subject, machines: Series = subject.series) {
    this.#subject = subject;
    this.#bound = new Bound(networkOf({ ...subject, series: machines }), bindingOf(subject.system.name));
  }

  run(path: Path): RoundTrip {
    const run = new Lockstep(this.#bound, kernelFor(this.#subject));
    const recorder = new Recorder(run.kernel);
    const monitor = new SafetyMonitor(run.kernel);
    const found: Found[] = [];
    const linesAfter: number[] = [];
    for (const number of path) {
      const event = this.#bound.network.events[number]!;
      const parted = run.take(event);
      const [{ step: name, args }] = run.records as [TraceRecord];
      const symbol = CHANGES[name];
      if (symbol !== undefined) recorder.called(symbol, { dev: recorder.deviceName(args.device as number) });
      const step = linesAfter.push(recorder.lines.length);
      for (const violation of monitor.after(run.records)) found.push({ ...violation, step });
      if (parted !== null) break;
    }
    const log = recorder.text();
    const verdict = recorder.lines.length === 0 ? null : this.#judge(log);
    return {
      platform: this.#subject.platform.name,
      steps: linesAfter.length,
      log,
      linesAfter,
      found,
      verdict,
    };
  }

  #judge(log: string): Verdict {
    const { series, platform } = this.#subject;
    const judge = new Judge(new Specification(series, [platform]));
    const { summary } = readTraceText(log, judge);
    judge.end(summary.tool !== undefined);
    return verdictOf(judge, summary);
  }
}
