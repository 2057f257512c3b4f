/**
 * `io_tlb_default_mem` as a driver meets it while the kernel comes up, and one mapping through it. The default
 * pool is the only pool: no memory is left for another. A mapping can begin before the state of the pool is
 * settled, and still be there afterwards.
 *
 * `mem`: no slots, slots, all slots marked used, or torn down. `unencrypted`: what it records (from patch 7 on).
 * `address`: what the address of the mapping says of the memory, by a bit or, where there is none, by what the
 * kernel takes it for. `converted`: the pool was converted under the mapping.
 * Source: kernel/dma/swiotlb.c (swiotlb_map, swiotlb_tbl_map_single, swiotlb_find_slots, add_mem_pool,
 * swiotlb_mark_pool_used at v5), kernel/dma/direct.h (dma_direct_unmap_phys).
 */
import { and, assign, not, or, setup } from 'xstate';
import { alphabet } from './io-tlb-mem.alphabet.ts';
import type { MachineFile } from './machine-file.ts';

type Result = 'shared' | 'private' | 'bare' | 'error';
type Event =
  | {
      type:
        | 'boot_calls'
        | 'attributes_settled'
        | 'pool_added'
        | 'converted'
        | 'not_converted'
        | 'torn_down'
        | 'dma_map_phys'
        | 'dma_unmap_phys'
        | 'dma_unmap_phys_ret'
        | 'schedule_work'
        | 'swiotlb_release_slots'
        | 'device_write';
    }
  | { type: 'kzalloc'; ok: false }
  | { type: 'swiotlb_search_area'; found: boolean }
  | { type: 'swiotlb_bounce'; dir: 'in' | 'out' }
  | { type: 'dma_map_phys_ret'; result: Result };
interface Context {
  mem: 'none' | 'active' | 'full' | 'gone';
  unencrypted: boolean;
  address: 'none' | 'shared' | 'private';
  written: boolean;
  converted: boolean;
}

