import { expectConformance } from '../conformance/expect-conformance.ts';

/** Without patches 17 and 20: a pool-owned buffer is looked up under the wrong address wherever it is given back. */
const broken = ['free-undoes-alloc', 'no-sleep-in-atomic', 'nothing-leaks', 'one-owner'].flatMap((property) =>
  ['swiotlb_alloc_pool', 'swiotlb_dyn_free', 'swiotlb_find_slots'].map((site) => `${property} at ${site}`),
);
expectConformance({
  system: 'dynamic-pools',
  series: 'baseline',
  platform: 'cca',
  known: { broken },
  groups: 4,
});
