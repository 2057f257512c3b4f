/**
 * The guest as a whole, where a conversion can be the end of it: the host refuses a page state (AMD SEV-SNP) or
 * the kernel panics (s390). Nothing runs after that: what is left undone then is no deadlock and no leak.
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'guest',
  initial: 'running',
  states: {
    running: { on: { any_step: 'running', guest_ends: 'ended' } },
    ended: { type: 'final' },
  },
});

export const alphabet = {
  any_step: {
    kind: 'observation',
    actor: 'world',
    symbol: '(any)',
    doc: 'Whatever happens, happens while it runs.',
  },
  guest_ends: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_decrypted',
    doc: 'A page state is refused, or the kernel panics.',
  },
} as const satisfies MachineFile['alphabet'];

export const guest: MachineFile = { name: 'guest', machine, alphabet };
