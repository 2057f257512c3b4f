/**
 * Every system, run on the simulator where its graph is small: all paths, every transition, what is refused too. All
 * platforms, options, series and what is known not to hold: test/exhaustive, and `ccdma conform`.
 */
import { expectConformance } from './expect-conformance.ts';
import { RESTRICTED_CONVERTED } from './known.ts';

for (const options of [{ 'coherent-pool': 'off' }, { dynamic: 'off' }, { device: 'trusted' }] as const)
  expectConformance({ system: 'dynamic-pools', series: 'v5', platform: 'tdx', options });
expectConformance({ system: 'dynamic-pools', series: 'v5', platform: 'cca', options: { mask: '32' } });
expectConformance({ system: 'boot', series: 'v5', platform: 's390-pv', everyStep: true });
const arm64 = { remap: 'on', 'coherent-pool': 'on', 'restricted-pool': 'on' } as const;
expectConformance({ system: 'restricted-init', series: 'v5', platform: 'plain', options: arm64 });
expectConformance({ system: 'atomic-pools', series: 'v5', platform: 'ppc-svm' });
expectConformance({ system: 'allocation', series: 'v5', platform: 'pkvm', everyStep: true });
expectConformance({ system: 'allocation', series: 'baseline', platform: 'sme' });
// The global coherent pool: what others hold of it is for the world to say.
const global = { uncached: 'global', coherence: 'non-coherent' } as const;
expectConformance({ system: 'allocation', series: 'v5', platform: 'plain', options: global });
expectConformance({ system: 'allocation-pages', series: 'v5', platform: 'pkvm' });
expectConformance({ system: 'streaming', series: 'v5', platform: 'cca' });
expectConformance({ system: 'restricted', series: 'v5', platform: 'cca', everyStep: true });
// What a device had when it was accepted goes back shared.
const known = { broken: ['free-private at dma_direct_free'] };
expectConformance({ system: 'trusted', series: 'v5', platform: 'cca', known });
expectConformance({ system: 'restricted', series: 'baseline', platform: 'cca', known: RESTRICTED_CONVERTED });
