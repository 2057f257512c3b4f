import { expectConformance } from '../conformance/expect-conformance.ts';

/** When a chunk cannot be made the pages of CMA go to the page allocator, with the series as before it. */
const MISPLACED = 'free-undoes-alloc at atomic_pool_expand';

// The others, and after every step: `ccdma conform`, in CI.
for (const platform of ['cca', 'sme', 'plain'])
  expectConformance({ system: 'atomic-pools', series: 'v5', platform, known: { broken: [MISPLACED] } });
// It can have no such pools.
expectConformance({ system: 'atomic-pools', series: 'v5', platform: 'ppc-svm' });

/**
 * Before patch 5 pages are freed under DMA_DIRECT_REMAP although nobody knows their state, and the page allocator
 * hands them out again as they are. Meant is that its pages are private.
 */
expectConformance({
  system: 'atomic-pools',
  series: 'baseline',
  platform: 'pkvm',
  known: {
    diverges: ['alloc_pages: expected chunk[G] in inHand'],
    keptOut: 71,
    broken: ['free-private at atomic_pool_expand', MISPLACED],
  },
});
