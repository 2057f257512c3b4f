/**
 * Tasks and their stacks.
 *
 * What a function must remember across a yield stands in its frame, plain data on its task's stack: two
 * kernels whose states and stacks are equal behave alike from there on, and only then may an exploration
 * treat them as one.
 */
import type { Answer, Args, ArgValue, Step, StepName } from './steps.ts';

/** Plain data. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A function that runs on a task: function name, position and locals. */
export interface Frame {
  readonly fn: string;
  /** Number of the yield at which it stands, unique in the function. */
  at: number;
  [local: string]: Json;
}

/** What a task may do: sleep (process), or not. */
export type TaskContext = 'process' | 'atomic' | 'softirq';

/** A step as the running code yields it; the possible answers are worked out when somebody asks. */
export interface PendingStep {
  readonly name: StepName;
  readonly args: Args;
  /** Null: no choice. -1: both answers. Else what 'ok' needs: a page order in a zone, or CMA pages. */
  readonly choice: number | null;
  readonly lock: string | null;
}

/**
 * Who is told of functions that begin and return, as kprobes are. It sees the task as it is, changes nothing, and
 * is no part of the state.
 */
export interface Watcher {
  /** The task is about to take its pending step. */
  resumed(task: Task): void;
  /** `given`: arguments of the call that the frame does not keep. */
  entered(task: Task, frame: Frame, given: Given): void;
  /** `ret`: what is returned; undefined for nothing, or where nobody asks. */
  returned(task: Task, frame: Frame, ret: ArgValue | undefined): void;
}

/** Arguments as a probe reads them. */
export type Given = Readonly<Record<string, Json | undefined>>;

/** A thread, worker or softirq. */
export interface Task {
  readonly name: string;
  readonly cpu: number;
  context: TaskContext;
  /** Nesting of rcu_read_lock(). */
  rcu: number;
  /** Frames, outermost first; empty when idle. */
  readonly stack: Frame[];
  pending: PendingStep | null;
  /** Absent unless somebody watches. */
  watcher?: Watcher;
}

/** A kernel function: yields steps, is resumed with the answer where there is a choice. */
export type Run<T = void> = Generator<PendingStep, T, Answer | undefined>;

/** Choice code of {@link PendingStep}: both answers are always possible. */
export const ANY_ANSWER = -1;

const NO_ARGS: Args = {};
const NOTHING_GIVEN: Given = {};

/** Push the frame of a function that begins; `given` is for who watches. */
export function enter<F extends Frame>(task: Task, frame: F, given: Given = NOTHING_GIVEN): F {
  task.stack.push(frame);
  task.watcher?.entered(task, frame, given);
  return frame;
}

/** Pop the frame of the function that returns; `ret` is for who watches. */
export function leave(task: Task, ret?: ArgValue): void {
  const frame = task.stack.pop();
  if (frame !== undefined) task.watcher?.returned(task, frame, ret);
}

/** A visible step at position `n` of the function. */
export function at(frame: Frame, n: number, name: StepName, args: Args = NO_ARGS): PendingStep {
  frame.at = n;
  return { name, args, choice: null, lock: null };
}

/** A step that takes a lock for its duration; a choice of the world, where it says what that `needs`. */
export function atLock(
  frame: Frame,
  n: number,
  name: StepName,
  lock: string,
  args: Args,
  needs: number | null = null,
): PendingStep {
  frame.at = n;
  return { name, args, choice: needs, lock };
}

/** Choice code: 'ok' needs a free block of this order in a zone or below it. */
export function needsPages(order: number, zone: 'dma' | 'dma32' | 'normal' = 'normal'): number {
  return order + (zone === 'normal' ? 0 : zone === 'dma32' ? 32 : 64);
}

/** Choice code: 'ok' needs this many free pages in a row in the CMA area. */
export function needsCma(pages: number): number {
  return -1 - pages;
}

/** A choice of the world; `needs` is {@link ANY_ANSWER}, a page order, or of the two functions above. */
export function atChoice(
  frame: Frame,
  n: number,
  name: StepName,
  needs: number,
  args: Args = NO_ARGS,
): PendingStep {
  frame.at = n;
  return { name, args, choice: needs, lock: null };
}

/** A step of the trace: what just happened. */
export interface TraceRecord {
  /** Task name, or `world` for a stimulus. */
  readonly actor: string;
  readonly cpu: number | null;
  readonly context: TaskContext | null;
  /** Kernel function that took the step (the top frame); empty for a stimulus. */
  readonly fn: string;
  /** The functions that the task was in, outermost first: the stack trace of the step. */
  readonly stack: readonly string[];
  readonly step: string;
  readonly args: Args;
  readonly answer?: Answer;
  /** What the step found: an address, an index, a truth value. */
  readonly result?: ArgValue;
  /** The step may sleep; `forbidden` where the context does not allow it. */
  readonly mightSleep?: 'allowed' | 'forbidden';
  /** Accesses that went wrong. */
  readonly faults?: readonly Fault[];
}

/** An access that a real machine would have answered with an exception, or with silence. */
export interface Fault {
  readonly kind: 'cpu-access' | 'device-access' | 'bad-page' | 'use-after-free' | 'bad-free';
  readonly addr: number;
  readonly because: string;
}

/** Used by stimuli to describe an operand in error messages. */
export function showStep(step: Pick<Step, 'name' | 'args'> | { name: string; args: Args }): string {
  const args = Object.entries(step.args).map(([k, v]) => `${k}=${String(v)}`);
  return args.length === 0 ? step.name : `${step.name}[${args.join(',')}]`;
}
