import { expectConformance } from '../conformance/expect-conformance.ts';

// The other platforms, and after every step: `ccdma conform`, in CI.
for (const platform of ['s390-pv', 'sme', 'plain'])
  expectConformance({ system: 'dynamic-pools', series: 'v5', platform });

/** The platform's code does not look at the ultravisor's answer: what was refused is taken for done. */
const broken = [
  'data-arrives at deviceWrite',
  'data-arrives at dma_map_phys',
  'device-can-reach at dma_map_phys',
  'free-private at swiotlb_alloc_pool',
  'free-undoes-alloc at swiotlb_alloc_pool',
  'pool-tells-the-truth at swiotlb_dyn_alloc',
];
expectConformance({ system: 'dynamic-pools', series: 'v5', platform: 'ppc-svm', known: { broken } });
