/** All jobs of a plan, explored in threads; what answers alike is explored once. */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { startThread } from '../thread.ts';
import type { Workload } from '../workloads.ts';
import type { Outcome } from './outcome.ts';
import type { Job } from './plan.ts';
import { Answers, holdsFor, type Kept, Reuse } from './reuse.ts';
import type { MatrixTask } from './worker.ts';

/** States at which an exploration gives up; its cells are then not decided. */
export const MAX_STATES = 200_000;

export interface RunOptions {
  /** Default: {@link MAX_STATES}. */
  readonly maxStates?: number;
  /** Default: two, or one where there is one core only. */
  readonly threads?: number;
  /** How a thread is started that runs a module. Default: {@link startThread}. */
  readonly start?: (module: URL) => Worker;
  /** Called when an exploration has ended. */
  readonly onProgress?: (progress: RunProgress) => void;
}

export interface RunProgress {
  /** Jobs that have their answer, of all. */
  readonly done: number;
  readonly of: number;
  /** Explorations that were run for them. */
  readonly explored: number;
  /** States of those explorations. */
  readonly states: number;
  /** What runs now. */
  readonly running: readonly string[];
}

/** What each job came to, and what it took. */
export interface RunResult {
  readonly outcomes: ReadonlyMap<Job, Outcome>;
  readonly explored: number;
  readonly states: number;
}

/** A workload's jobs, those without an answer first to last. */
interface Lane {
  readonly workload: Workload;
  readonly jobs: readonly Job[];
  readonly kept: Reuse<Outcome>;
  /** What each job's configuration answers. */
  readonly answers: readonly Answers[];
  /** Jobs before this one have their answer, or are being explored. */
  next: number;
  running: number;
}

/** Explores whatever is needed to answer every job. Results do not depend on the number of threads. */
export async function runPlan(
  jobs: ReadonlyMap<Workload, readonly Job[]>,
  options: RunOptions = {},
): Promise<RunResult> {
  const {
    maxStates = MAX_STATES,
    threads = Math.min(2, availableParallelism()),
    start = startThread,
    onProgress,
  } = options;
  const outcomes = new Map<Job, Outcome>();
  const lanes: Lane[] = [...jobs].map(([workload, all]) => ({
    workload,
    jobs: all,
    kept: new Reuse<Outcome>(),
    answers: all.map(({ config }) => new Answers(config)),
    next: 0,
    running: 0,
  }));
  const of = lanes.reduce((sum, lane) => sum + lane.jobs.length, 0);
  const running = new Set<Job>();
  let explored = 0;
  let states = 0;

  const serve = async (worker: Worker): Promise<void> => {
    for (let job = take(lanes, outcomes); job !== null; job = take(lanes, outcomes)) {
      const lane = lanes.find(({ workload }) => workload === job!.workload)!;
      lane.running++;
      running.add(job);
      const outcome = await ask(worker, taskOf(job, maxStates));
      running.delete(job);
      lane.running--;
      // Two threads may have explored what answers alike; the first result stays.
      const known = lane.kept.find(job.config);
      outcomes.set(job, known ?? outcome);
      if (known === undefined) settle(lane, lane.kept.keep(outcome), outcomes, running);
      explored++;
      states += outcome.states;
      onProgress?.({ done: outcomes.size, of, explored, states, running: [...running].map(jobName) });
    }
  };
  const workers = Array.from({ length: Math.max(1, threads) }, () =>
    start(new URL('./worker.ts', import.meta.url)),
  );
  try {
    await Promise.all(workers.map(serve));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return { outcomes, explored, states };
}

/**
 * The next job that needs an exploration. One of a workload that no thread is busy with, for what runs now may
 * answer others of its own workload; where there is none, any that is left.
 */
function take(lanes: readonly Lane[], outcomes: ReadonlyMap<Job, Outcome>): Job | null {
  for (const idle of [true, false])
    for (const lane of lanes) {
      if (idle && lane.running > 0) continue;
      while (lane.next < lane.jobs.length) {
        const job = lane.jobs[lane.next++]!;
        if (!outcomes.has(job)) return job;
      }
    }
  return null;
}

/** Gives every job that a new result answers its answer. */
function settle(
  lane: Lane,
  kept: Kept<Outcome>,
  outcomes: Map<Job, Outcome>,
  running: ReadonlySet<Job>,
): void {
  for (let i = lane.next; i < lane.jobs.length; i++) {
    const job = lane.jobs[i]!;
    if (!outcomes.has(job) && !running.has(job) && holdsFor(kept, lane.answers[i]!))
      outcomes.set(job, kept.result);
  }
}

function taskOf({ workload, row, place }: Job, maxStates: number): MatrixTask {
  return {
    workload: workload.name,
    series: row.series.name,
    platform: place.platform.name,
    options: place.options,
    maxStates,
  };
}

const jobName = ({ workload, row, place }: Job): string =>
  `${workload.name} (${row.series.name}, ${place.platform.name})`;

function ask(worker: Worker, task: MatrixTask): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: Outcome | { readonly error: string }) =>
      over(() => ('error' in answer ? reject(new Error(answer.error)) : resolve(answer)));
    const onError = (error: Error) => over(() => reject(error));
    const onExit = (code: number) =>
      over(() => reject(new Error(`the exploration of ${task.workload} ended with code ${code}`)));
    // The same thread answers many tasks; its own listeners must stay.
    const over = (then: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      then();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(task);
  });
}
