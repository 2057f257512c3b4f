/**
 * A coherent allocation of a device that has a restricted pool, and its free. The pool is shared already where it
 * has to be, and stays so: nothing is converted.
 *
 * `ctx`: where the allocation was asked for; frees are made in process context.
 * Source: kernel/dma/direct.c (dma_direct_alloc, dma_direct_alloc_swiotlb, dma_direct_free), kernel/dma/swiotlb.c
 * (swiotlb_alloc, swiotlb_free).
 */
import { and, assign, not, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_alloc_attrs'; ctx: 'process' | 'atomic' }
  | { type: 'swiotlb_search_pool_area'; found: boolean }
  | { type: 'set_memory_decrypted' | 'set_memory_encrypted' }
  | { type: 'set_memory_decrypted_ret' | 'set_memory_encrypted_ret'; ret: 'ok' | 'failed' }
  | { type: 'memset' | 'swiotlb_release_slots' }
  | { type: 'dma_alloc_attrs_ret'; result: 'shared' | 'private' | 'unencoded' | 'error' }
  | { type: 'device_write' | 'dma_free_attrs' | 'dma_free_attrs_ret' };

export const machine = setup({
  types: { context: {} as { ctx: 'process' | 'atomic' }, events: {} as Event },
  guards: {
    /** force_dma_unencrypted(dev). */
    forced: () => false,
    /** The state of the pool is not the one that the device is given (patch 7). */
    poolDiffers: () => false,
    /** The address, as it has to be encoded, does not fit in the coherent mask. */
    outOfReach: () => false,
    found: ({ event }) => event.type === 'swiotlb_search_pool_area' && event.found,
    ok: ({ event }) => 'ret' in event && event.ret === 'ok',
    failed: ({ event }) => 'ret' in event && event.ret === 'failed',
    addressHasBit: () => false,
    saysShared: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'shared',
    saysPrivate: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'private',
    saysNothing: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'unencoded',
    error: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'error',
  },
  actions: {
    remember: assign({ ctx: ({ event }) => (event.type === 'dma_alloc_attrs' ? event.ctx : 'process') }),
    forget: assign({ ctx: 'process' }),
  },
}).createMachine({
  id: 'restricted-alloc',
  context: { ctx: 'process' },
  initial: 'none',
  states: {
    none: {
      on: {
        dma_alloc_attrs: [
          { guard: 'poolDiffers', target: 'allocating.failed', actions: 'remember' },
          { target: 'allocating.searching', actions: 'remember' },
        ],
      },
    },
    allocating: {
      initial: 'searching',
      states: {
        searching: {
          on: {
            swiotlb_search_pool_area: [
              { guard: and(['found', 'outOfReach']), target: 'givingBack' },
              { guard: 'found', target: 'zeroing' },
              { target: 'failed' },
            ],
          },
        },
        givingBack: {
          description: 'dma_coherent_ok() refuses its address.',
          on: { swiotlb_release_slots: 'failed' },
        },
        converting: {
          description: 'Without patch 3 it is taken for pages of the page allocator.',
          on: { set_memory_decrypted: 'converted' },
        },
        converted: {
          on: {
            set_memory_decrypted_ret: [
              { guard: 'ok', target: 'zeroing' },
              { guard: 'failed', target: 'failed' },
            ],
          },
        },
        zeroing: { on: { memset: 'returning' } },
        returning: {
          on: {
            dma_alloc_attrs_ret: [
              {
                guard: and(['saysShared', 'addressHasBit', 'forced']),
                target: '#restricted-alloc.held',
                actions: 'forget',
              },
              {
                guard: and(['saysPrivate', 'addressHasBit', not('forced')]),
                target: '#restricted-alloc.held',
                actions: 'forget',
              },
              {
                guard: and(['saysNothing', not('addressHasBit')]),
                target: '#restricted-alloc.held',
                actions: 'forget',
              },
            ],
          },
        },
        failed: {
          on: {
            dma_alloc_attrs_ret: { guard: 'error', target: '#restricted-alloc.none', actions: 'forget' },
          },
        },
      },
    },
    held: {
      description: 'The driver and the device have it.',
      on: { device_write: 'held', dma_free_attrs: 'freeing.releasing' },
    },
    freeing: {
      initial: 'releasing',
      states: {
        converting: {
          description: 'Without patch 3 it is taken for pages of the page allocator.',
          on: { set_memory_encrypted: 'converted' },
        },
        converted: {
          on: {
            set_memory_encrypted_ret: [
              { guard: 'ok', target: 'releasing' },
              { guard: 'failed', target: 'returning' },
            ],
          },
        },
        releasing: { on: { swiotlb_release_slots: 'returning' } },
        returning: { on: { dma_free_attrs_ret: '#restricted-alloc.none' } },
      },
    },
  },
});

const driver = { actor: { param: 'by' } } as const;
const ret = { ret: ['ok', 'failed'] };

export const alphabet = {
  dma_alloc_attrs: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_alloc_attrs',
    params: { ctx: ['process', 'atomic'] },
    doc: 'The driver asks for coherent memory.',
  },
  swiotlb_search_pool_area: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_search_pool_area',
    params: { found: [true, false] },
    doc: 'Slots are found and taken, or there are none.',
  },
  set_memory_decrypted: {
    kind: 'observation',
    ...driver,
    symbol: 'set_memory_decrypted',
    doc: 'They are converted to shared.',
  },
  set_memory_decrypted_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'set_memory_decrypted',
    params: ret,
    doc: 'The conversion to shared returns.',
  },
  memset: { kind: 'observation', ...driver, symbol: 'memset', doc: 'They are zeroed.' },
  swiotlb_release_slots: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_release_slots',
    doc: 'The slots are free again.',
  },
  dma_alloc_attrs_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_alloc_attrs',
    params: { result: ['shared', 'private', 'unencoded', 'error'] },
    doc: 'The driver gets memory and its address, or none.',
  },
  device_write: { kind: 'stimulus', actor: 'device', symbol: '(bus)', doc: 'The device writes to it.' },
  dma_free_attrs: { kind: 'stimulus', ...driver, symbol: 'dma_free_attrs', doc: 'The driver frees it.' },
  set_memory_encrypted: {
    kind: 'observation',
    ...driver,
    symbol: 'set_memory_encrypted',
    doc: 'The slots are converted to private.',
  },
  set_memory_encrypted_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'set_memory_encrypted',
    params: ret,
    doc: 'The conversion to private returns.',
  },
  dma_free_attrs_ret: { kind: 'observation', ...driver, symbol: 'dma_free_attrs', doc: 'It is freed.' },
} as const satisfies MachineFile['alphabet'];

export const restrictedAlloc: MachineFile = {
  name: 'restricted-alloc',
  machine,
  alphabet,
  without: {
    3: [
      {
        state: 'allocating.searching',
        event: 'swiotlb_search_pool_area',
        to: [
          { guard: and(['found', 'outOfReach']), target: 'givingBack' },
          { guard: and(['found', 'forced']), target: 'converting' },
          { guard: 'found', target: 'zeroing' },
          { target: 'failed' },
        ],
      },
      {
        state: 'held',
        event: 'dma_free_attrs',
        to: [{ guard: 'forced', target: 'freeing.converting' }, { target: 'freeing.releasing' }],
      },
    ],
    7: [
      {
        state: 'none',
        event: 'dma_alloc_attrs',
        to: { target: 'allocating.searching', actions: 'remember' },
      },
    ],
  },
  guards: (facts) => ({
    forced: () => facts.forced,
    poolDiffers: () => facts.memEncrypt !== facts.forced,
    outOfReach: () => facts.mask === 32 && facts.encoding === (facts.forced ? 'shared' : 'private'),
    addressHasBit: () => facts.encodingBit,
  }),
};
