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
