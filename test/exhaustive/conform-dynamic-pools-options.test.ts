import { expectConformance } from '../conformance/expect-conformance.ts';

// What the system's options change, each on a platform on which the graph is small.
for (const [platform, options] of [
  ['tdx', { dynamic: 'off' }],
  ['tdx', { swiotlb: 'noforce' }],
  ['tdx', { 'coherent-pool': 'off' }],
  ['tdx', { device: 'trusted' }],
  ['cca', { mask: '32' }],
  ['plain', { remap: 'on', 'coherent-pool': 'on' }],
] as const)
  expectConformance({ system: 'dynamic-pools', series: 'v5', platform, options });
