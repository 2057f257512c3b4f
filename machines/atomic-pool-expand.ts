/**
 * `atomic_pool_expand()`: memory for an atomic pool, once when the pool is made at boot and later by the worker
 * that grows it. Pages from CMA or the page allocator, an alias with DMA_DIRECT_REMAP, the conversion, the chunk;
 * and the way back when one of them fails. Pages whose state nobody knows are left alone.
 *
 * `ret`: what it is going to say.
 * Source: kernel/dma/pool.c (__dma_atomic_pool_init, atomic_pool_expand, atomic_pool_resize).
 */
import { and, assign, not, setup } from 'xstate';
import { alphabet } from './atomic-pool-expand.alphabet.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_atomic_pool_init' | 'kworker_start' | 'work_done' | 'vunmap' | 'free_pages' }
  | { type: 'set_memory_decrypted' | 'set_memory_encrypted' }
  | { type: 'gen_pool_avail'; low: boolean }
  | { type: 'gen_pool_create' | 'cma_alloc' | 'alloc_pages' | 'vmap' | 'gen_pool_add_virt'; ok: boolean }
  | {
      type: 'set_memory_decrypted_ret' | 'set_memory_encrypted_ret' | 'dma_atomic_pool_init_ret';
      ret: 'ok' | 'failed';
    };

export const machine = setup({
  types: { context: {} as { ret: 'ok' | 'failed' }, events: {} as Event },
  guards: {
    /** CONFIG_DMA_COHERENT_POOL. */
    configured: () => true,
    /** CONFIG_DMA_DIRECT_REMAP: the pool is reached by an alias. */
    remap: () => false,
    /** Nothing is encrypted here: the pool is made of private memory (patch 5). */
    staysPrivate: () => false,
    low: ({ event }) => event.type === 'gen_pool_avail' && event.low,
    enough: ({ event }) => event.type === 'gen_pool_avail' && !event.low,
    ok: ({ event }) => ('ok' in event && event.ok) || ('ret' in event && event.ret === 'ok'),
    fails: ({ event }) => ('ok' in event && !event.ok) || ('ret' in event && event.ret === 'failed'),
    told: ({ context, event }) => 'ret' in event && event.ret === context.ret,
  },
  actions: {
    succeeded: assign({ ret: 'ok' }),
    errorOverwritten: assign({ ret: 'ok' }),
    over: assign({ ret: 'failed' }),
  },
}).createMachine({
  id: 'atomic-pool-expand',
  context: { ret: 'failed' },
  initial: 'idle',
  states: {
    idle: {
      on: {
        dma_atomic_pool_init: { guard: 'configured', target: 'creating' },
        kworker_start: 'measuring',
      },
    },
    measuring: {
      description: 'Something may have been given back since the work was asked for.',
      on: {
        gen_pool_avail: [
          { guard: 'low', target: 'cma' },
          { guard: 'enough', target: 'over' },
        ],
      },
    },
    creating: {
      on: {
        gen_pool_create: [
          { guard: 'ok', target: 'cma' },
          { guard: 'fails', target: 'over' },
        ],
      },
    },
    cma: {
      on: {
        cma_alloc: [
          { guard: and(['ok', 'remap']), target: 'alias' },
          { guard: and(['ok', 'staysPrivate']), target: 'add' },
          { guard: 'ok', target: 'decrypt' },
          { guard: 'fails', target: 'pages' },
        ],
      },
    },
    pages: {
      on: {
        alloc_pages: [
          { guard: and(['ok', 'remap']), target: 'alias' },
          { guard: and(['ok', 'staysPrivate']), target: 'add' },
          { guard: 'ok', target: 'decrypt' },
          { guard: 'fails', target: 'over' },
        ],
      },
    },
    alias: {
      on: {
        vmap: [
          { guard: and(['ok', 'staysPrivate']), target: 'add' },
          { guard: 'ok', target: 'decrypt' },
          { guard: 'fails', target: 'freeing' },
        ],
      },
    },
    decrypt: { on: { set_memory_decrypted: 'decrypting' } },
    decrypting: {
      on: {
        set_memory_decrypted_ret: [
          { guard: 'ok', target: 'add' },
          { guard: and(['fails', 'remap']), target: 'unmappingOnly' },
          { guard: 'fails', target: 'over' },
        ],
      },
    },
    add: {
      on: {
        gen_pool_add_virt: [
          { guard: 'ok', target: 'over', actions: 'succeeded' },
          { guard: and(['fails', not('staysPrivate')]), target: 'encrypt' },
          { guard: and(['fails', 'remap']), target: 'unmapping' },
          { guard: 'fails', target: 'freeing' },
        ],
      },
    },
    encrypt: { on: { set_memory_encrypted: 'encrypting' } },
    encrypting: {
      on: {
        set_memory_encrypted_ret: [
          { guard: and(['ok', 'remap']), target: 'unmapping' },
          { guard: 'ok', target: 'freeing' },
          { guard: and(['fails', 'remap']), target: 'unmappingOnly' },
          { guard: 'fails', target: 'over' },
        ],
      },
    },
    unmapping: { on: { vunmap: 'freeing' } },
    freeing: { on: { free_pages: 'over' } },
    unmappingOnly: {
      description: 'The alias goes; the pages, whose state nobody knows, are left alone.',
      on: { vunmap: 'over' },
    },
    over: {
      on: {
        dma_atomic_pool_init_ret: { guard: 'told', target: 'settled' },
        work_done: { target: 'idle', actions: 'over' },
      },
    },
    settled: { description: 'The initialisation runs once.' },
  },
});

