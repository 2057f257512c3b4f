/**
 * Whether the task that calls may sleep: it may in process context, and may not where a spinlock is held.
 * Source: include/linux/preempt.h, include/linux/kernel.h (might_sleep).
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'caller-context',
  initial: 'process',
  states: {
    process: {
      on: { call: 'process', call_atomic: 'atomic', caller_step: 'process', call_returns: 'process' },
    },
    atomic: { on: { caller_step: 'atomic', call_returns: 'process' } },
  },
});

const caller = { actor: { param: 'by' } } as const;
export const alphabet = {
  call: { kind: 'stimulus', ...caller, symbol: 'dma_alloc_attrs', doc: 'A call from process context.' },
  call_atomic: { kind: 'stimulus', ...caller, symbol: 'spin_lock', doc: 'A call with a spinlock held.' },
  caller_step: { kind: 'observation', ...caller, symbol: 'dma_alloc_attrs', doc: 'The call takes a step.' },
  call_returns: {
    kind: 'observation',
    ...caller,
    symbol: 'spin_unlock',
    doc: 'The call is over; a lock that was held is released.',
  },
} as const satisfies MachineFile['alphabet'];

export const callerContext: MachineFile = { name: 'caller-context', machine, alphabet };
