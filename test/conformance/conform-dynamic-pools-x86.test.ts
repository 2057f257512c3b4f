import { expectConformance } from './expect-conformance.ts';

for (const platform of ['sev', 'snp', 'vtom'])
  expectConformance({ system: 'dynamic-pools', series: 'v5', platform, groups: 4 });
