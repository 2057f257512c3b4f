/**
 * One mapping of a driver whose default pool is full: a slot in a dynamic pool if there is one, else a
 * transient pool of its own; the device writes; unmap copies out, releases the slot or retires the pool.
 *
 * `narrow`: the device's segment boundary is shorter than the mapping, so that no slot ever fits.
 * `via`: which pool the mapping lies in. `written`: the device has written what the CPU has not got yet.
 * Source: kernel/dma/swiotlb.c (swiotlb_tbl_map_single, swiotlb_find_slots, swiotlb_map,
 * __swiotlb_tbl_unmap_single), kernel/dma/direct.h (dma_direct_unmap_phys).
 */
import { and, assign, not, or, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Boundary = 'wide' | 'narrow';
type Event =
  | { type: 'dma_map_phys'; ctx: 'process' | 'atomic'; boundary: Boundary }
  | { type: 'swiotlb_search_area'; boundary: Boundary; found: boolean }
  | { type: 'swiotlb_search_pool_area'; found: boolean }
  | { type: 'swiotlb_bounce'; dir: 'in' | 'out' }
  | { type: 'dma_map_phys_ret'; result: 'shared' | 'unencoded' | 'error' }
  | { type: 'dma_unmap_phys'; ctx: 'process' | 'atomic' }
  | { type: 'schedule_work' | 'list_add_rcu' | 'list_del_rcu' }
  | { type: 'device_write'; arrives: boolean }
  | {
      type:
        | 'swiotlb_release_slots'
        | 'queue_rcu_work'
        | 'call_rcu'
        | 'no_pool'
        | 'unwound'
        | 'dma_unmap_phys_ret';
    };

export const machine = setup({
  types: {
    context: {} as { narrow: boolean; via: 'none' | 'transient' | 'dynamic'; written: boolean },
    events: {} as Event,
  },
  guards: {
    /** `swiotlb=noforce`: there are no pools. */
    noPool: () => false,
    /** The address that says shared is wider than the device's mask: `dma_capable()` refuses it. */
    sharedTooHigh: () => false,
    /** Without SWIOTLB_DYNAMIC no pool is ever added. */
    cannotGrow: () => false,
    /** The pools' state is not what the device needs (patch 7): the mapping is refused at once. */
    poolDoesNotSuit: () => false,
    narrow: ({ event }) => event.type === 'dma_map_phys' && event.boundary === 'narrow',
    found: ({ event, context }) =>
      event.type === 'swiotlb_search_area' && event.found && event.boundary === 'wide' && !context.narrow,
    notFound: ({ event, context }) =>
      event.type === 'swiotlb_search_area' &&
      !event.found &&
      event.boundary === (context.narrow ? 'narrow' : 'wide'),
    fits: ({ event, context }) => event.type === 'swiotlb_search_pool_area' && event.found && !context.narrow,
    doesNotFit: ({ event, context }) =>
      event.type === 'swiotlb_search_pool_area' && !event.found && context.narrow,
    copyIn: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'in',
    copyOut: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'out',
    error: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'error',
    /** The address carries a bit that says shared. */
    addressHasBit: () => false,
    shared: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'shared',
    unencoded: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'unencoded',
    /** The memory is what the device can reach; else nothing of it is there for the CPU to get. */
    arrives: ({ event }) => event.type === 'device_write' && event.arrives,
    inTransient: ({ context }) => context.via === 'transient',
    inDynamic: ({ context }) => context.via === 'dynamic',
  },
  actions: {
    remember: assign({ narrow: ({ event }) => event.type === 'dma_map_phys' && event.boundary === 'narrow' }),
    forget: assign({ narrow: false }),
    viaTransient: assign({ via: 'transient', narrow: false }),
    viaDynamic: assign({ via: 'dynamic' }),
    deviceWrote: assign({ written: true }),
    cpuHasIt: assign({ written: false }),
    over: assign({ via: 'none' }),
  },
}).createMachine({
  id: 'mapping',
  context: { narrow: false, via: 'none', written: false },
  initial: 'unmapped',
  states: {
    unmapped: {
      on: {
        dma_map_phys: [
          { guard: or(['noPool', 'poolDoesNotSuit']), target: 'mapping.failed' },
          { target: 'mapping.searching', actions: 'remember' },
        ],
      },
    },
    mapping: {
      initial: 'searching',
      states: {
        searching: {
          on: {
            swiotlb_search_area: [
              { guard: 'found', target: 'copyingIn', actions: 'viaDynamic' },
              { guard: and(['notFound', 'cannotGrow']), target: 'failed', actions: 'forget' },
              { guard: 'notFound', target: 'growing' },
            ],
          },
        },
        growing: { on: { schedule_work: 'allocating' } },
        allocating: {
          description: 'A transient pool is being made.',
          on: {
            swiotlb_search_pool_area: [
              { guard: 'fits', target: 'publishing', actions: 'viaTransient' },
              { guard: 'doesNotFit', target: 'discarding', actions: 'forget' },
            ],
            no_pool: { target: 'failed', actions: 'forget' },
            unwound: { target: 'failed', actions: 'forget' },
          },
        },
        publishing: { on: { list_add_rcu: 'copyingIn' } },
        copyingIn: {
          on: {
            swiotlb_bounce: [
              { guard: and(['copyIn', 'sharedTooHigh']), target: 'refusing' },
              { guard: 'copyIn', target: 'encoding' },
            ],
          },
        },
        refusing: {
          description: 'The encoded address does not fit in the mask: the slot is given up without a copy.',
          on: {
            swiotlb_release_slots: { guard: 'inDynamic', target: 'failed', actions: 'over' },
            list_del_rcu: { guard: 'inTransient', target: 'retiring', actions: 'over' },
          },
        },
        retiring: { on: { queue_rcu_work: 'failed' } },
        encoding: {
          on: {
            dma_map_phys_ret: [
              { guard: and(['shared', 'addressHasBit']), target: '#mapping.mapped' },
              { guard: and(['unencoded', not('addressHasBit')]), target: '#mapping.mapped' },
            ],
          },
        },
        discarding: {
          description: 'The new pool does not fit, and is freed after a grace period.',
          on: { queue_rcu_work: 'failed' },
        },
        failed: { on: { dma_map_phys_ret: { guard: 'error', target: '#mapping.unmapped' } } },
      },
    },
    mapped: {
      description: 'The device owns the buffer.',
      on: {
        device_write: [{ guard: 'arrives', target: 'mapped', actions: 'deviceWrote' }, { target: 'mapped' }],
        dma_unmap_phys: 'unmapping',
      },
    },
    unmapping: {
      initial: 'copyingOut',
      states: {
        copyingOut: {
          on: { swiotlb_bounce: { guard: 'copyOut', target: 'releasing', actions: 'cpuHasIt' } },
        },
        releasing: {
          description: 'Slots are released; a transient pool is given up whole.',
          on: {
            swiotlb_release_slots: { guard: 'inDynamic', target: 'returning', actions: 'over' },
            list_del_rcu: { guard: 'inTransient', target: 'retiring', actions: 'over' },
          },
        },
        retiring: { on: { queue_rcu_work: 'returning' } },
        returning: { on: { dma_unmap_phys_ret: '#mapping.unmapped' } },
      },
    },
  },
});

const ctx = { ctx: ['process', 'atomic'] };
const driver = { actor: 'driver' } as const;

export const alphabet = {
  dma_map_phys: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_map_phys',
    params: { ...ctx, boundary: ['wide', 'narrow'] },
    doc: 'The driver maps a buffer.',
  },
  swiotlb_search_area: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_search_area',
    params: { boundary: ['wide', 'narrow'], found: [true, false] },
    doc: 'The lasting pools are searched for free slots.',
  },
  schedule_work: {
    kind: 'observation',
    ...driver,
    symbol: 'schedule_work',
    doc: 'The growth worker is asked for a new pool.',
  },
  swiotlb_search_pool_area: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_search_pool_area',
    params: { found: [true, false] },
    doc: 'The new pool is searched for free slots.',
  },
  list_add_rcu: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'list_add_rcu',
    doc: "The transient pool is put on the device's list.",
  },
  swiotlb_bounce: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_bounce',
    params: { dir: ['in', 'out'] },
    doc: 'Bytes are copied into or out of the pool.',
  },
  dma_map_phys_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_map_phys',
    params: { result: ['shared', 'unencoded', 'error'] },
    doc: 'The driver gets an address, or DMA_MAPPING_ERROR.',
  },
  device_write: {
    kind: 'stimulus',
    actor: 'device',
    symbol: '(bus)',
    params: { arrives: [true, false] },
    doc: 'The device writes to the mapping, and it arrives in memory or does not.',
  },
  dma_unmap_phys: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_unmap_phys',
    params: ctx,
    doc: 'The driver unmaps.',
  },
  list_del_rcu: {
    kind: 'observation',
    ...driver,
    symbol: 'list_del_rcu',
    doc: "The transient pool is taken off the device's list.",
  },
  swiotlb_release_slots: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_release_slots',
    doc: 'The slots are free again.',
  },
  queue_rcu_work: {
    kind: 'observation',
    ...driver,
    symbol: 'queue_rcu_work',
    doc: 'The free of the transient pool is deferred to a worker.',
  },
  call_rcu: {
    kind: 'observation',
    ...driver,
    symbol: 'call_rcu',
    doc: 'The free of the transient pool is deferred to an RCU callback.',
  },
  no_pool: {
    kind: 'choice',
    ...driver,
    symbol: 'swiotlb_alloc_pool',
    doc: 'There is no memory for a new pool.',
  },
  unwound: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_free_tlb',
    doc: 'The buffer of the new pool was given back at once, or left alone.',
  },
  dma_unmap_phys_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_unmap_phys',
    doc: 'The driver has its buffer back.',
  },
} as const satisfies MachineFile['alphabet'];

export const mapping: MachineFile = {
  name: 'mapping',
  machine,
  alphabet,
  without: {
    7: [
      {
        state: 'unmapped',
        event: 'dma_map_phys',
        to: [
          { guard: 'noPool', target: 'mapping.failed' },
          { target: 'mapping.searching', actions: 'remember' },
        ],
      },
    ],
    17: [
      { state: 'mapping.retiring', event: 'queue_rcu_work', to: null },
      { state: 'mapping.retiring', event: 'call_rcu', to: 'failed' },
      { state: 'mapping.discarding', event: 'queue_rcu_work', to: null },
      { state: 'mapping.discarding', event: 'unwound', to: 'failed' },
      { state: 'unmapping.retiring', event: 'queue_rcu_work', to: null },
      { state: 'unmapping.retiring', event: 'call_rcu', to: 'returning' },
    ],
  },
  guards: (facts) => ({
    noPool: () => !facts.defaultPool,
    sharedTooHigh: () => facts.sharedTooHigh,
    cannotGrow: () => !facts.dynamic,
    poolDoesNotSuit: () => facts.memEncrypt !== facts.forced,
    addressHasBit: () => facts.encodingBit,
  }),
};
