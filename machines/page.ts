/**
 * A page range of a bounce buffer: who owns it and what its encryption state is. Two of them make a buffer,
 * so that a conversion can stop between them.
 *
 * The name is given to a range when a pool takes it, and free again when the range is given back or lost.
 * Sources: kernel/dma/swiotlb.c (alloc_dma_pages, swiotlb_free_tlb), kernel/dma/pool.c,
 * arch/x86/mm/pat/set_memory.c and arch/x86/coco/tdx/tdx.c, arch/arm64/mm/pageattr.c.
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: {
    events: {} as { type: keyof typeof alphabet },
  },
  guards: {
    /** The page allocator has another block of this size: the name may pass on to it. */
    anotherLikeIt: () => true,
    /** While a conversion runs the entries of the linear map are invalid (Arm CCA). */
    entriesInvalidMeanwhile: () => false,
  },
}).createMachine({
  id: 'page',
  initial: 'elsewhere',
  states: {
    elsewhere: {
      description:
        'Nobody in this system holds it: it lies in the page allocator, or inside the atomic pool.',
      on: { alloc_pages: 'swiotlb.private', gen_pool_alloc: 'lent.shared' },
    },
    swiotlb: {
      description: 'Taken from the page allocator by a swiotlb pool.',
      initial: 'private',
      on: { free_pages: 'elsewhere', leak: 'leaked' },
      states: {
        private: {
          on: {
            decrypt_begin: 'uncertain',
            encrypt_begin: [{ guard: 'entriesInvalidMeanwhile', target: 'uncertain' }, { target: 'private' }],
            encrypt_host_call: 'private',
            encrypt_end: 'private',
          },
        },
        shared: {
          on: {
            encrypt_begin: [{ guard: 'entriesInvalidMeanwhile', target: 'uncertain' }, { target: 'shared' }],
            encrypt_host_call: 'uncertain',
          },
        },
        uncertain: {
          description:
            'Page table and host disagree, or the entry is invalid: a conversion is under way or has failed.',
          on: {
            decrypt_host_call: [
              { guard: 'entriesInvalidMeanwhile', target: 'uncertain' },
              { target: 'shared' },
            ],
            decrypt_end: 'shared',
            encrypt_begin: 'uncertain',
            encrypt_host_call: 'uncertain',
            encrypt_end: 'private',
          },
        },
      },
    },
    lent: {
      description:
        'Owned by the atomic pool, and lent to a swiotlb pool: to be given back, never converted or freed.',
      initial: 'shared',
      on: { gen_pool_free: 'elsewhere', free_pages: 'ownedTwice', leak: 'leaked' },
      states: {
        shared: {
          on: {
            encrypt_begin: [{ guard: 'entriesInvalidMeanwhile', target: 'uncertain' }, { target: 'shared' }],
            encrypt_host_call: 'uncertain',
          },
        },
        uncertain: {
          on: { encrypt_begin: 'uncertain', encrypt_host_call: 'uncertain', encrypt_end: 'private' },
        },
        private: {},
      },
    },
    leaked: {
      description: 'Owned by nobody for ever; the name may be given to another range.',
      on: { alloc_pages: { guard: 'anotherLikeIt', target: 'swiotlb.private' } },
    },
    ownedTwice: {
      description: 'In the free list of the page allocator while the atomic pool still owns it.',
    },
  },
});

export const alphabet = {
  alloc_pages: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'alloc_pages',
    doc: 'The page allocator hands it out.',
  },
  gen_pool_alloc: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'dma_alloc_from_pool',
    doc: 'The atomic pool lends it.',
  },
  gen_pool_free: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'dma_free_from_pool',
    doc: 'It goes back to the atomic pool.',
  },
  free_pages: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: '__free_pages',
    doc: 'It goes to the page allocator.',
  },
  leak: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'set_memory_encrypted',
    doc: 'It could not be encrypted again and is left alone.',
  },
  decrypt_begin: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_decrypted',
    doc: 'The page table is changed toward shared.',
  },
  decrypt_host_call: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_decrypted',
    doc: 'The host shares this range.',
  },
  decrypt_end: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_decrypted',
    doc: 'The entries are valid again.',
  },
  encrypt_begin: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_encrypted',
    doc: 'The conversion to private begins.',
  },
  encrypt_host_call: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_encrypted',
    doc: 'The host gives this range back, and it is accepted.',
  },
  encrypt_end: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_encrypted',
    doc: 'The page table says private.',
  },
} as const satisfies MachineFile['alphabet'];

export const page: MachineFile = {
  name: 'page',
  machine,
  alphabet,
  guards: (facts) => ({
    anotherLikeIt: () => facts.spareBlocks,
    entriesInvalidMeanwhile: () => facts.conversion === 'cca',
  }),
};
