/**
 * `dma_alloc_pages` and `dma_free_pages`: platforms that differ in kind, and options that change the code. The whole
 * series on every platform, after every step: `ccdma conform`, in CI.
 */
import { expectConformance, type Known } from '../conformance/expect-conformance.ts';

const system = 'allocation-pages';

/** A free is not told that it must not sleep; where a conversion may sleep, it is called all the same. */
const SLEEPS = 'no-sleep-in-atomic at dma_direct_free_pages';
/** Before patch 15 the CPU address of a piece of the atomic pool is handed out as a page. */
const NO_PAGE = 'data-arrives at dma_alloc_pages';

/** The ultravisor's answer is not looked at: what was refused is taken for done. */
const IGNORED = [
  'device-can-reach at dma_alloc_pages',
  'data-arrives at dma_alloc_pages',
  'free-private at dma_direct_free_pages',
  'free-undoes-alloc at dma_direct_free_pages',
];

const sleeping: Known = { broken: [SLEEPS] };
for (const platform of ['snp', 'cca']) {
  expectConformance({ system, series: 'v5', platform, known: sleeping, everyStep: platform === 'cca' });
  expectConformance({ system, series: 'baseline', platform, known: { broken: [SLEEPS, NO_PAGE] } });
}
for (const platform of ['pkvm', 'ppc-svm', 'sme', 'plain']) {
  const known: Known = platform === 'ppc-svm' ? { broken: IGNORED } : {};
  expectConformance({ system, series: 'v5', platform, known });
  expectConformance({ system, series: 'baseline', platform, known });
}

expectConformance({ system, series: 'v5', platform: 'cca', options: { mask: '32' } });
// CMA pages of high memory are no use to a caller that wants their address.
const uncached = { uncached: 'uncached', coherence: 'non-coherent' } as const;
expectConformance({ system, series: 'v5', platform: 'plain', options: uncached });
expectConformance({ system, series: 'v5', platform: 'sme', options: { mask: '32' }, known: sleeping });
expectConformance({
  system,
  series: 'v5',
  platform: 'cca',
  options: { iommu: 'on' },
  known: { broken: ['device-can-reach at dma_alloc_pages', 'data-arrives at dma_alloc_pages'] },
});
