import { expectConformance } from '../conformance/expect-conformance.ts';

/**
 * Nothing keeps two probes apart: each finds no pool, makes one and converts the region. A refusal of the second
 * conversion spoils the pool of the first, which records that it is shared (from patch 7 on).
 */
const TWICE = 'free-undoes-alloc at rmem_swiotlb_device_init';
const SPOILT = 'pool-tells-the-truth at rmem_swiotlb_device_init';
/** On Arm CCA the entries are invalid meanwhile, while the first probe zeroes its pool. */
const INVALID = 'data-arrives at rmem_swiotlb_device_init';

const KNOWN = {
  v5: { cca: [INVALID, TWICE, SPOILT], pkvm: [TWICE, SPOILT], plain: [] },
  baseline: { cca: [INVALID, TWICE], pkvm: [TWICE], plain: [] },
};

for (const series of ['v5', 'baseline'] as const) {
  for (const platform of ['cca', 'pkvm', 'plain'] as const) {
    const options = { remap: 'on', 'coherent-pool': 'on', 'restricted-pool': 'on' } as const;
    const known = { broken: KNOWN[series][platform] };
    expectConformance({ system: 'restricted-init', series, platform, options, known, everyStep: true });
  }
}
