/**
 * What a CPU may do now: sleep (process), not sleep (atomic: a spinlock is held with interrupts off), or run a
 * softirq on top of what it was doing. A softirq starts only where it is not disabled and runs to its end.
 * Sources: include/linux/preempt.h, kernel/softirq.c.
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'execution-context',
  initial: 'process',
  states: {
    process: {
      on: {
        call: 'process',
        call_atomic: 'atomic',
        call_returns: 'process',
        caller_step: 'process',
        task_step: 'process',
        softirq_enter: 'softirq',
      },
    },
    atomic: {
      description: 'Only the holder of the lock runs here.',
      on: { caller_step: 'atomic', call_returns: 'process' },
    },
    softirq: {
      description: 'On top of a task in process context, which waits.',
      on: { softirq_step: 'softirq', softirq_exit: 'process' },
    },
  },
});

export const alphabet = {
  call: {
    kind: 'stimulus',
    actor: 'driver',
    symbol: 'dma_map_phys',
    doc: 'A driver calls from process context.',
  },
  call_atomic: {
    kind: 'stimulus',
    actor: 'driver',
    symbol: 'spin_lock_irqsave',
    doc: 'A driver calls with a spinlock held and interrupts off.',
  },
  call_returns: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'spin_unlock_irqrestore',
    doc: 'The call is over; a lock that was held is released.',
  },
  caller_step: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'swiotlb_map',
    doc: 'The code that the driver called takes a step.',
  },
  task_step: {
    kind: 'observation',
    actor: 'task',
    symbol: 'kthread',
    doc: 'Another task takes a step on this CPU, in process context.',
  },
  softirq_enter: { kind: 'stimulus', actor: 'softirq', symbol: 'handle_softirqs', doc: 'A softirq begins.' },
  softirq_step: {
    kind: 'observation',
    actor: 'softirq',
    symbol: 'rcu_core',
    doc: 'The softirq takes a step.',
  },
  softirq_exit: {
    kind: 'observation',
    actor: 'softirq',
    symbol: 'handle_softirqs',
    doc: 'The softirq ends.',
  },
} as const satisfies MachineFile['alphabet'];

export const executionContext: MachineFile = { name: 'execution-context', machine, alphabet };
