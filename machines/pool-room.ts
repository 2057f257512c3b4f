/**
 * A pool that has room for one: whoever finds it free has it, and the next search finds nothing. What is never
 * released is lost to the pool.
 * Source: kernel/dma/swiotlb.c (swiotlb_search_pool_area, swiotlb_release_slots).
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'pool-room',
  initial: 'free',
  states: {
    free: { on: { taken_by_driver: 'allocated', taken_by_other: 'mapped' } },
    allocated: { on: { missed: 'allocated', released_by_driver: 'free', leaked: 'lost' } },
    mapped: { on: { missed: 'mapped', released_by_other: 'free' } },
    lost: { description: 'Its state is uncertain, and nobody has it.', on: { missed: 'lost' } },
  },
});

const step = (symbol: string, doc: string) =>
  ({ kind: 'observation', actor: 'driver', symbol, doc }) as const;

export const alphabet = {
  taken_by_driver: step('swiotlb_search_pool_area', 'An allocation takes it.'),
  taken_by_other: step('swiotlb_search_pool_area', 'A mapping takes it.'),
  missed: step('swiotlb_search_pool_area', 'It is not free.'),
  released_by_driver: step('swiotlb_release_slots', 'An allocation gives it back.'),
  released_by_other: step('swiotlb_release_slots', 'A mapping gives it back.'),
  leaked: step('set_memory_encrypted', 'It is left alone.'),
} as const satisfies MachineFile['alphabet'];

export const poolRoom: MachineFile = { name: 'pool-room', machine, alphabet };
