/**
 * Work that is done later: a `work_struct` (queued, run by a kworker in process context), an `rcu_work` (a
 * grace period first, then its RCU callback queues it), or, without patch 17, a bare RCU callback, which does
 * the work itself in softirq. Queued again while it runs, it runs again; queued while it waits, it is one.
 * Sources: kernel/workqueue.c (queue_rcu_work, rcu_work_rcufn, process_one_work), kernel/rcu/tree.c (call_rcu).
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'deferred-work',
  initial: 'idle',
  states: {
    idle: { on: { schedule_work: 'queued', queue_rcu_work: 'waiting' } },
    waiting: {
      description: 'An RCU callback is registered; a grace period that began earlier does not count.',
      on: { rcu_gp_start: 'grace' },
    },
    grace: { on: { rcu_gp_end: 'due' } },
    due: { on: { rcu_softirq: 'callback' } },
    callback: { on: { queue_work: 'queued' } },
    queued: { on: { schedule_work: 'queued', softirq_exit: 'queued', kworker_start: 'running' } },
    running: { on: { schedule_work: 'runningAndQueued', work_over: 'idle' } },
    runningAndQueued: { on: { schedule_work: 'runningAndQueued', work_over: 'queued' } },
  },
});

export const alphabet = {
  schedule_work: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'schedule_work',
    doc: 'The work is queued, unless it is already.',
  },
  queue_rcu_work: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'queue_rcu_work',
    doc: 'The work is to be queued after a grace period.',
  },
  call_rcu: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'call_rcu',
    doc: 'The work is to be done by an RCU callback after a grace period.',
  },
  rcu_gp_start: { kind: 'stimulus', actor: 'rcu', symbol: 'rcu_gp_init', doc: 'A grace period begins.' },
  rcu_gp_end: { kind: 'stimulus', actor: 'rcu', symbol: 'rcu_gp_cleanup', doc: 'The grace period ends.' },
  rcu_softirq: {
    kind: 'stimulus',
    actor: 'softirq',
    symbol: 'rcu_core',
    doc: 'RCU callbacks are run, in softirq.',
  },
  queue_work: {
    kind: 'observation',
    actor: 'softirq',
    symbol: 'queue_work',
    doc: 'The callback queues the work.',
  },
  softirq_exit: {
    kind: 'observation',
    actor: 'softirq',
    symbol: 'handle_softirqs',
    doc: 'The softirq ends.',
  },
  kworker_start: {
    kind: 'stimulus',
    actor: { param: 'by' },
    symbol: 'process_one_work',
    doc: 'A kworker takes the work up, in process context.',
  },
  work_over: {
    kind: 'observation',
    actor: 'worker',
    symbol: 'process_one_work',
    doc: 'The last visible step of the work.',
  },
} as const satisfies MachineFile['alphabet'];

export const deferredWork: MachineFile = {
  name: 'deferred-work',
  machine,
  alphabet,
  without: {
    17: [
      { state: 'idle', event: 'call_rcu', to: 'waiting' },
      { state: 'idle', event: 'queue_rcu_work', to: null },
      { state: 'callback', event: 'queue_work', to: null },
      { state: 'callback', event: 'softirq_exit', to: 'idle' },
    ],
  },
};
