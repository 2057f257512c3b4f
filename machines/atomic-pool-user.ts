/**
 * A driver that allocates from the atomic pool because it cannot block, and gives back; and the pool as it finds
 * it. There is room for it at any time once the pool has memory.
 *
 * `pool`: none, being made and with a chunk already, without memory, or with. `short`: what is available lies
 * below the low-water mark as soon as something is taken, so that the worker is asked to grow the pool.
 * Source: kernel/dma/pool.c (dma_alloc_from_pool, __dma_alloc_from_pool, dma_free_from_pool).
 */
import { and, assign, not, or, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'chunk_added' | 'chunk_grown' | 'no_pool' | 'pool_made' | 'schedule_work' | 'memset' }
  | { type: 'dma_alloc_attrs' | 'dma_free_attrs'; ctx: 'process' | 'atomic' }
  | { type: 'gen_pool_alloc'; ok: boolean }
  | { type: 'dma_free_from_pool'; owned: boolean }
  | { type: 'dma_alloc_attrs_ret'; result: 'shared' | 'private' | 'bare' | 'error' }
  | { type: 'dma_free_attrs_ret' };

export const machine = setup({
  types: {
    context: {} as { pool: 'none' | 'making' | 'empty' | 'filled'; short: boolean },
    events: {} as Event,
  },
  guards: {
    /** Only a forced device, or one with DMA_DIRECT_REMAP, is served from the atomic pools. */
    served: () => true,
    /** The state of the pool's memory is not what is asked for (patch 5): the pool is passed over. */
    poolDoesNotSuit: () => false,
    addressHasBit: () => false,
    forced: () => true,
    /** No address of the pool's memory fits in the device's mask (`dma_coherent_ok()`). */
    outOfReach: () => false,
    noPool: ({ context }) => context.pool === 'none' || context.pool === 'making',
    filled: ({ context }) => context.pool === 'filled',
    short: ({ context }) => context.short,
    given: ({ event }) => event.type === 'gen_pool_alloc' && event.ok,
    notGiven: ({ event }) => event.type === 'gen_pool_alloc' && !event.ok,
    shared: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'shared',
    private: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'private',
    bare: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'bare',
    error: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'error',
  },
  actions: {
    addChunk: assign({ pool: 'making' }),
    grow: assign({ short: false }),
    make: assign({ pool: ({ context }) => (context.pool === 'making' ? 'filled' : 'empty') }),
    destroy: assign({ pool: 'none' }),
  },
}).createMachine({
  id: 'atomic-pool-user',
  context: { pool: 'none', short: true },
  on: {
    chunk_added: { actions: 'addChunk' },
    chunk_grown: { actions: 'grow' },
    pool_made: { actions: 'make' },
    no_pool: { actions: 'destroy' },
  },
  initial: 'idle',
  states: {
    idle: {
      on: {
        dma_alloc_attrs: [
          { guard: and(['served', or(['noPool', 'poolDoesNotSuit'])]), target: 'allocating.failed' },
          { guard: 'served', target: 'allocating' },
        ],
      },
    },
    allocating: {
      initial: 'asking',
      states: {
        asking: {
          on: {
            gen_pool_alloc: [
              { guard: and(['given', 'filled', not('outOfReach'), 'short']), target: 'scheduling' },
              { guard: and(['given', 'filled', not('outOfReach')]), target: 'zeroing' },
              { guard: and(['notGiven', or([not('filled'), 'outOfReach'])]), target: 'failed' },
            ],
          },
        },
        scheduling: { on: { schedule_work: 'zeroing' } },
        zeroing: { on: { memset: 'encoding' } },
        encoding: {
          on: {
            dma_alloc_attrs_ret: [
              { guard: and(['addressHasBit', 'forced', 'shared']), target: '#atomic-pool-user.allocated' },
              {
                guard: and(['addressHasBit', not('forced'), 'private']),
                target: '#atomic-pool-user.allocated',
              },
              { guard: and([not('addressHasBit'), 'bare']), target: '#atomic-pool-user.allocated' },
            ],
          },
        },
        failed: { on: { dma_alloc_attrs_ret: { guard: 'error', target: '#atomic-pool-user.idle' } } },
      },
    },
    allocated: { on: { dma_free_attrs: 'freeing' } },
    freeing: {
      initial: 'looking',
      states: {
        looking: { on: { dma_free_from_pool: 'returning' } },
        returning: { on: { dma_free_attrs_ret: '#atomic-pool-user.idle' } },
      },
    },
  },
});

const driver = { actor: 'driver' } as const;
const ctx = { ctx: ['process', 'atomic'] };

export const alphabet = {
  chunk_added: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'gen_pool_add_virt',
    doc: 'The pool that is being made has memory.',
  },
  pool_made: { kind: 'observation', actor: 'boot', symbol: 'dma_atomic_pool_init', doc: 'There is a pool.' },
  no_pool: { kind: 'observation', actor: 'boot', symbol: 'dma_atomic_pool_init', doc: 'There is none.' },
  chunk_grown: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'gen_pool_add_virt',
    doc: 'The pool has more memory.',
  },
  dma_alloc_attrs: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_alloc_attrs',
    params: ctx,
    doc: 'The driver allocates, without GFP_KERNEL.',
  },
  gen_pool_alloc: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_alloc_from_pool',
    params: { ok: [true, false] },
    doc: 'The pool is asked; it has memory, or none.',
  },
  schedule_work: {
    kind: 'observation',
    ...driver,
    symbol: 'schedule_work',
    doc: 'The worker is asked for more memory.',
  },
  memset: { kind: 'observation', ...driver, symbol: 'memset', doc: 'What is handed out is zeroed.' },
  dma_alloc_attrs_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_alloc_attrs',
    params: { result: ['shared', 'private', 'bare', 'error'] },
    doc: 'The driver gets an address that says shared, private or nothing, or NULL.',
  },
  dma_free_attrs: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_free_attrs',
    params: ctx,
    doc: 'The driver gives back.',
  },
  dma_free_from_pool: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_free_from_pool',
    params: { owned: [true] },
    doc: 'The pool has its memory back.',
  },
  dma_free_attrs_ret: { kind: 'observation', ...driver, symbol: 'dma_free_attrs', doc: 'It is over.' },
} as const satisfies MachineFile['alphabet'];

export const atomicPoolUser: MachineFile = {
  name: 'atomic-pool-user',
  machine,
  alphabet,
  without: {
    5: [
      {
        state: 'idle',
        event: 'dma_alloc_attrs',
        to: [
          { guard: and(['served', 'noPool']), target: 'allocating.failed' },
          { guard: 'served', target: 'allocating' },
        ],
      },
    ],
  },
  guards: (facts) => ({
    served: () => facts.forced || facts.remap,
    poolDoesNotSuit: () => facts.memEncrypt !== facts.forced,
    addressHasBit: () => facts.encodingBit,
    forced: () => facts.forced,
    outOfReach: () => facts.mask === 32 && facts.encoding === (facts.forced ? 'shared' : 'private'),
  }),
};
