/**
 * `dma_alloc_attrs`, `dma_mmap_attrs` and `dma_free_attrs`: platforms that differ in kind, and options that change the
 * code. The whole series on every platform, after every step: `ccdma conform`, in CI.
 */
import { expectConformance, type Known } from '../conformance/expect-conformance.ts';

const system = 'allocation';

/** A free is not told that it must not sleep; where a conversion may sleep, it is called all the same. */
const SLEEPS = 'no-sleep-in-atomic at dma_direct_free';
/** Behind an IOMMU nobody converts what a device is to reach, nor what the caller says is shared. */
const UNSHARED: Known = {
  broken: [
    'device-can-reach at dma_alloc_attrs',
    'data-arrives at dma_alloc_attrs',
    'data-arrives at dma_mmap_attrs',
    'no-sleep-in-atomic at __iommu_dma_free',
  ],
};

const KNOWN: Readonly<Record<string, Known>> = {
  snp: { broken: [SLEEPS] },
  cca: { broken: [SLEEPS] },
  pkvm: {},
  // The ultravisor's answer is not looked at: what was refused is taken for done.
  'ppc-svm': {
    broken: [
      'device-can-reach at dma_alloc_attrs',
      'data-arrives at dma_alloc_attrs',
      'free-private at dma_direct_free',
      'free-undoes-alloc at dma_direct_free',
    ],
  },
  sme: {},
  plain: {},
};

for (const [platform, known] of Object.entries(KNOWN)) {
  expectConformance({ system, series: 'v5', platform, known, everyStep: platform === 'cca' });
  expectConformance({ system, series: 'baseline', platform, known });
}

// The remap, its unwinding, and the alias that is taken away where one must not sleep.
const nonCoherent = { coherence: 'non-coherent' } as const;
const sleeps: Known = { broken: [SLEEPS] };
expectConformance({ system, series: 'v5', platform: 'cca', options: nonCoherent, known: sleeps });
const remap = { remap: 'on', ...nonCoherent } as const;
expectConformance({ system, series: 'v5', platform: 'plain', options: remap, known: sleeps });
// CMA pages of high memory: cookies, or a remap, which is taken away where one must not sleep.
const uncached = { uncached: 'uncached', ...nonCoherent } as const;
expectConformance({ system, series: 'v5', platform: 'plain', options: uncached, known: sleeps });
expectConformance({ system, series: 'v5', platform: 'plain', options: { uncached: 'arch', ...nonCoherent } });
expectConformance({ system, series: 'v5', platform: 'cca', options: { device: 'trusted' } });
expectConformance({ system, series: 'v5', platform: 'sme', options: { mask: '32' }, known: sleeps });
expectConformance({ system, series: 'v5', platform: 'cca', options: { mask: '32' } });
expectConformance({
  system,
  series: 'v5',
  platform: 'cca',
  options: { iommu: 'on', ...nonCoherent },
  known: UNSHARED,
});
