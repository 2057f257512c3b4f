/** What a workload is. */
import type { KernelSizes } from '../../kernel/config.ts';
import type { Answer, Stimulus, StimulusName } from '../../kernel/steps.ts';
import type { Options, Platform } from '../../series/index.ts';

/** One thread's requests, in order. */
export interface WorkloadThread {
  /** Name of the task that serves them, or a name of the world's own for those that no thread of the kernel serves. */
  readonly thread: string;
  readonly ops: readonly Stimulus[];
  /** It begins when that thread has had all its requests served. Default: at any time. */
  readonly after?: string;
}

/** What is explored. */
export interface Workload {
  readonly name: string;
  /** What it is for, and what it leaves out, in a sentence or two. */
  readonly about: string;
  /**
   * Who explores it: `start` for every series, `start v5` for the whole series only; `explore` when no workload is
   * named, and `matrix` or `named` only for the matrix, or when it is named.
   */
  readonly when: 'start' | 'start v5' | 'explore' | 'matrix' | 'named';
  readonly sizes: Partial<KernelSizes>;
  /** On which platforms and options the matrix explores it. Default: everywhere. */
  readonly applies?: (platform: Platform, options: Options) => boolean;
  /** Requests that are served one after the other, all answers 'ok', before the exploration begins. */
  readonly prepare?: readonly Stimulus[];
  /** Requests of each thread, in order. */
  readonly threads: readonly WorkloadThread[];
  /** Works that may be started; a work that is not named stays queued. */
  readonly works: readonly WorkName[];
  /** Tasks whose choices are always answered 'ok' where that is possible. */
  readonly neverFail?: readonly string[];
}

/** A work of the kernel's workqueues. */
export type WorkName = 'dyn_alloc' | 'dyn_free' | 'atomic_pool_work';

/** World stimuli that are explored wherever they are accepted. */
export const WORLD: readonly StimulusName[] = ['rcu_gp_start', 'rcu_gp_end', 'rcu_softirq', 'kworker_start'];

/** The answers that a workload explores of those that are possible. */
export function exploredAnswers(w: Workload, task: string, possible: readonly Answer[]): readonly Answer[] {
  if (w.neverFail?.includes(task) === true && possible.includes('ok')) return ['ok'];
  return possible;
}
