/** Reading a task's stack: which functions it is in, and at which yield. */
import type { Frame, Kernel, Task } from '../../kernel/index.ts';

export function findTask(kernel: Kernel, name: string): Task | undefined {
  for (const task of kernel.state.tasks) if (task.name === name) return task;
  return undefined;
}

/** The innermost frame of a function; undefined when the task is not in it. */
export function inside(task: Task | undefined, fn: string): Frame | undefined {
  if (task === undefined) return undefined;
  for (let i = task.stack.length - 1; i >= 0; i--) if (task.stack[i]!.fn === fn) return task.stack[i];
  return undefined;
}

/** The name of the step that the task will take next; the empty string when it is idle. */
export function next(task: Task | undefined): string {
  return task?.pending?.name ?? '';
}
