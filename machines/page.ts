/**
 * A page range of a bounce buffer: who owns it and what its encryption state is. Two of them make a buffer,
 * so that a conversion can stop between them.
 *
 * The name is given to a range when a pool takes it, and free again when the range is given back or lost.
 * Sources: kernel/dma/swiotlb.c (alloc_dma_pages, swiotlb_free_tlb), kernel/dma/pool.c, and those of `conversion.ts`.
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
    /** While a conversion runs the entries are not present, with the new encoding (Hyper-V vTOM). */
    notPresentMeanwhile: () => false,
    /** The beginning of a conversion to shared changes nothing yet (AMD). */
    beginChangesNothing: () => false,
    /** To shared, the host is told before the page table is changed; to private, after it (SEV-SNP). */
    hostFirstToShared: () => false,
    /** The call to the host is all there is (pKVM, s390, powerpc). */
    callIsAll: () => false,
    /** The caller is told that all is well although the host refused: it frees what is still shared (powerpc). */
    refusalIsNotTold: () => false,
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
    elsewhereShared: {
      description: 'In the page allocator, which does not know that the host still has it.',
      on: { alloc_pages: 'swiotlb.shared' },
    },
    swiotlb: {
      description: 'Taken from the page allocator by a swiotlb pool.',
      initial: 'private',
      on: { free_pages: 'elsewhere', leak: 'leaked', forget: 'forgotten' },
      states: {
        private: {
          on: {
            not_reached: 'private',
            decrypt_begin: [
              { guard: 'notPresentMeanwhile', target: 'notPresent.hostPrivate' },
              { guard: 'beginChangesNothing', target: 'private' },
              { target: 'uncertain' },
            ],
            decrypt_range: 'shared',
            decrypt_host_call: [{ guard: 'hostFirstToShared', target: 'uncertain' }, { target: 'shared' }],
            encrypt_begin: [
              { guard: 'notPresentMeanwhile', target: 'notPresent.hostPrivate' },
              { guard: 'entriesInvalidMeanwhile', target: 'uncertain' },
              { target: 'private' },
            ],
            encrypt_range: 'private',
            encrypt_host_call: 'private',
            encrypt_end: 'private',
          },
        },
        shared: {
          on: {
            reached: 'shared',
            free_pages: [
              { guard: 'refusalIsNotTold', target: '#page.elsewhereShared' },
              { target: '#page.elsewhere' },
            ],
            // A region is converted once more when its first conversion failed, or raced with another.
            decrypt_begin: [{ guard: 'entriesInvalidMeanwhile', target: 'uncertain' }, { target: 'shared' }],
            decrypt_host_call: 'shared',
            decrypt_end: 'shared',
            encrypt_begin: [
              { guard: 'notPresentMeanwhile', target: 'notPresent.hostShared' },
              { guard: 'entriesInvalidMeanwhile', target: 'uncertain' },
              { guard: 'hostFirstToShared', target: 'uncertain' },
              { target: 'shared' },
            ],
            encrypt_range: 'private',
            encrypt_host_call: [{ guard: 'callIsAll', target: 'private' }, { target: 'uncertain' }],
          },
        },
        uncertain: {
          description:
            'Page table and host disagree, or the entry is invalid: a conversion is under way or has failed.',
          on: {
            decrypt_begin: 'uncertain',
            decrypt_host_call: [
              { guard: 'entriesInvalidMeanwhile', target: 'uncertain' },
              { target: 'shared' },
            ],
            decrypt_end: 'shared',
            encrypt_begin: [
              // Only a conversion to shared that failed is undone, and then the host was not told of this range.
              { guard: 'notPresentMeanwhile', target: 'notPresent.hostPrivate' },
              { target: 'uncertain' },
            ],
            encrypt_host_call: [{ guard: 'hostFirstToShared', target: 'private' }, { target: 'uncertain' }],
            encrypt_end: 'private',
          },
        },
        notPresent: {
          description: 'The entry is not present while the host is told (Hyper-V vTOM).',
          initial: 'hostPrivate',
          states: {
            hostPrivate: {
              on: {
                decrypt_host_call: 'hostShared',
                decrypt_end: '#page.swiotlb.uncertain',
                encrypt_host_call: 'hostPrivate',
                encrypt_end: '#page.swiotlb.private',
              },
            },
            hostShared: {
              on: {
                decrypt_end: '#page.swiotlb.shared',
                encrypt_host_call: 'hostPrivate',
                encrypt_end: '#page.swiotlb.uncertain',
              },
            },
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
            encrypt_host_call: [{ guard: 'callIsAll', target: 'private' }, { target: 'uncertain' }],
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
    forgotten: {
      description: 'Left behind although its state was certain; the name may be given to another range.',
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
  forget: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: '__free_pages',
    doc: 'Nobody has it any more, and nobody gave it back.',
  },
  reached: {
    kind: 'stimulus',
    actor: 'device',
    symbol: '(bus)',
    doc: 'A device that reaches shared memory only reaches it.',
  },
  not_reached: {
    kind: 'stimulus',
    actor: 'device',
    symbol: '(bus)',
    doc: 'A device that reaches shared memory only tries to, and nothing arrives.',
  },
  decrypt_begin: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_decrypted',
    doc: 'The page table is changed toward shared.',
  },
  decrypt_range: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_decrypted',
    doc: 'Its entry in the page table says shared, and that is all.',
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
  encrypt_range: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'set_memory_encrypted',
    doc: 'Its entry in the page table says private, and that is all.',
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
  guards: ({ spareBlocks, conversion: protocol }) => ({
    anotherLikeIt: () => spareBlocks,
    entriesInvalidMeanwhile: () => protocol === 'cca',
    notPresentMeanwhile: () => protocol === 'vtom',
    beginChangesNothing: () => ['sev', 'snp', 'sme'].includes(protocol),
    hostFirstToShared: () => protocol === 'snp',
    callIsAll: () => ['pkvm', 's390', 'powerpc'].includes(protocol),
    refusalIsNotTold: () => protocol === 'powerpc',
  }),
};
