/** Lines of tracefs' `trace`, as the recorded kernels print them. */
import type { TaskContext } from '../../kernel/index.ts';

/** What stands before the event. */
export interface Who {
  readonly task: string;
  readonly pid: number;
  readonly cpu: number;
  readonly context: TaskContext;
}

/**
 * irqs, resched, interrupt, preempt depth, migrate depth. An atomic section of the simulator holds a spinlock with
 * interrupts off; a softirq counts one, as in the recorded logs. An RCU read-side section does not show.
 */
const FLAGS: Readonly<Record<TaskContext, string>> = {
  process: '.....',
  atomic: 'd..1.',
  softirq: '..s1.',
};

/** One line. `time` in microseconds. */
export function lineText({ task, pid, cpu, context }: Who, time: number, event: string): string {
  const seconds = `${Math.floor(time / 1e6)}.${`${time % 1e6}`.padStart(6, '0')}`;
  return `${task.padStart(16)}-${`${pid}`.padEnd(7)} [${`${cpu}`.padStart(3, '0')}] ${FLAGS[context]} ${seconds.padStart(12)}: ${event}`;
}

/** A whole log: nothing of it was lost. */
export function logText(lines: readonly string[], cpus: number): string {
  return [
    '# tracer: nop',
    '#',
    `# entries-in-buffer/entries-written: ${lines.length}/${lines.length}   #P:${cpus}`,
    '#',
    '#                                _-----=> irqs-off/BH-disabled',
    '#                               / _----=> need-resched',
    '#                              | / _---=> hardirq/softirq',
    '#                              || / _--=> preempt-depth',
    '#                              ||| / _-=> migrate-disable',
    '#                              |||| /     delay',
    '#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION',
    '#              | |         |   |||||     |         |',
    ...lines,
    '',
  ].join('\n');
}
