/**
 * A task and the RCU read-side section that it may be in. A grace period that begins while it is inside ends
 * only after it has left; one that began earlier does not wait for it.
 * Source: kernel/rcu/tree.c, kernel/rcu/tree_plugin.h (preemptible RCU).
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'rcu-reader',
  initial: 'outside',
  states: {
    outside: { on: { rcu_read_lock: 'inside', rcu_gp_start: 'outside', rcu_gp_end: 'outside' } },
    inside: {
      description: 'No grace period waits for it.',
      on: { leave: 'outside', rcu_gp_start: 'heldUp', rcu_gp_end: 'inside' },
    },
    heldUp: {
      description: 'The grace period in progress waits for it.',
      on: { leave: 'outside' },
    },
  },
});

export const alphabet = {
  rcu_read_lock: {
    kind: 'observation',
    actor: 'reader',
    symbol: '__swiotlb_find_pool',
    doc: 'It enters the read-side section.',
  },
  leave: {
    kind: 'observation',
    actor: 'reader',
    symbol: 'rcu_read_unlock',
    doc: 'It leaves the read-side section.',
  },
  rcu_gp_start: { kind: 'stimulus', actor: 'rcu', symbol: 'rcu_gp_init', doc: 'A grace period begins.' },
  rcu_gp_end: { kind: 'stimulus', actor: 'rcu', symbol: 'rcu_gp_cleanup', doc: 'The grace period ends.' },
} as const satisfies MachineFile['alphabet'];

export const rcuReader: MachineFile = { name: 'rcu-reader', machine, alphabet };
