/**
 * Who has a block of memory of the page allocator or of CMA: given to the driver, given back, or left alone for
 * ever because nobody knows its state.
 * Sources: mm/page_alloc.c, mm/cma.c, kernel/dma/contiguous.c (dma_free_contiguous).
 */
import { not, setup } from 'xstate';
import { type Buf, MEMORY, pick } from './allocation-alphabet.ts';
import { ANSWERS } from './allocation-guards.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'cma_alloc'; page: 'lowmem' | 'highmem' | 'none' }
  | { type: 'alloc_pages'; ok: boolean }
  | { type: 'cma_release' | 'leak' }
  | { type: 'free_pages'; buf: Buf };

export const machine = setup({
  types: { events: {} as Event },
  guards: ANSWERS,
}).createMachine({
  id: 'memory-block',
  initial: 'elsewhere',
  states: {
    elsewhere: {
      on: {
        alloc_pages: { guard: 'ok', target: 'pages' },
        cma_alloc: { guard: not('noCma'), target: 'cma' },
      },
    },
    pages: { description: 'From the page allocator.', on: { free_pages: 'elsewhere', leak: 'leaked' } },
    cma: {
      description: 'From the contiguous memory allocator, which is asked first when it is freed.',
      on: { cma_release: 'elsewhere', leak: 'leaked' },
    },
    leaked: {
      description: "Nobody's for ever; the name may be given to another block.",
      on: {
        alloc_pages: { guard: 'ok', target: 'pages' },
        cma_alloc: { guard: not('noCma'), target: 'cma' },
      },
    },
  },
});

export const alphabet = {
  ...pick(MEMORY, 'cma_alloc', 'cma_release', 'alloc_pages', 'free_pages'),
  leak: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'set_memory_encrypted',
    doc: 'A conversion failed, and it is left alone.',
  },
} satisfies MachineFile['alphabet'];

export const memoryBlock: MachineFile = { name: 'memory-block', machine, alphabet };
