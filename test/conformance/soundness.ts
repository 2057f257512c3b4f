/**
 * Is it sound to treat two schedules as one state? Both are run through the same continuations, and must
 * offer the same actions and leave the same records all the way.
 */
import type { ExploreConfig } from '../../src/conformance/explore.ts';
import type { Action } from '../../src/conformance/explore-run.ts';
import { WorkloadRun } from '../../src/conformance/explore-run.ts';
import type { Workload } from '../../src/conformance/workloads.ts';
import { kernelMaker } from '../../src/kernel/index.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';

/** Ways to go on to the end: which of the possible actions is taken at each step. */
const CONTINUATIONS: readonly ((actions: readonly Action[], step: number) => number)[] = [
  () => 0,
  (actions) => actions.length - 1,
  (actions, step) => step % actions.length,
  // Failures wherever there are any.
  (actions) =>
    Math.max(
      0,
      actions.findIndex((a) => a.answer === 'fail'),
    ),
];

/** Runs two schedules through the continuations of every first action; says where they differ. */
export class MergeChecker {
  readonly #workload: Workload;
  readonly #make: () => Kernel;

  constructor(workload: Workload, config: ExploreConfig) {
    this.#workload = workload;
    this.#make = kernelMaker({ ...config, sizes: { ...workload.sizes, ...config.sizes } });
  }

  /** The first difference, or null. */
  difference(one: readonly Action[], other: readonly Action[]): string | null {
    const first = this.#at(one).actions().length;
    for (let n = 0; n < Math.max(1, first); n++)
      for (const choose of CONTINUATIONS) {
        const found = this.#together(this.#at(one), this.#at(other), n, choose);
        if (found !== null) return found;
      }
    return null;
  }

  #together(
    a: WorkloadRun,
    b: WorkloadRun,
    first: number,
    choose: (actions: readonly Action[], step: number) => number,
  ): string | null {
    for (let step = 0; ; step++) {
      const [actions, others] = [a.actions(), b.actions()];
      const [one, two] = [JSON.stringify(actions), JSON.stringify(others)];
      if (one !== two) return `after ${step} more steps one offers ${one}, the other ${two}`;
      if (actions.length === 0) return null;
      const action = actions[step === 0 ? first : choose(actions, step)]!;
      const [left, right] = [JSON.stringify(a.take(action)), JSON.stringify(b.take(action))];
      if (left !== right) return `step ${step + 1} did ${left} in one, ${right} in the other`;
    }
  }

  #at(schedule: readonly Action[]): WorkloadRun {
    const run = new WorkloadRun(this.#workload, this.#make());
    for (const a of schedule) run.advance(a);
    return run;
  }
}
