/**
 * A device that is accepted while it holds memory: platforms that differ in kind, and options that change the code.
 * Every platform, after every step: `ccdma conform`, in CI.
 */
import { expectConformance, type Known } from '../conformance/expect-conformance.ts';

const system = 'trusted';

/** The free asks what the device is now: what was shared for it goes back shared. */
const FREED = 'free-private at dma_direct_free';
const freed: Known = { broken: [FREED] };

for (const platform of ['snp', 'cca', 'ppc-svm'])
  expectConformance({ system, series: 'v5', platform, known: freed });
expectConformance({ system, series: 'v5', platform: 'sme' });

// Addresses that do not fit: of shared memory on Arm, of private memory on AMD.
for (const platform of ['cca', 'snp'])
  expectConformance({ system, series: 'v5', platform, options: { mask: '32' }, known: freed });
// Everything bounces, and the pool is not what an accepted device is given.
expectConformance({ system, series: 'v5', platform: 'cca', options: { swiotlb: 'force' }, known: freed });
expectConformance({ system, series: 'v5', platform: 'tdx', options: { device: 'trusted' } });

/** The encoding asks again: accepted in between, the device gets a private address of shared memory. */
const misaddressed: Known = {
  broken: [
    FREED,
    'address-matches-memory at dma_alloc_attrs',
    'data-arrives at deviceRead',
    'data-arrives at deviceWrite',
    'data-arrives at dma_alloc_attrs',
  ],
};
expectConformance({ system, series: 'baseline', platform: 'cca', known: misaddressed });
/** Nobody tells the kernel what the device reaches. */
const untold: Known = {
  broken: [
    'data-arrives at deviceRead',
    'data-arrives at deviceWrite',
    'data-arrives at dma_alloc_attrs',
    'data-arrives at dma_map_phys',
    'device-can-reach at dma_alloc_attrs',
    'device-can-reach at dma_map_phys',
  ],
};
expectConformance({ system, series: 'baseline', platform: 'pkvm', known: untold });
