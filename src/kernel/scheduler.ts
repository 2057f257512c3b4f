/**
 * Which task may run next. Tasks in process context on one CPU interleave freely (preemption,
 * CONFIG_PREEMPT_RCU); an atomic section runs to its end; a softirq runs to its exit on top of both.
 */
import type { KernelState } from './state.ts';
import type { Task } from './task.ts';

/** Can code in process context, or a new atomic section, begin on this CPU? */
export function cpuCanBeEntered(s: KernelState, cpu: number): boolean {
  for (const t of s.tasks) if (t.cpu === cpu && t.context !== 'process') return false;
  return true;
}

/** Are softirqs enabled on this CPU, and is none running? */
export function softirqCanRun(s: KernelState, cpu: number): boolean {
  // The same answer as for entering it: an atomic section has interrupts off, a softirq does not nest.
  return cpuCanBeEntered(s, cpu);
}

/** May the task be resumed now? */
export function runnable(s: KernelState, task: Task): boolean {
  if (task.pending === null || s.ended !== null) return false;
  for (const other of s.tasks) {
    if (other === task || other.cpu !== task.cpu) continue;
    if (other.context === 'softirq') return false;
    if (other.context === 'atomic' && task.context !== 'softirq') return false;
  }
  return task.pending.lock === null || lockIsFree(s, task.pending.lock, task.name);
}

/** Is the lock free, or held by the task itself? */
export function lockIsFree(s: KernelState, name: string, task: string): boolean {
  for (const l of s.locks) if (l.name === name && l.owner !== task) return false;
  return true;
}

/** Take a lock across yields. A lock that is held is an error of the caller. */
export function lock(s: KernelState, name: string, owner: string): void {
  if (s.locks.some((l) => l.name === name))
    throw new Error(`lock ${name} is held: a task may take it only at a step that names it`);
  s.locks = [...s.locks, { name, owner }].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Release a lock taken with {@link lock}. */
export function unlock(s: KernelState, name: string, owner: string): void {
  s.locks = s.locks.filter((l) => l.name !== name || l.owner !== owner);
}
