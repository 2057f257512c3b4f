/**
 * A device that may be accepted while the system runs (TDISP, T=1): from then on it reaches private memory, and
 * `force_dma_unencrypted(dev)` is false. No kernel of the series has such a device yet; it is what the series
 * prepares for. Nothing switches the pool of the device.
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'device-trust',
  initial: 'untrusted',
  states: {
    untrusted: { on: { accept: 'trusted', asked_untrusted: 'untrusted' } },
    trusted: { on: { asked_trusted: 'trusted' } },
  },
});

export const alphabet = {
  accept: { kind: 'stimulus', actor: 'world', symbol: 'tsm_accept', doc: 'The guest accepts the device.' },
  asked_untrusted: {
    kind: 'stimulus',
    actor: { param: 'by' },
    symbol: 'force_dma_unencrypted',
    doc: 'Something is asked for it while it is not trusted.',
  },
  asked_trusted: {
    kind: 'stimulus',
    actor: { param: 'by' },
    symbol: 'force_dma_unencrypted',
    doc: 'Something is asked for it while it is trusted.',
  },
} as const satisfies MachineFile['alphabet'];

export const deviceTrust: MachineFile = { name: 'device-trust', machine, alphabet };
