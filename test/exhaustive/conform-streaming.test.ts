import { expectConformance, type Known } from '../conformance/expect-conformance.ts';

const system = 'streaming';

// The others, and after every step: `ccdma conform`, in CI.
for (const platform of ['tdx', 'cca', 'sme', 'plain']) expectConformance({ system, series: 'v5', platform });

// What most mappings do where a device is not forced, but for its mask: both kinds meet in one run.
expectConformance({ system, series: 'v5', platform: 'sme', options: { mask: '32' } });
// A slot that the device does not reach is given back.
expectConformance({ system, series: 'v5', platform: 'cca', options: { mask: '32' } });

/** Registers under their raw address, which says private in a realm. */
const raw: Known = { broken: ['device-can-reach at dma_map_phys'] };
expectConformance({ system, series: 'baseline', platform: 'cca', known: raw });
for (const platform of ['sme', 'plain']) expectConformance({ system, series: 'baseline', platform });

// Behind an IOMMU, where an address leads is known to its entries alone.
const unshared: Known = {
  broken: ['dma_map_phys', 'dma_map_sg_attrs'].flatMap((site) => [
    `device-can-reach at ${site}`,
    `data-arrives at ${site}`,
  ]),
};
const lost = ['deviceRead', 'deviceWrite'].map((site) => `data-arrives at ${site}`);
const behind: Known = { broken: [...unshared.broken!, ...lost] };
expectConformance({ system, series: 'v5', platform: 'sev', options: { iommu: 'on' }, known: behind });

// A buffer that was transferred before is clean; the slot that it bounces through now is not.
const nonCoherent = { coherence: 'non-coherent' } as const;
expectConformance({ system, series: 'v5', platform: 'plain', options: nonCoherent });
const copied = 'expected copy[M] in both; happened copy[M] in bufferOnly';
const stale: Known = {
  diverges: [`dma_sync_single_for_cpu: ${copied}`, `dma_unmap_phys: ${copied}`],
  keptOut: 8,
  broken: ['data-arrives at deviceRead'],
};
const force = { swiotlb: 'force', ...nonCoherent } as const;
expectConformance({ system, series: 'v5', platform: 'plain', options: force, known: stale });

// Without a default pool that is asked for, no area of a restricted pool is ever searched.
const unsearched: Known = {
  diverges: [
    'dma_map_phys: expected driver in mapping.searching {',
    'dma_map_sg_attrs: expected other in mapping.first {',
  ],
  keptOut: 4747,
};
const noforce = { swiotlb: 'noforce', 'restricted-pool': 'on' } as const;
expectConformance({ system, series: 'v5', platform: 'cca', options: noforce, known: unsearched });
