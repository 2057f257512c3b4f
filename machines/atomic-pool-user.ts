/**
 * A driver that allocates from the atomic pool because it cannot block, and gives back; and the pool as it finds
 * it. There is room for it at any time once the pool has memory.
 *
 * `pool`: none, being made, with a chunk already, without memory, or with. `short`: what is available lies below
 * the low-water mark as soon as something is taken (`out`), so that the worker is asked to grow the pool. What is
 * handed out is zeroed before anybody else can reach it. Drivers come after the initcall that makes the pools.
 * Source: kernel/dma/pool.c (dma_alloc_from_pool, __dma_alloc_from_pool, dma_free_from_pool).
 */
import { and, assign, not, or, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'init_begins' | 'chunk_added' | 'chunk_grown' | 'no_pool' | 'pool_made' | 'schedule_work' }
  | { type: 'gen_pool_avail' | 'worker_looks'; low: boolean }
  | { type: 'dma_alloc_attrs' | 'dma_free_attrs'; ctx: 'process' | 'atomic' }
  | { type: 'gen_pool_alloc'; ok: boolean }
  | { type: 'dma_free_from_pool'; owned: boolean }
  | { type: 'dma_alloc_attrs_ret'; result: 'shared' | 'private' | 'bare' | 'error' }
  | { type: 'dma_free_attrs_ret' };

export const machine = setup({
  types: {
    context: {} as {
      pool: 'none' | 'making' | 'added' | 'empty' | 'filled';
      short: boolean;
      out: boolean;
    },
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
    noPool: ({ context }) => context.pool === 'none',
    beingMade: ({ context }) => context.pool === 'making' || context.pool === 'added',
    filled: ({ context }) => context.pool === 'filled',
    low: ({ context, event }) => event.type === 'gen_pool_avail' && event.low && context.short,
    enough: ({ context, event }) => event.type === 'gen_pool_avail' && !event.low && !context.short,
    /** A pool without memory is short of it too. */
    isTrue: ({ context, event }) =>
      event.type === 'worker_looks' &&
      event.low === (context.pool === 'empty' || (context.short && context.out)),
    given: ({ event }) => event.type === 'gen_pool_alloc' && event.ok,
    notGiven: ({ event }) => event.type === 'gen_pool_alloc' && !event.ok,
    shared: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'shared',
    private: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'private',
    bare: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'bare',
    error: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'error',
  },
  actions: {
    begin: assign({ pool: 'making' }),
    addChunk: assign({ pool: 'added' }),
    grow: assign({ short: false }),
    make: assign({ pool: ({ context }) => (context.pool === 'added' ? 'filled' : 'empty') }),
    destroy: assign({ pool: 'none' }),
    /** The state stays: another has looked at it. */
    keep: assign({ out: ({ context }) => context.out }),
    take: assign({ out: true }),
    giveBack: assign({ out: false }),
  },
}).createMachine({
  id: 'atomic-pool-user',
  context: { pool: 'none', short: true, out: false },
  on: {
    init_begins: { actions: 'begin' },
    worker_looks: { guard: 'isTrue', actions: 'keep' },
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
          {
            guard: and(['served', not('beingMade'), or(['noPool', 'poolDoesNotSuit'])]),
            target: 'allocating.failed',
          },
          { guard: and(['served', not('beingMade')]), target: 'allocating' },
        ],
      },
    },
    allocating: {
      initial: 'asking',
      states: {
        asking: {
          on: {
            gen_pool_alloc: [
              { guard: and(['given', 'filled', not('outOfReach')]), target: 'measuring', actions: 'take' },
              { guard: and(['notGiven', or([not('filled'), 'outOfReach'])]), target: 'failed' },
            ],
          },
        },
        measuring: {
          on: {
            gen_pool_avail: [
              { guard: 'low', target: 'scheduling' },
              { guard: 'enough', target: 'encoding' },
            ],
          },
        },
        scheduling: { on: { schedule_work: 'encoding' } },
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
        looking: { on: { dma_free_from_pool: { target: 'returning', actions: 'giveBack' } } },
        returning: { on: { dma_free_attrs_ret: '#atomic-pool-user.idle' } },
      },
    },
  },
});

const driver = { actor: 'driver' } as const;
const ctx = { ctx: ['process', 'atomic'] };

export const alphabet = {
  init_begins: {
    kind: 'stimulus',
    actor: 'boot',
    symbol: 'dma_atomic_pool_init',
    doc: 'The pools are being made.',
  },
  worker_looks: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'gen_pool_avail',
    params: { low: [true, false] },
    doc: 'The worker looks whether less is left than the pool started with.',
  },
  gen_pool_avail: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'gen_pool_avail',
    params: { low: [true, false] },
    doc: 'Is less left than the pool started with?',
  },
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
          { guard: and(['served', not('beingMade')]), target: 'allocating' },
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
