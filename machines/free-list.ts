/**
 * The free list of the page allocator, as far as pages are put there that a pool still owns: whoever is given
 * them next has them together with the pool.
 * Source: mm/page_alloc.c (__free_pages).
 */
import { setup } from 'xstate';
import { MEMORY, pick } from './allocation-alphabet.ts';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: 'free_pages'; buf: 'own' | 'pool' } },
  guards: { ofPool: ({ event }) => event.buf === 'pool' },
}).createMachine({
  id: 'free-list',
  initial: 'own',
  states: {
    own: { on: { free_pages: { guard: 'ofPool', target: 'ofPoolToo' } } },
    ofPoolToo: { description: 'Pages are in it that a pool owns.' },
  },
});

export const alphabet = pick(MEMORY, 'free_pages') satisfies MachineFile['alphabet'];

export const freeList: MachineFile = { name: 'free-list', machine, alphabet };
