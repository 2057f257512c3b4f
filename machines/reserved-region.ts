/**
 * A region of reserved memory for a restricted pool, and how many `io_tlb_mem` structures manage it. The last
 * one that was made is the one that later devices find (`rmem->priv`).
 *
 * `unencrypted`: what the pool records (from patch 7 on).
 * Source: kernel/dma/swiotlb.c (rmem_swiotlb_setup, rmem_swiotlb_device_init).
 */
import { assign, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event = { type: 'probe' | 'write_priv' } | { type: 'read_priv'; set: boolean };

export const machine = setup({
  types: { context: {} as { record: 'none' | 'shared' | 'private' }, events: {} as Event },
  guards: {
    /** The device tree gives the devices such a region. */
    inDeviceTree: () => true,
    memEncrypt: () => true,
    set: ({ event }) => event.type === 'read_priv' && event.set,
    notSet: ({ event }) => event.type === 'read_priv' && !event.set,
  },
  actions: {
    recordShared: assign({ record: 'shared' }),
    recordPrivate: assign({ record: 'private' }),
  },
}).createMachine({
  id: 'reserved-region',
  context: { record: 'none' },
  initial: 'reserved',
  states: {
    reserved: {
      description: 'Set apart as the device tree was read. Nobody manages it yet.',
      on: {
        probe: { guard: 'inDeviceTree', target: 'reserved' },
        read_priv: { guard: 'notSet', target: 'reserved' },
        write_priv: [
          { guard: 'memEncrypt', target: 'managed', actions: 'recordShared' },
          { target: 'managed', actions: 'recordPrivate' },
        ],
      },
    },
    managed: {
      on: {
        probe: 'managed',
        read_priv: { guard: 'set', target: 'managed' },
        write_priv: 'managedTwice',
      },
    },
    managedTwice: {
      description: 'Two of them hand out the same slots.',
      on: { probe: 'managedTwice', read_priv: { guard: 'set', target: 'managedTwice' } },
    },
  },
});

export const alphabet = {
  probe: {
    kind: 'stimulus',
    actor: { param: 'by' },
    symbol: 'rmem_swiotlb_device_init',
    doc: 'A device that names the region is probed.',
  },
  read_priv: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'rmem_swiotlb_device_init',
    params: { set: [true, false] },
    doc: 'A probe looks whether somebody manages it.',
  },
  write_priv: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'rmem_swiotlb_device_init',
    doc: 'A probe begins to manage it.',
  },
} as const satisfies MachineFile['alphabet'];

export const reservedRegion: MachineFile = {
  name: 'reserved-region',
  machine,
  alphabet,
  without: {
    // Nothing is recorded.
    7: [{ state: 'reserved', event: 'write_priv', to: 'managed' }],
  },
  guards: (facts) => ({
    inDeviceTree: () => facts.restricted,
    memEncrypt: () => facts.memEncrypt,
  }),
};
