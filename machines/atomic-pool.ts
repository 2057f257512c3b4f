/**
 * The atomic pool, as far as a transient pool takes from it and gives back to it. It is small on purpose: room
 * for one buffer, so that a second request meets an empty pool.
 *
 * From patch 5 on it knows the state of its memory, and is asked for shared memory by name.
 * Source: kernel/dma/pool.c (dma_alloc_from_pool, dma_free_from_pool).
 */
import { and, not, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event = { type: 'gen_pool_alloc'; attrs: 'CC_SHARED' | 'none'; ok: boolean } | { type: 'gen_pool_free' };

export const machine = setup({
  types: { events: {} as Event },
  guards: {
    /** Its memory is shared: it is given to those who ask for shared memory. */
    given: ({ event }) => event.type === 'gen_pool_alloc' && event.attrs === 'CC_SHARED' && event.ok,
    empty: ({ event }) => event.type === 'gen_pool_alloc' && event.attrs === 'CC_SHARED' && !event.ok,
    givenUnasked: ({ event }) => event.type === 'gen_pool_alloc' && event.attrs === 'none' && event.ok,
    emptyUnasked: ({ event }) => event.type === 'gen_pool_alloc' && event.attrs === 'none' && !event.ok,
    /** No address that says shared fits in the device's mask: nothing there is for it (`dma_coherent_ok()`). */
    outOfReach: () => false,
  },
}).createMachine({
  id: 'atomic-pool',
  initial: 'available',
  states: {
    available: {
      on: {
        gen_pool_alloc: [
          { guard: and(['given', not('outOfReach')]), target: 'lent' },
          { guard: and(['empty', 'outOfReach']), target: 'available' },
        ],
      },
    },
    lent: { on: { gen_pool_alloc: { guard: 'empty', target: 'lent' }, gen_pool_free: 'available' } },
  },
});

export const alphabet = {
  gen_pool_alloc: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'dma_alloc_from_pool',
    params: { attrs: ['CC_SHARED', 'none'], ok: [true, false] },
    doc: 'A buffer is asked for; there is one, or there is none.',
  },
  gen_pool_free: {
    kind: 'observation',
    actor: 'world',
    symbol: 'dma_free_from_pool',
    doc: 'The buffer comes back.',
  },
} as const satisfies MachineFile['alphabet'];

export const atomicPool: MachineFile = {
  name: 'atomic-pool',
  machine,
  alphabet,
  without: {
    5: [
      {
        state: 'available',
        event: 'gen_pool_alloc',
        to: [
          { guard: and(['givenUnasked', not('outOfReach')]), target: 'lent' },
          { guard: and(['emptyUnasked', 'outOfReach']), target: 'available' },
        ],
      },
      { state: 'lent', event: 'gen_pool_alloc', to: { guard: 'emptyUnasked', target: 'lent' } },
    ],
  },
  guards: (facts) => ({ outOfReach: () => facts.sharedTooHigh }),
};
