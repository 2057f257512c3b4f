/**
 * Giving a dynamic buffer back (`swiotlb_free_tlb()`): first offered to the atomic pools by its address; if none
 * owns it, it is encrypted and freed, or left alone for ever when it cannot be encrypted.
 *
 * It is run by the worker of the `rcu_work`; at once, in the caller's context, when an allocation is unwound;
 * and, without patch 17, by the RCU callback in softirq, and by a mapper whose search of a new pool failed.
 * Source: kernel/dma/swiotlb.c (swiotlb_dyn_free, swiotlb_free_tlb, alloc_dma_pages).
 */
import { and, assign, setup } from 'xstate';
import { ACTORS, type Actor, type MachineFile } from './machine-file.ts';

type Event =
  | { type: 'kworker_start' | 'rcu_softirq' | 'softirq_exit' | 'search_failed' }
  | { type: 'slots_failed' | 'decrypt_failed' | 'set_memory_encrypted' | 'free_pages'; by: Actor }
  | { type: 'dma_free_from_pool'; by: Actor; owned: boolean }
  | { type: 'set_memory_encrypted_ret'; by: Actor; ret: 'ok' | 'failed' };

export const machine = setup({
  types: { context: {} as { by: Actor | 'nobody' }, events: {} as Event },
  guards: {
    /** Without DMA_COHERENT_POOL there is nobody to ask. */
    noCoherentPool: () => false,
    /** From patch 7 on a pool of private memory is not encrypted: there is nothing to undo. */
    neverShared: () => false,
    same: ({ context, event }) => 'by' in event && event.by === context.by,
    owned: ({ context, event }) =>
      event.type === 'dma_free_from_pool' && event.by === context.by && event.owned,
    notOwned: ({ context, event }) =>
      event.type === 'dma_free_from_pool' && event.by === context.by && !event.owned,
    encrypted: ({ context, event }) => 'ret' in event && event.by === context.by && event.ret === 'ok',
    notEncrypted: ({ context, event }) => 'ret' in event && event.by === context.by && event.ret === 'failed',
  },
  actions: {
    byCaller: assign({ by: ({ event, context }) => ('by' in event ? event.by : context.by) }),
    byWorker: assign({ by: 'worker' }),
    bySoftirq: assign({ by: 'softirq' }),
    byDriver: assign({ by: 'driver' }),
    over: assign({ by: 'nobody' }),
  },
}).createMachine({
  id: 'dynamic-free',
  context: { by: 'nobody' },
  initial: 'idle',
  states: {
    idle: {
      on: {
        kworker_start: [
          { guard: and(['noCoherentPool', 'neverShared']), target: 'free', actions: 'byWorker' },
          { guard: 'noCoherentPool', target: 'encrypt', actions: 'byWorker' },
          { target: 'lookup', actions: 'byWorker' },
        ],
        rcu_softirq: 'idle',
        softirq_exit: 'idle',
        search_failed: 'idle',
        slots_failed: [
          { guard: and(['noCoherentPool', 'neverShared']), target: 'free', actions: 'byCaller' },
          { guard: 'noCoherentPool', target: 'encrypt', actions: 'byCaller' },
          { target: 'lookup', actions: 'byCaller' },
        ],
        decrypt_failed: { target: 'encrypt', actions: 'byCaller' },
      },
    },
    lookup: {
      description: 'The address is offered to the atomic pools.',
      on: {
        dma_free_from_pool: [
          { guard: 'owned', target: 'idle', actions: 'over' },
          { guard: and(['notOwned', 'neverShared']), target: 'free' },
          { guard: 'notOwned', target: 'encrypt' },
        ],
      },
    },
    encrypt: { on: { set_memory_encrypted: { guard: 'same', target: 'encrypting' } } },
    encrypting: {
      on: {
        set_memory_encrypted_ret: [
          { guard: 'encrypted', target: 'free' },
          { guard: 'notEncrypted', target: 'idle', actions: 'over' },
        ],
      },
    },
    free: { on: { free_pages: { guard: 'same', target: 'idle', actions: 'over' } } },
  },
});

const by = { by: ACTORS };
const caller = { actor: { param: 'by' } } as const;

export const alphabet = {
  kworker_start: {
    kind: 'stimulus',
    actor: { param: 'by' },
    symbol: 'process_one_work',
    doc: 'The worker begins to free the pool.',
  },
  rcu_softirq: {
    kind: 'stimulus',
    actor: 'softirq',
    symbol: 'rcu_core',
    doc: 'The RCU callback of the pool is run.',
  },
  softirq_exit: {
    kind: 'observation',
    actor: 'softirq',
    symbol: 'handle_softirqs',
    doc: 'The softirq ends; a free that it began is over.',
  },
  search_failed: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'swiotlb_find_slots',
    doc: 'No slot of the new pool fits.',
  },
  slots_failed: {
    kind: 'choice',
    ...caller,
    symbol: 'swiotlb_alloc_pool',
    params: by,
    doc: 'No memory for the slot array: the buffer is given back at once.',
  },
  decrypt_failed: {
    kind: 'observation',
    ...caller,
    symbol: 'alloc_dma_pages',
    params: by,
    doc: 'The buffer could not be shared: it is encrypted again and freed.',
  },
  dma_free_from_pool: {
    kind: 'observation',
    ...caller,
    symbol: 'dma_free_from_pool',
    params: { ...by, owned: [true, false] },
    doc: 'The atomic pools are asked whether the address is theirs.',
  },
  set_memory_encrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: by,
    doc: 'The buffer is to be made private again.',
  },
  set_memory_encrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: { ...by, ret: ['ok', 'failed'] },
    doc: 'It is, or it is left alone.',
  },
  free_pages: {
    kind: 'observation',
    ...caller,
    symbol: '__free_pages',
    params: by,
    doc: 'The buffer goes to the page allocator.',
  },
} as const satisfies MachineFile['alphabet'];

export const dynamicFree: MachineFile = {
  name: 'dynamic-free',
  machine,
  alphabet,
  without: {
    17: [
      { state: 'idle', event: 'kworker_start', to: null },
      {
        state: 'idle',
        event: 'rcu_softirq',
        to: [
          { guard: and(['noCoherentPool', 'neverShared']), target: 'free', actions: 'bySoftirq' },
          { guard: 'noCoherentPool', target: 'encrypt', actions: 'bySoftirq' },
          { target: 'lookup', actions: 'bySoftirq' },
        ],
      },
      {
        state: 'idle',
        event: 'search_failed',
        to: [
          { guard: and(['noCoherentPool', 'neverShared']), target: 'free', actions: 'byDriver' },
          { guard: 'noCoherentPool', target: 'encrypt', actions: 'byDriver' },
          { target: 'lookup', actions: 'byDriver' },
        ],
      },
    ],
  },
  guards: (facts) => ({
    noCoherentPool: () => !facts.coherentPool,
    neverShared: () => !facts.sharedPools,
  }),
};
