/**
 * RCU: readers, grace periods, callbacks in softirq (kernel/rcu/tree.c).
 *
 * A grace period waits for the readers that were inside when it began, not for later ones. A callback
 * registered after it began waits for the next one. One softirq runs one callback: a CPU may run several
 * in one go, which is the same with nothing in between.
 */
import type { Kernel } from './kernel.ts';
import { softirqCanRun } from './scheduler.ts';
import type { RcuCallback } from './state.ts';
import type { Args } from './steps.ts';
import type { Run, Task } from './task.ts';
import { at, enter, leave } from './task.ts';

/** `rcu_read_lock()`. */
export function rcu_read_lock(task: Task): void {
  task.rcu++;
}

/** `rcu_read_unlock()`: leaving the outermost section stops holding up the grace period. */
export function rcu_read_unlock(k: Kernel, task: Task): void {
  task.rcu--;
  quiescent(k, task);
}

/** The task passes a quiescent state, if it is in none of the sections that a grace period waits for. */
export function quiescent(k: Kernel, task: Task): void {
  const gp = k.state.rcu.gp;
  if (gp !== null && !isReader(k, task)) gp.readers = gp.readers.filter((name) => name !== task.name);
}

/** Does a grace period that begins now wait for this task? */
export function isReader(k: Kernel, task: Task): boolean {
  if (task.rcu > 0) return true;
  return task.context !== 'process' && k.config.option('RCU_CONSOLIDATED') === true;
}

/** `call_rcu()` on the CPU of the task. */
export function call_rcu(k: Kernel, task: Task, fn: RcuCallback['fn'], head: number): void {
  k.state.rcu.waiting.push({ fn, head, cpu: task.cpu });
}

/** Stimulus `rcu_gp_start`: callbacks wait and no grace period is in progress. */
export const rcu_gp_start = {
  offers: (k: Kernel): Args[] => (k.state.rcu.waiting.length > 0 && k.state.rcu.gp === null ? [{}] : []),
  apply: (k: Kernel): void => {
    const { rcu, tasks } = k.state;
    rcu.gp = { readers: tasks.filter((t) => isReader(k, t)).map((t) => t.name), callbacks: rcu.waiting };
    rcu.waiting = [];
  },
};

/** Stimulus `rcu_gp_end`: every reader that was inside at the start has left. */
export const rcu_gp_end = {
  offers: (k: Kernel): Args[] => (k.state.rcu.gp?.readers.length === 0 ? [{}] : []),
  apply: (k: Kernel): void => {
    const { rcu } = k.state;
    rcu.done = [...rcu.done, ...rcu.gp!.callbacks];
    rcu.gp = null;
  },
};

/** Stimulus `rcu_softirq`: a CPU with softirqs enabled runs its next finished callback. */
export const rcu_softirq = {
  offers: (k: Kernel): Args[] => {
    const out: Args[] = [];
    const { done } = k.state.rcu;
    if (done.length === 0) return out;
    for (const cpu of [0, 1])
      if (done.some((c) => c.cpu === cpu) && softirqCanRun(k.state, cpu)) out.push({ cpu });
    return out;
  },
  apply: (k: Kernel, args: Args): void => {
    const { rcu } = k.state;
    const i = rcu.done.findIndex((c) => c.cpu === args.cpu);
    const callback = rcu.done[i]!;
    rcu.done = rcu.done.filter((_, n) => n !== i);
    k.spawn(`softirq/${callback.cpu}`, callback.cpu, 'softirq', (task) => rcu_do_batch(k, task, callback));
  },
};

/** `rcu_do_batch()`: run a callback, then leave the softirq. */
export function* rcu_do_batch(k: Kernel, task: Task, callback: RcuCallback): Run {
  const f = enter(task, { fn: 'rcu_do_batch', at: 0, callback: callback.fn, head: callback.head });
  yield* k.callbacks[callback.fn](k, task, f.head);
  f.head = 0;
  yield at(f, 1, 'softirq_exit');
  leave(task);
}
