/** What is known not to hold, where more than one test file speaks of it. */
import type { Known } from './expect-conformance.ts';

/**
 * Slots are converted like pages, and what a free made private is mapped next. The device's write to it is lost; the
 * machines have it arrive, and go no further.
 */
export const RESTRICTED_CONVERTED: Known = {
  diverges: ['(bus): expected copy[B] in slotOnly'],
  keptOut: 69,
  broken: [
    'address-matches-memory at dma_map_phys',
    'data-arrives at deviceRead',
    'data-arrives at deviceWrite',
    'data-arrives at dma_map_phys',
    'free-undoes-alloc at dma_direct_alloc',
    'free-undoes-alloc at dma_direct_free',
    'no-sleep-in-atomic at dma_direct_alloc',
  ],
};
