/**
 * `swiotlb_alloc_pool()`: descriptor, buffer, slot array, with every failure and its unwinding. A mapper calls
 * it with GFP_NOWAIT for a transient pool, the growth worker with GFP_KERNEL for a dynamic one.
 *
 * Where the buffer comes from: a request that cannot block asks the atomic pools when it wants shared memory
 * (from patch 7: when the memory pool is shared; before: when the device is forced), which is a refusal
 * without DMA_COHERENT_POOL; any other asks the page allocator and converts, from patch 7 on only where shared
 * memory is wanted.
 * Source: kernel/dma/swiotlb.c (swiotlb_alloc_pool, swiotlb_alloc_tlb, alloc_dma_pages).
 */
import { and, not, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'begin' | 'taken' }
  | { type: 'kzalloc' | 'alloc_pages' | 'get_free_pages'; ok: boolean }
  | { type: 'gen_pool_alloc'; attrs: 'CC_SHARED' | 'none'; ok: boolean }
  | { type: 'set_memory_decrypted' | 'unwound' }
  | { type: 'set_memory_decrypted_ret'; ret: 'ok' | 'failed' };

export const machine = setup({
  types: { context: {} as { mayBlock: boolean }, events: {} as Event, input: {} as { mayBlock: boolean } },
  guards: {
    ok: ({ event }) => 'ok' in event && event.ok,
    fails: ({ event }) => 'ok' in event && !event.ok,
    sharedGiven: ({ event }) => event.type === 'gen_pool_alloc' && event.attrs === 'CC_SHARED' && event.ok,
    sharedRefused: ({ event }) => event.type === 'gen_pool_alloc' && event.attrs === 'CC_SHARED' && !event.ok,
    anyGiven: ({ event }) => event.type === 'gen_pool_alloc' && event.attrs === 'none' && event.ok,
    anyRefused: ({ event }) => event.type === 'gen_pool_alloc' && event.attrs === 'none' && !event.ok,
    mayBlock: ({ context }) => context.mayBlock,
    /** Shared memory is wanted, which must not be made where one cannot sleep. */
    wantsShared: () => true,
    /** The same question before patch 7: whether the device is forced. */
    deviceIsForced: () => true,
    noCoherentPool: () => false,
    decrypted: ({ event }) => 'ret' in event && event.ret === 'ok',
    notDecrypted: ({ event }) => 'ret' in event && event.ret === 'failed',
  },
}).createMachine({
  id: 'pool-allocation',
  context: ({ input }) => ({ mayBlock: input.mayBlock }),
  initial: 'idle',
  states: {
    idle: {
      // A caller may still have to give back a pool that it has taken.
      on: { begin: 'descriptor', unwound: 'idle' },
    },
    descriptor: {
      on: {
        kzalloc: [
          { guard: 'fails', target: 'idle' },
          { guard: 'mayBlock', target: 'pages' },
          { guard: and(['wantsShared', 'noCoherentPool']), target: 'idle' },
          { guard: 'wantsShared', target: 'atomicPool' },
          { guard: 'ok', target: 'pages' },
        ],
      },
    },
    atomicPool: {
      description: 'Asked by name for shared memory.',
      on: {
        gen_pool_alloc: [
          { guard: 'sharedGiven', target: 'slots' },
          { guard: 'sharedRefused', target: 'idle' },
        ],
      },
    },
    pages: {
      on: {
        alloc_pages: [
          { guard: and(['ok', not('wantsShared')]), target: 'slots' },
          { guard: 'ok', target: 'decrypt' },
          { guard: 'fails', target: 'idle' },
        ],
      },
    },
    decrypt: { on: { set_memory_decrypted: 'decrypting' } },
    decrypting: {
      on: {
        set_memory_decrypted_ret: [
          { guard: 'decrypted', target: 'slots' },
          { guard: 'notDecrypted', target: 'unwinding' },
        ],
      },
    },
    slots: {
      on: {
        get_free_pages: [
          { guard: 'ok', target: 'built' },
          { guard: 'fails', target: 'unwinding' },
        ],
      },
    },
    unwinding: {
      description: 'The buffer is given back, in the context of the caller.',
      on: { unwound: 'idle' },
    },
    built: { on: { taken: 'idle' } },
  },
});

const caller = { actor: { param: 'by' } } as const;
const ok = { ok: [true, false] };

export const alphabet = {
  begin: { kind: 'observation', ...caller, symbol: 'swiotlb_alloc_pool', doc: 'A new pool is to be made.' },
  kzalloc: { kind: 'choice', ...caller, symbol: 'kzalloc', params: ok, doc: 'Memory for the descriptor.' },
  gen_pool_alloc: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'dma_alloc_from_pool',
    params: { attrs: ['CC_SHARED', 'none'], ...ok },
    doc: 'The atomic pools are asked for the buffer.',
  },
  alloc_pages: {
    kind: 'choice',
    ...caller,
    symbol: 'alloc_pages',
    params: ok,
    doc: 'The page allocator is asked for the buffer.',
  },
  set_memory_decrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    doc: 'The buffer is to be shared.',
  },
  set_memory_decrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: { ret: ['ok', 'failed'] },
    doc: 'It is, or it is not.',
  },
  get_free_pages: {
    kind: 'choice',
    ...caller,
    symbol: '__get_free_pages',
    params: ok,
    doc: 'Memory for the slot array.',
  },
  unwound: {
    kind: 'observation',
    ...caller,
    symbol: 'swiotlb_free_tlb',
    doc: 'The buffer is given back, or left alone.',
  },
  taken: {
    kind: 'observation',
    ...caller,
    symbol: 'swiotlb_alloc_pool',
    doc: 'The caller goes on with the new pool.',
  },
} as const satisfies MachineFile['alphabet'];

export const poolAllocation: MachineFile = {
  name: 'pool-allocation',
  machine,
  alphabet,
  without: {
    5: [
      {
        state: 'atomicPool',
        event: 'gen_pool_alloc',
        to: [
          { guard: 'anyGiven', target: 'slots' },
          { guard: 'anyRefused', target: 'idle' },
        ],
      },
    ],
    7: [
      {
        state: 'descriptor',
        event: 'kzalloc',
        to: [
          { guard: 'fails', target: 'idle' },
          { guard: 'mayBlock', target: 'pages' },
          { guard: and(['deviceIsForced', 'noCoherentPool']), target: 'idle' },
          { guard: 'deviceIsForced', target: 'atomicPool' },
          { guard: 'ok', target: 'pages' },
        ],
      },
      {
        state: 'pages',
        event: 'alloc_pages',
        to: [
          { guard: 'ok', target: 'decrypt' },
          { guard: 'fails', target: 'idle' },
        ],
      },
    ],
  },
  guards: (facts) => ({
    wantsShared: () => facts.memEncrypt,
    deviceIsForced: () => facts.forced,
    noCoherentPool: () => !facts.coherentPool,
  }),
};
