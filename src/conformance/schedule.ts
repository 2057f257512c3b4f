/** A schedule of an exploration as numbers, and back: the n-th of the actions that are possible, from 0. */
import { createKernel } from '../kernel/index.ts';
import type { TraceRecord } from '../kernel/task.ts';
import type { ExploreConfig } from './explore.ts';
import { type Action, WorkloadRun } from './explore-run.ts';
import { SafetyMonitor, type Violation } from './safety.ts';
import type { Workload } from './workloads.ts';

/** One action of a schedule, taken. */
export interface ScheduleStep {
  readonly action: Action;
  /** What the simulator did. */
  readonly records: readonly TraceRecord[];
  /** Safety properties that it made false. */
  readonly violations: readonly Violation[];
}

/** A number that is none of the possible actions. */
export class ScheduleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ScheduleError';
  }
}

function runOf(workload: Workload, config: ExploreConfig): WorkloadRun {
  return new WorkloadRun(
    workload,
    createKernel({ ...config, sizes: { ...workload.sizes, ...config.sizes } }),
  );
}

/** The number of each action among those that were possible. */
export function scheduleNumbers(
  workload: Workload,
  config: ExploreConfig,
  schedule: readonly Action[],
): number[] {
  const run = runOf(workload, config);
  return schedule.map((action) => {
    const wanted = JSON.stringify(action);
    const n = run.actions().findIndex((possible) => JSON.stringify(possible) === wanted);
    if (n < 0) throw new ScheduleError(`${wanted} is not possible here`);
    run.advance(action);
    return n;
  });
}

/** Runs a schedule on a fresh kernel. @throws ScheduleError at a number that is no action there */
export function runSchedule(
  workload: Workload,
  config: ExploreConfig,
  numbers: readonly number[],
): ScheduleStep[] {
  const run = runOf(workload, config);
  const monitor = new SafetyMonitor(run.kernel);
  return numbers.map((n, i) => {
    const actions = run.actions();
    const action = actions[n];
    if (action === undefined) {
      throw new ScheduleError(
        `step ${i + 1} of the schedule is ${n}, but ${
          actions.length === 0
            ? 'nothing more can happen there'
            : `the possible actions are 0 to ${actions.length - 1}`
        }`,
      );
    }
    const records = run.take(action);
    return { action, records, violations: monitor.after(records) };
  });
}
