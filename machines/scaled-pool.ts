/**
 * One of many pools: how many of its slots are used. A search finds room exactly where there is some.
 * Source: kernel/dma/swiotlb.c (swiotlb_search_pool_area, swiotlb_release_slots).
 */
import { assign, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: {
    context: {} as { used: number; slots: number },
    input: {} as { slots: number },
    events: {} as { type: keyof typeof alphabet },
  },
  guards: {
    hasRoom: ({ context }) => context.used < context.slots,
    inUse: ({ context }) => context.used > 0,
    full: ({ context }) => context.used === context.slots,
  },
  actions: {
    take: assign({ used: ({ context }) => context.used + 1 }),
    give: assign({ used: ({ context }) => context.used - 1 }),
  },
}).createMachine({
  id: 'scaled-pool',
  context: ({ input }) => ({ used: 0, slots: input.slots }),
  initial: 'there',
  states: {
    there: {
      on: {
        taken: { guard: 'hasRoom', target: 'there', actions: 'take' },
        missed: { guard: 'full', target: 'there' },
        released: { guard: 'inUse', target: 'there', actions: 'give' },
      },
    },
  },
});

const step = (symbol: string, doc: string) =>
  ({ kind: 'observation', actor: 'mapper', symbol, doc }) as const;

export const alphabet = {
  taken: step('swiotlb_search_pool_area', 'A slot is found and taken.'),
  missed: step('swiotlb_search_pool_area', 'There is no free slot.'),
  released: step('swiotlb_release_slots', 'A slot is given back.'),
} as const satisfies MachineFile['alphabet'];

export const scaledPool: MachineFile = { name: 'scaled-pool', machine, alphabet };