export const machine = setup({
  types: { context: {} as Context, events: {} as Event },
  guards: {
    memEncrypt: () => true,
    forced: () => true,
    /** `swiotlb=force`: the pool is never torn down. */
    parameterForces: () => false,
    /** Without SWIOTLB_DYNAMIC no pool is ever added. */
    cannotGrow: () => false,
    /** The address carries a bit that says shared or private. */
    addressHasBit: () => false,
    sharedTooHigh: () => false,
    privateTooHigh: () => false,
    inactive: ({ context }) => context.mem === 'none' || context.mem === 'gone',
    unencrypted: ({ context }) => context.unencrypted,
    found: ({ context, event }) =>
      event.type === 'swiotlb_search_area' && event.found && context.mem === 'active',
    notFound: ({ context, event }) =>
      event.type === 'swiotlb_search_area' && !event.found && context.mem === 'full',
    copyIn: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'in',
    copyOut: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'out',
    error: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'error',
    shared: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'shared',
    private: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'private',
    bare: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'bare',
  },
  actions: {
    settleShared: assign({ unencrypted: true }),
    addPool: assign({ mem: 'active' }),
    markUsed: assign({ mem: ({ context }) => (context.mem === 'active' ? 'full' : context.mem) }),
    tearDown: assign({ mem: 'gone' }),
    sayShared: assign({ address: 'shared' }),
    sayPrivate: assign({ address: 'private' }),
    deviceWrote: assign({ written: true }),
    convertedUnderIt: assign({ converted: true }),
    over: assign({ address: 'none', written: false, converted: false }),
  },
}).createMachine({
  id: 'io-tlb-mem',
  context: { mem: 'none', unencrypted: false, address: 'none', written: false, converted: false },
  initial: 'unmapped',
  states: {
    unmapped: {
      on: {
        boot_calls: 'unmapped',
        attributes_settled: [
          { guard: 'memEncrypt', target: 'unmapped', actions: 'settleShared' },
          { target: 'unmapped' },
        ],
        pool_added: { target: 'unmapped', actions: 'addPool' },
        converted: 'unmapped',
        not_converted: { target: 'unmapped', actions: 'markUsed' },
        torn_down: [
          { guard: or(['inactive', 'parameterForces']), target: 'unmapped' },
          { target: 'unmapped', actions: 'tearDown' },
        ],
        dma_map_phys: [
          { guard: 'inactive', target: 'mapping.failed' },
          { guard: and(['forced', not('unencrypted')]), target: 'mapping.failed' },
          { guard: and([not('forced'), 'unencrypted']), target: 'mapping.failed' },
          { target: 'mapping' },
        ],
      },
    },
    mapping: {
      initial: 'searching',
      states: {
        searching: {
          on: {
            swiotlb_search_area: [
              { guard: 'found', target: 'copyingIn' },
              { guard: and(['notFound', 'cannotGrow']), target: 'failed' },
              { guard: 'notFound', target: 'growing' },
            ],
          },
        },
        growing: { on: { schedule_work: 'allocating' } },
        allocating: { on: { kzalloc: 'failed' } },
        copyingIn: {
          on: {
            swiotlb_bounce: [
              { guard: and(['copyIn', 'unencrypted', 'sharedTooHigh']), target: 'refusing' },
              { guard: and(['copyIn', not('unencrypted'), 'privateTooHigh']), target: 'refusing' },
              { guard: 'copyIn', target: 'encoding' },
            ],
          },
        },
        refusing: {
          description: 'The encoded address does not fit in the mask: the slot is given up without a copy.',
          on: { swiotlb_release_slots: 'failed' },
        },
        encoding: {
          on: {
            dma_map_phys_ret: [
              {
                guard: and([
                  'unencrypted',
                  or([and(['addressHasBit', 'shared']), and([not('addressHasBit'), 'bare'])]),
                ]),
                target: '#io-tlb-mem.mapped',
                actions: 'sayShared',
              },
              {
                guard: and([
                  not('unencrypted'),
                  or([and(['addressHasBit', 'private']), and([not('addressHasBit'), 'bare'])]),
                ]),
                target: '#io-tlb-mem.mapped',
                actions: 'sayPrivate',
              },
            ],
          },
        },
        failed: { on: { dma_map_phys_ret: { guard: 'error', target: '#io-tlb-mem.unmapped' } } },
      },
    },
    mapped: {
      description: 'The device owns the buffer. The kernel goes on booting.',
      on: {
        boot_calls: 'mapped',
        attributes_settled: [
          { guard: 'memEncrypt', target: 'mapped', actions: 'settleShared' },
          { target: 'mapped' },
        ],
        converted: { target: 'mapped', actions: 'convertedUnderIt' },
        not_converted: { target: 'mapped', actions: ['markUsed', 'convertedUnderIt'] },
        device_write: { target: 'mapped', actions: 'deviceWrote' },
        dma_unmap_phys: 'unmapping',
      },
    },
    unmapping: {
      initial: 'copyingOut',
      states: {
        copyingOut: { on: { swiotlb_bounce: { guard: 'copyOut', target: 'releasing', actions: 'over' } } },
        releasing: { on: { swiotlb_release_slots: 'returning' } },
        returning: { on: { dma_unmap_phys_ret: '#io-tlb-mem.unmapped' } },
      },
    },
  },
});

export const ioTlbMem: MachineFile = {
  name: 'io-tlb-mem',
  machine,
  alphabet,
  without: {
    7: [
      // Nothing is recorded; every address says shared.
      { state: 'unmapped', event: 'attributes_settled', to: null },
      { state: 'mapped', event: 'attributes_settled', to: null },
      {
        state: 'unmapped',
        event: 'dma_map_phys',
        to: [{ guard: 'inactive', target: 'mapping.failed' }, { target: 'mapping' }],
      },
      {
        state: 'mapping.copyingIn',
        event: 'swiotlb_bounce',
        to: [
          { guard: and(['copyIn', 'sharedTooHigh']), target: 'refusing' },
          { guard: 'copyIn', target: 'encoding' },
        ],
      },
      {
        state: 'mapping.encoding',
        event: 'dma_map_phys_ret',
        to: {
          guard: or([and(['addressHasBit', 'shared']), and([not('addressHasBit'), 'bare'])]),
          target: '#io-tlb-mem.mapped',
          actions: 'sayShared',
        },
      },
    ],
    18: [
      { state: 'unmapped', event: 'not_converted', to: 'unmapped' },
      { state: 'mapped', event: 'not_converted', to: { target: 'mapped', actions: 'convertedUnderIt' } },
    ],
  },
  guards: (facts) => ({
    memEncrypt: () => facts.memEncrypt,
    forced: () => facts.forced,
    parameterForces: () => facts.swiotlb === 'force',
    cannotGrow: () => !facts.dynamic,
    addressHasBit: () => facts.encodingBit,
    sharedTooHigh: () => facts.mask === 32 && facts.encoding === 'shared',
    privateTooHigh: () => facts.mask === 32 && facts.encoding === 'private',
  }),
};
