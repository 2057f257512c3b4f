/** A mapping and a coherent allocation in one restricted pool: where there can be one, and where there cannot. */
import { expectConformance } from '../conformance/expect-conformance.ts';
import { RESTRICTED_CONVERTED } from '../conformance/known.ts';

const system = 'restricted';
const arm64 = { remap: 'on', 'coherent-pool': 'on', 'restricted-pool': 'on' } as const;

for (const platform of ['cca', 'pkvm'])
  expectConformance({ system, series: 'v5', platform, everyStep: true });
expectConformance({ system, series: 'v5', platform: 'plain', options: arm64, everyStep: true });
// Without a device tree nobody has such a pool.
expectConformance({ system, series: 'v5', platform: 'tdx', refusals: 1 });

// A slot that the device does not reach is given back, by the mapping and by the allocation.
expectConformance({ system, series: 'v5', platform: 'cca', options: { mask: '32' }, everyStep: true });
// The pool is shared, and such a device is given nothing of it.
const trusted = { device: 'trusted' } as const;
expectConformance({ system, series: 'v5', platform: 'pkvm', options: trusted, refusals: 1 });

expectConformance({
  system,
  series: 'baseline',
  platform: 'cca',
  known: RESTRICTED_CONVERTED,
  everyStep: true,
});
for (const platform of ['pkvm', 'plain']) {
  const options = platform === 'plain' ? arm64 : {};
  expectConformance({ system, series: 'baseline', platform, options, everyStep: true });
}
