import { expectConformance } from './expect-conformance.ts';

// Safety is judged on tdx here, and on all of them under the workloads of the matrix.
for (const platform of ['sev', 'snp', 'vtom'])
  expectConformance({ system: 'dynamic-pools', series: 'v5', platform, groups: 4, safety: false });
