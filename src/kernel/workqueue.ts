/**
 * Workqueues (kernel/workqueue.c).
 *
 * A work item queued while it is pending is one; queued while it runs it is pending again, and does not
 * run beside itself. Every item may run on a kworker of its own, at any time: a superset of what
 * concurrency management allows. It runs on the CPU where it was queued (`system_wq` is bound).
 */
import type { Kernel } from './kernel.ts';
import { call_rcu } from './rcu.ts';
import { cpuCanBeEntered } from './scheduler.ts';
import type { WorkItem } from './state.ts';
import type { Args } from './steps.ts';
import type { Run, Task } from './task.ts';
import { at, enter, leave } from './task.ts';

/** `schedule_work()`: returns false when it was pending already. */
export function schedule_work(k: Kernel, task: Task, work: WorkItem['work'], pool: number): boolean {
  const { queued } = k.state;
  if (queued.some((w) => w.work === work && w.pool === pool)) return false;
  // Items have no order among themselves: any may be started first. Sorted, so that states recur.
  k.state.queued = [...queued, { work, pool, cpu: task.cpu }].sort(
    (a, b) => (a.work < b.work ? -1 : a.work > b.work ? 1 : 0) || a.pool - b.pool,
  );
  return true;
}

/** `queue_rcu_work()`: a grace period, then the workqueue. False when it was pending already. */
export function queue_rcu_work(k: Kernel, task: Task, pool: number): boolean {
  const p = k.pool(pool);
  if (p.workPending) return false;
  p.workPending = true;
  call_rcu(k, task, 'rcu_work_rcufn', pool);
  return true;
}

/** `rcu_work_rcufn()`: the grace period is over, the item goes to its workqueue. */
export function* rcu_work_rcufn(k: Kernel, task: Task, head: number): Run {
  const f = enter(task, { fn: 'rcu_work_rcufn', at: 0, head });
  yield at(f, 1, 'queue_work', { work: 'dyn_free', pool: f.head });
  schedule_work(k, task, 'dyn_free', f.head);
  leave(task);
}

/** Stimulus `kworker_start`: a worker takes a queued item that does not run. */
export const kworker_start = {
  offers: (k: Kernel): Args[] => {
    const out: Args[] = [];
    for (const w of k.state.queued) {
      if (!cpuCanBeEntered(k.state, w.cpu)) continue;
      if (w.work === 'dyn_free') out.push({ work: w.work, pool: w.pool });
      else if (!k.hasTask(`kworker/${w.work}`)) out.push({ work: w.work });
    }
    return out;
  },
  apply: (k: Kernel, args: Args): void => {
    const pool = args.pool ?? 0;
    const item = k.state.queued.find((w) => w.work === args.work && w.pool === pool)!;
    k.state.queued = k.state.queued.filter((w) => w !== item);
    k.spawn(freeName(k, `kworker/${item.work}`), item.cpu, 'process', (task) =>
      process_one_work(k, task, item),
    );
  },
};

/** `process_one_work()`: clear the pending bit, call the work function. */
export function* process_one_work(k: Kernel, task: Task, item: WorkItem): Run {
  const f = enter(task, { fn: 'process_one_work', at: 0, work: item.work, pool: item.pool });
  if (f.pool !== 0) k.pool(f.pool).workPending = false;
  yield* k.works[item.work](k, task, f.pool);
  f.pool = 0;
  yield at(f, 1, 'work_done', { work: f.work });
  leave(task);
}

function freeName(k: Kernel, name: string): string {
  if (!k.hasTask(name)) return name;
  let n = 2;
  while (k.hasTask(`${name}.${n}`)) n++;
  return `${name}.${n}`;
}
