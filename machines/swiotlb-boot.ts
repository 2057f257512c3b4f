/**
 * What the kernel does with its default swiotlb memory as it comes up: the pool is reserved at early boot, its
 * state is settled later, a pool may still be made from the page allocator if there is none, and the pool may be
 * torn down again. One task does all of it, in process context.
 *
 * Source: kernel/dma/swiotlb.c (swiotlb_init_remap, swiotlb_update_mem_attributes, swiotlb_init_late, swiotlb_exit).
 * `pool`: what the task finds in `io_tlb_default_mem`.
 */
import { and, assign, not, or, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';
import { alphabet } from './swiotlb-boot.alphabet.ts';

type Event =
  | {
      type:
        | 'swiotlb_init'
        | 'swiotlb_init_ret'
        | 'swiotlb_update_mem_attributes'
        | 'swiotlb_update_mem_attributes_ret'
        | 'swiotlb_init_late'
        | 'swiotlb_exit'
        | 'swiotlb_exit_ret'
        | 'add_mem_pool'
        | 'write_unencrypted'
        | 'free_metadata'
        | 'free_pages'
        | 'set_memory_decrypted'
        | 'set_memory_encrypted'
        | 'driver_calls';
    }
  | { type: 'memblock_alloc'; what: 'pool' | 'slots' | 'areas'; ok: boolean }
  | { type: 'alloc_pages'; ok: boolean }
  | { type: 'get_free_pages'; what: 'areas' | 'slots'; ok: boolean }
  | { type: 'set_memory_decrypted_ret' | 'set_memory_encrypted_ret'; ret: 'ok' | 'failed' }
  | { type: 'swiotlb_init_late_ret'; ret: 'ok' | 'failed' };

export const machine = setup({
  types: { context: {} as { pool: boolean }, events: {} as Event },
  guards: {
    hasPool: ({ context }) => context.pool,
    /** `swiotlb=noforce`. */
    disabled: () => false,
    /** `swiotlb=force`: the pool is never torn down. */
    parameterForces: () => false,
    /** The architecture tears an unneeded pool down: x86 and powerpc. */
    tearsDown: () => true,
    /** Nothing is encrypted here: pools stay as they are (patch 7). */
    staysPrivate: () => false,
    poolReserved: ({ event }) => event.type === 'memblock_alloc' && event.what === 'pool' && event.ok,
    noPoolReserved: ({ event }) => event.type === 'memblock_alloc' && event.what === 'pool' && !event.ok,
    slotsReserved: ({ event }) => event.type === 'memblock_alloc' && event.what === 'slots' && event.ok,
    noSlotsReserved: ({ event }) => event.type === 'memblock_alloc' && event.what === 'slots' && !event.ok,
    areasReserved: ({ event }) => event.type === 'memblock_alloc' && event.what === 'areas' && event.ok,
    noAreasReserved: ({ event }) => event.type === 'memblock_alloc' && event.what === 'areas' && !event.ok,
    given: ({ event }) => event.type === 'alloc_pages' && event.ok,
    notGiven: ({ event }) => event.type === 'alloc_pages' && !event.ok,
    areasGiven: ({ event }) => event.type === 'get_free_pages' && event.what === 'areas' && event.ok,
    areasRefused: ({ event }) => event.type === 'get_free_pages' && event.what === 'areas' && !event.ok,
    slotsGiven: ({ event }) => event.type === 'get_free_pages' && event.what === 'slots' && event.ok,
    slotsRefused: ({ event }) => event.type === 'get_free_pages' && event.what === 'slots' && !event.ok,
    ok: ({ event }) => 'ret' in event && event.ret === 'ok',
    failed: ({ event }) => 'ret' in event && event.ret === 'failed',
  },
  actions: { poolIsThere: assign({ pool: true }), poolIsGone: assign({ pool: false }) },
}).createMachine({
  id: 'swiotlb-boot',
  context: { pool: false },
  initial: 'early',
  states: {
    early: {
      on: {
        swiotlb_init: [{ guard: 'disabled', target: 'init.returning' }, { target: 'init' }],
        driver_calls: 'early',
      },
    },
    init: {
      initial: 'reserving',
      states: {
        reserving: {
          on: {
            memblock_alloc: [
              { guard: 'poolReserved', target: 'slots' },
              { guard: 'noPoolReserved', target: 'returning' },
            ],
          },
        },
        slots: {
          on: {
            memblock_alloc: [
              { guard: 'slotsReserved', target: 'areas' },
              { guard: 'noSlotsReserved', target: 'returning' },
            ],
          },
        },
        areas: {
          on: {
            memblock_alloc: [
              { guard: 'areasReserved', target: 'publishing' },
              { guard: 'noAreasReserved', target: 'returning' },
            ],
          },
        },
        publishing: { on: { add_mem_pool: { target: 'returning', actions: 'poolIsThere' } } },
        returning: { on: { swiotlb_init_ret: '#swiotlb-boot.window' } },
      },
    },
    window: {
      description: 'There is a pool, and nobody has said yet in what state it is to be.',
      on: {
        swiotlb_update_mem_attributes: 'update',
        driver_calls: 'window',
      },
    },
    update: {
      initial: 'recording',
      states: {
        recording: {
          description: 'The state is recorded even when there is no pool yet.',
          on: {
            write_unencrypted: [
              { guard: or([not('hasPool'), 'staysPrivate']), target: 'returning' },
              { target: 'convert' },
            ],
          },
        },
        convert: { on: { set_memory_decrypted: 'converting' } },
        converting: {
          on: {
            set_memory_decrypted_ret: [
              { guard: 'ok', target: 'returning' },
              { guard: 'failed', target: 'returning' },
            ],
          },
        },
        returning: { on: { swiotlb_update_mem_attributes_ret: '#swiotlb-boot.up' } },
      },
    },
    up: {
      on: {
        swiotlb_init_late: [
          { guard: or(['hasPool', 'disabled']), target: 'late.returning' },
          { target: 'late' },
        ],
        swiotlb_exit: [
          { guard: and(['tearsDown', or(['parameterForces', not('hasPool')])]), target: 'exit.returning' },
          { guard: and(['tearsDown', 'staysPrivate']), target: 'exit.freeing' },
          { guard: 'tearsDown', target: 'exit' },
        ],
        driver_calls: 'up',
      },
    },
    late: {
      initial: 'allocating',
      states: {
        allocating: {
          on: {
            alloc_pages: [
              { guard: 'given', target: 'areas' },
              { guard: 'notGiven', target: 'failing' },
            ],
          },
        },
        areas: {
          on: {
            get_free_pages: [
              { guard: 'areasGiven', target: 'slots' },
              { guard: 'areasRefused', target: 'unwinding' },
            ],
          },
        },
        slots: {
          on: {
            get_free_pages: [
              { guard: and(['slotsGiven', 'staysPrivate']), target: 'publishing' },
              { guard: 'slotsGiven', target: 'convert' },
              { guard: 'slotsRefused', target: 'unwinding' },
            ],
          },
        },
        convert: { on: { set_memory_decrypted: 'converting' } },
        converting: {
          on: {
            set_memory_decrypted_ret: [
              { guard: 'ok', target: 'publishing' },
              { guard: 'failed', target: 'leaking' },
            ],
          },
        },
        publishing: { on: { add_mem_pool: { target: 'returning', actions: 'poolIsThere' } } },
        unwinding: { on: { free_pages: 'failing' } },
        leaking: {
          description: 'Areas and slots are freed; the pages, whose state nobody knows, are left alone.',
          on: { free_metadata: 'failing' },
        },
        failing: { on: { swiotlb_init_late_ret: { guard: 'failed', target: '#swiotlb-boot.up' } } },
        returning: { on: { swiotlb_init_late_ret: { guard: 'ok', target: '#swiotlb-boot.up' } } },
      },
    },
    exit: {
      initial: 'encrypt',
      states: {
        encrypt: { on: { set_memory_encrypted: 'encrypting' } },
        encrypting: {
          on: {
            set_memory_encrypted_ret: [
              { guard: 'ok', target: 'freeing' },
              { guard: 'failed', target: 'returning', actions: 'poolIsGone' },
            ],
          },
        },
        freeing: { on: { free_pages: { target: 'returning', actions: 'poolIsGone' } } },
        returning: { on: { swiotlb_exit_ret: '#swiotlb-boot.over' } },
      },
    },
    over: { on: { driver_calls: 'over' } },
  },
});

export const swiotlbBoot: MachineFile = {
  name: 'swiotlb-boot',
  machine,
  alphabet,
  without: {
    7: [
      // Nothing is recorded.
      {
        state: 'window',
        event: 'swiotlb_update_mem_attributes',
        to: [{ guard: not('hasPool'), target: 'update.returning' }, { target: 'update.convert' }],
      },
      { state: 'update.recording', event: 'write_unencrypted', to: null },
      {
        state: 'late.slots',
        event: 'get_free_pages',
        to: [
          { guard: 'slotsGiven', target: 'convert' },
          { guard: 'slotsRefused', target: 'unwinding' },
        ],
      },
      {
        state: 'up',
        event: 'swiotlb_exit',
        to: [
          { guard: and(['tearsDown', or(['parameterForces', not('hasPool')])]), target: 'exit.returning' },
          { guard: 'tearsDown', target: 'exit' },
        ],
      },
    ],
    18: [
      {
        state: 'late.converting',
        event: 'set_memory_decrypted_ret',
        to: [
          { guard: 'ok', target: 'publishing' },
          { guard: 'failed', target: 'publishing' },
        ],
      },
      {
        state: 'exit.encrypting',
        event: 'set_memory_encrypted_ret',
        to: [
          { guard: 'ok', target: 'freeing' },
          { guard: 'failed', target: 'freeing' },
        ],
      },
    ],
  },
  guards: (facts) => ({
    disabled: () => !facts.defaultPool,
    parameterForces: () => facts.swiotlb === 'force',
    tearsDown: () => !facts.arm64 && facts.conversion !== 's390',
    staysPrivate: () => !facts.memEncrypt,
  }),
};
