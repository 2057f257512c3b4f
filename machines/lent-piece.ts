/**
 * The one piece that is left of a pool whose memory is ready made: an atomic pool, or a restricted swiotlb pool.
 * It is lent out and has to come back; its pages are never the page allocator's. A second request meets an empty
 * pool.
 *
 * From patch 5 on the atomic pool knows the state of its memory, and serves only those who want that state.
 * Sources: kernel/dma/pool.c (dma_alloc_from_pool, dma_free_from_pool), kernel/dma/swiotlb.c (swiotlb_alloc,
 * swiotlb_free).
 */
import { and, not, setup } from 'xstate';
import { MEMORY, pick } from './allocation-alphabet.ts';
import { ANSWERS } from './allocation-guards.ts';
import { addressable } from './facts.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'gen_pool_alloc'; attrs: 'CC_SHARED' | 'none'; ok: boolean }
  | { type: 'dma_free_from_pool'; owned: boolean }
  | { type: 'swiotlb_search_pool_area'; found: boolean }
  | { type: 'swiotlb_release_slots' | 'leak' };

export const machine = setup({
  types: { events: {} as Event },
  guards: {
    ...ANSWERS,
    /** What the pool records of its memory. */
    unencrypted: () => true,
    /** The device can address it; behind an IOMMU nobody asks. */
    reachable: () => true,
  },
}).createMachine({
  id: 'lent-piece',
  initial: 'available',
  states: {
    available: {
      on: {
        gen_pool_alloc: [
          { guard: and(['ok', 'reachable', 'unencrypted', 'wantsShared']), target: 'lent' },
          { guard: and(['ok', 'reachable', not('unencrypted'), 'wantsAny']), target: 'lent' },
          {
            guard: and(['fails', not('reachable')]),
            target: 'available',
            description: 'The device cannot address it.',
          },
          {
            guard: and(['fails', not('unencrypted'), 'wantsShared']),
            target: 'available',
            description: 'The memory of the atomic pools has the other state.',
          },
          {
            guard: and(['fails', 'unencrypted', 'wantsAny']),
            target: 'available',
            description: 'The memory of the atomic pools has the other state.',
          },
        ],
        swiotlb_search_pool_area: { guard: 'found', target: 'lent' },
      },
    },
    lent: {
      on: {
        gen_pool_alloc: { guard: 'fails', target: 'lent' },
        dma_free_from_pool: { guard: 'owned', target: 'available' },
        swiotlb_search_pool_area: { guard: 'notFound', target: 'lent' },
        swiotlb_release_slots: 'available',
        leak: 'lost',
      },
    },
    lost: {
      description: 'Never given back, because nobody knows its state.',
      on: {
        gen_pool_alloc: { guard: 'fails', target: 'lost' },
        swiotlb_search_pool_area: { guard: 'notFound', target: 'lost' },
      },
    },
  },
});

export const alphabet = {
  ...pick(
    MEMORY,
    'gen_pool_alloc',
    'dma_free_from_pool',
    'swiotlb_search_pool_area',
    'swiotlb_release_slots',
  ),
  leak: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'set_memory_encrypted',
    doc: 'A conversion failed, and it is left alone.',
  },
} satisfies MachineFile['alphabet'];

const UNREACHABLE = {
  guard: and(['fails', not('reachable')]),
  target: 'available',
  description: 'The device cannot address it.',
};

export const lentPiece: MachineFile = {
  name: 'lent-piece',
  machine,
  alphabet,
  without: {
    5: [
      {
        state: 'available',
        event: 'gen_pool_alloc',
        to: [{ guard: and(['ok', 'reachable']), target: 'lent' }, UNREACHABLE],
      },
    ],
  },
  guards: (facts) => ({
    unencrypted: () => facts.memEncrypt,
    reachable: () => facts.iommu || addressable(facts),
  }),
};