/** What follows the pages where an alias comes first, and the conversion always. */
const converted = (refused: string) => [
  { guard: and(['ok', 'remap']), target: 'alias' },
  { guard: 'ok', target: 'decrypt' },
  { guard: 'fails', target: refused },
];

export const atomicPoolExpand: MachineFile = {
  name: 'atomic-pool-expand',
  machine,
  alphabet,
  without: {
    5: [
      { state: 'cma', event: 'cma_alloc', to: converted('pages') },
      { state: 'pages', event: 'alloc_pages', to: converted('over') },
      {
        state: 'alias',
        event: 'vmap',
        to: [
          { guard: 'ok', target: 'decrypt' },
          { guard: 'fails', target: 'freeing' },
        ],
      },
      {
        state: 'decrypting',
        event: 'set_memory_decrypted_ret',
        to: [
          { guard: 'ok', target: 'add' },
          { guard: and(['fails', 'remap']), target: 'unmapping' },
          { guard: 'fails', target: 'over' },
        ],
      },
      {
        state: 'add',
        event: 'gen_pool_add_virt',
        to: [
          { guard: 'ok', target: 'over', actions: 'succeeded' },
          { guard: 'fails', target: 'encrypt' },
        ],
      },
      {
        // Its result takes the place of the error; the alias stays when it fails.
        state: 'encrypting',
        event: 'set_memory_encrypted_ret',
        to: [
          { guard: and(['ok', 'remap']), target: 'unmapping', actions: 'errorOverwritten' },
          { guard: 'ok', target: 'freeing', actions: 'errorOverwritten' },
          { guard: 'fails', target: 'over' },
        ],
      },
    ],
    13: [
      // Only the code for DMA_DIRECT_REMAP frees them.
      { state: 'freeing', event: 'free_pages', to: { guard: 'remap', target: 'over' } },
      {
        state: 'freeing',
        event: 'dma_atomic_pool_init_ret',
        to: { guard: and(['told', not('remap')]), target: 'settled' },
      },
      {
        state: 'freeing',
        event: 'work_done',
        to: { guard: not('remap'), target: 'idle', actions: 'over' },
      },
    ],
  },
  guards: (facts) => ({
    configured: () => facts.coherentPool,
    remap: () => facts.remap,
    staysPrivate: () => !facts.memEncrypt,
  }),
};
