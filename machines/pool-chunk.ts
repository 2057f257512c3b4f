/**
 * The memory of one chunk of an atomic pool: whose it is, where it came from, and whether it has an alias.
 *
 * `doubtful`: a conversion of it failed, so that it may only be left alone. A chunk of a pool is there for ever.
 * Sources: kernel/dma/pool.c (atomic_pool_expand), mm/cma.c, mm/page_alloc.c.
 */
import { assign, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event = { type: keyof typeof alphabet };
interface Context {
  source: 'none' | 'cma' | 'allocator';
  alias: boolean;
  doubtful: boolean;
}

export const machine = setup({
  types: { context: {} as Context, events: {} as Event },
  guards: { fromCma: ({ context }) => context.source === 'cma' },
  actions: {
    fromCma: assign({ source: 'cma', alias: false, doubtful: false }),
    fromAllocator: assign({ source: 'allocator', alias: false, doubtful: false }),
    hasAlias: assign({ alias: true }),
    noAlias: assign({ alias: false }),
    isDoubtful: assign({ doubtful: true }),
    forget: assign({ source: 'none', alias: false, doubtful: false }),
  },
}).createMachine({
  id: 'pool-chunk',
  context: { source: 'none', alias: false, doubtful: false },
  initial: 'elsewhere',
  states: {
    elsewhere: {
      on: {
        cma_alloc: { target: 'inHand', actions: 'fromCma' },
        alloc_pages: { target: 'inHand', actions: 'fromAllocator' },
        over: 'elsewhere',
      },
    },
    inHand: {
      on: {
        vmap: { target: 'inHand', actions: 'hasAlias' },
        vunmap: { target: 'inHand', actions: 'noAlias' },
        conversion_failed: { target: 'inHand', actions: 'isDoubtful' },
        gen_pool_add_virt: 'inPool',
        free_pages: [
          { guard: 'fromCma', target: 'misplaced' },
          { target: 'elsewhere', actions: 'forget' },
        ],
        over: 'left',
      },
    },
    inPool: { on: { over: 'inPool' } },
    left: {
      description: 'Nobody has it any more; the name may be given to other pages.',
      on: {
        cma_alloc: { target: 'inHand', actions: 'fromCma' },
        alloc_pages: { target: 'inHand', actions: 'fromAllocator' },
        over: 'left',
      },
    },
    misplaced: {
      description: 'In the free lists of the page allocator, while CMA takes it to be in use.',
      on: {
        cma_alloc: { target: 'inHand', actions: 'fromCma' },
        alloc_pages: { target: 'inHand', actions: 'fromAllocator' },
        over: 'misplaced',
      },
    },
  },
});

const step = { actor: { param: 'by' } } as const;

export const alphabet = {
  cma_alloc: { kind: 'choice', ...step, symbol: 'cma_alloc', doc: 'CMA hands it out.' },
  alloc_pages: { kind: 'choice', ...step, symbol: 'alloc_pages', doc: 'The page allocator hands it out.' },
  vmap: { kind: 'choice', ...step, symbol: 'vmap', doc: 'It gets an alias.' },
  vunmap: { kind: 'observation', ...step, symbol: 'vunmap', doc: 'The alias goes.' },
  conversion_failed: {
    kind: 'observation',
    ...step,
    symbol: 'set_memory_decrypted',
    doc: 'Nobody knows its state any more.',
  },
  gen_pool_add_virt: {
    kind: 'choice',
    ...step,
    symbol: 'gen_pool_add_virt',
    doc: 'It becomes a chunk of the pool.',
  },
  free_pages: { kind: 'observation', ...step, symbol: '__free_pages', doc: 'It goes to the page allocator.' },
  over: {
    kind: 'observation',
    ...step,
    symbol: 'atomic_pool_expand',
    doc: 'Whoever had it in hand is done.',
  },
} as const satisfies MachineFile['alphabet'];

export const poolChunk: MachineFile = { name: 'pool-chunk', machine, alphabet };
