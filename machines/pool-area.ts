/**
 * How much of a pool is in use, counted in mappings. It has room for three, one by one or all at once.
 * Source: kernel/dma/swiotlb.c (io_tlb_area.used under the lock of the area).
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'pool-area',
  initial: 'none',
  states: {
    none: { description: 'Nothing is used.', on: { taken: 'one' } },
    one: { on: { taken: 'two', released: 'none' } },
    two: { on: { taken: 'three', released: 'one' } },
    three: { description: 'The pool is full.', on: { released: 'two' } },
  },
});

export const alphabet = {
  taken: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'swiotlb_search_pool_area',
    doc: 'A slot is taken.',
  },
  released: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'swiotlb_release_slots',
    doc: 'A slot is given back.',
  },
} as const satisfies MachineFile['alphabet'];

export const poolArea: MachineFile = { name: 'pool-area', machine, alphabet };
