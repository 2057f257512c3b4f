/**
 * A device that names a restricted pool is probed: the first one of the region makes its `io_tlb_mem` and
 * converts it, later ones share that. Nothing keeps two probes apart. Release points the device back to the
 * default memory; the pool stays.
 *
 * Source: kernel/dma/swiotlb.c (rmem_swiotlb_device_init, rmem_swiotlb_device_release),
 * drivers/of/of_reserved_mem.c (of_reserved_mem_device_init_by_idx: no lock is held over it).
 */
import { and, not, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'rmem_swiotlb_device_init' | 'rmem_swiotlb_device_release' | 'rmem_swiotlb_device_release_ret' }
  | { type: 'read_priv'; set: boolean }
  | { type: 'kzalloc'; what: 'mem' | 'slots' | 'areas'; ok: boolean }
  | { type: 'set_memory_decrypted' | 'write_priv' }
  | { type: 'set_memory_decrypted_ret' | 'rmem_swiotlb_device_init_ret'; ret: 'ok' | 'failed' };

export const machine = setup({
  types: { events: {} as Event },
  guards: {
    /** Nothing is encrypted here: the region stays as it is (patch 7). */
    staysPrivate: () => false,
    thereIsOne: ({ event }) => event.type === 'read_priv' && event.set,
    thereIsNone: ({ event }) => event.type === 'read_priv' && !event.set,
    mem: ({ event }) => event.type === 'kzalloc' && event.what === 'mem' && event.ok,
    noMem: ({ event }) => event.type === 'kzalloc' && event.what === 'mem' && !event.ok,
    slots: ({ event }) => event.type === 'kzalloc' && event.what === 'slots' && event.ok,
    noSlots: ({ event }) => event.type === 'kzalloc' && event.what === 'slots' && !event.ok,
    areas: ({ event }) => event.type === 'kzalloc' && event.what === 'areas' && event.ok,
    noAreas: ({ event }) => event.type === 'kzalloc' && event.what === 'areas' && !event.ok,
    ok: ({ event }) => 'ret' in event && event.ret === 'ok',
    failed: ({ event }) => 'ret' in event && event.ret === 'failed',
  },
}).createMachine({
  id: 'restricted-probe',
  initial: 'unbound',
  states: {
    unbound: { on: { rmem_swiotlb_device_init: 'init' } },
    init: {
      initial: 'reading',
      states: {
        reading: {
          on: {
            read_priv: [
              { guard: 'thereIsOne', target: 'returning' },
              { guard: 'thereIsNone', target: 'mem' },
            ],
          },
        },
        mem: {
          on: {
            kzalloc: [
              { guard: 'mem', target: 'slots' },
              { guard: 'noMem', target: 'failing' },
            ],
          },
        },
        slots: {
          on: {
            kzalloc: [
              { guard: 'slots', target: 'areas' },
              { guard: 'noSlots', target: 'failing' },
            ],
          },
        },
        areas: {
          on: {
            kzalloc: [
              { guard: and(['areas', not('staysPrivate')]), target: 'convert' },
              { guard: 'areas', target: 'publishing' },
              { guard: 'noAreas', target: 'failing' },
            ],
          },
        },
        convert: { on: { set_memory_decrypted: 'converting' } },
        converting: {
          on: {
            set_memory_decrypted_ret: [
              { guard: 'ok', target: 'publishing' },
              { guard: 'failed', target: 'failing' },
            ],
          },
        },
        publishing: { on: { write_priv: 'returning' } },
        failing: {
          description: 'What was allocated is freed, the region is left as it is, and nobody has it.',
          on: { rmem_swiotlb_device_init_ret: { guard: 'failed', target: '#restricted-probe.unbound' } },
        },
        returning: {
          on: { rmem_swiotlb_device_init_ret: { guard: 'ok', target: '#restricted-probe.bound' } },
        },
      },
    },
    bound: {
      description: 'The device allocates and bounces in the restricted pool.',
      on: { rmem_swiotlb_device_release: 'releasing' },
    },
    releasing: { on: { rmem_swiotlb_device_release_ret: 'unbound' } },
  },
});

const probe = { actor: { param: 'by' } } as const;
const ret = { ret: ['ok', 'failed'] };

export const alphabet = {
  rmem_swiotlb_device_init: {
    kind: 'stimulus',
    ...probe,
    symbol: 'rmem_swiotlb_device_init',
    doc: 'The device is probed.',
  },
  read_priv: {
    kind: 'observation',
    ...probe,
    symbol: 'rmem_swiotlb_device_init',
    params: { set: [true, false] },
    doc: 'It looks whether the region has an `io_tlb_mem` already (`rmem->priv`).',
  },
  kzalloc: {
    kind: 'choice',
    ...probe,
    symbol: 'kzalloc',
    params: { what: ['mem', 'slots', 'areas'], ok: [true, false] },
    doc: 'Memory for the descriptor, the slots, the areas.',
  },
  set_memory_decrypted: {
    kind: 'observation',
    ...probe,
    symbol: 'set_memory_decrypted',
    doc: 'The region is to be shared.',
  },
  set_memory_decrypted_ret: {
    kind: 'observation',
    ...probe,
    symbol: 'set_memory_decrypted',
    params: ret,
    doc: 'It is, or it is not.',
  },
  write_priv: {
    kind: 'observation',
    ...probe,
    symbol: 'rmem_swiotlb_device_init',
    doc: 'The `io_tlb_mem` becomes that of the region.',
  },
  rmem_swiotlb_device_init_ret: {
    kind: 'observation',
    ...probe,
    symbol: 'rmem_swiotlb_device_init',
    params: ret,
    doc: 'The device has the pool, or its probe fails.',
  },
  rmem_swiotlb_device_release: {
    kind: 'stimulus',
    ...probe,
    symbol: 'rmem_swiotlb_device_release',
    doc: 'The device is unbound.',
  },
  rmem_swiotlb_device_release_ret: {
    kind: 'observation',
    ...probe,
    symbol: 'rmem_swiotlb_device_release',
    doc: 'It is back with the default memory.',
  },
} as const satisfies MachineFile['alphabet'];

export const restrictedProbe: MachineFile = {
  name: 'restricted-probe',
  machine,
  alphabet,
  without: {
    7: [
      {
        state: 'init.areas',
        event: 'kzalloc',
        to: [
          { guard: 'areas', target: 'convert' },
          { guard: 'noAreas', target: 'failing' },
        ],
      },
    ],
    18: [
      {
        state: 'init.converting',
        event: 'set_memory_decrypted_ret',
        to: [
          { guard: 'ok', target: 'publishing' },
          { guard: 'failed', target: 'publishing' },
        ],
      },
    ],
  },
  guards: (facts) => ({ staysPrivate: () => !facts.memEncrypt }),
};
