import { expectConformance, type Known } from '../conformance/expect-conformance.ts';

/**
 * `swiotlb_exit()` zeroes the pool and leaves `io_tlb_mem.nslabs` as it is: the memory still counts as active, and a
 * driver that has to bounce goes through the list of pools. Meant is that its mapping fails at once.
 */
const AFTER_EXIT: Known = {
  diverges: ['dma_map_phys: expected io_tlb_default_mem in mapping.failed'],
  keptOut: 4,
};
/** Its list leads to a node that was zeroed. */
const walked = 'no-use-after-free at swiotlb_find_slots';
const plain: Known = { ...AFTER_EXIT, keptOut: 2, broken: [walked] };
/** Patch 18 keeps a pool whose conversion failed, with its record: all its slots are marked used. */
const damaged = ['pool-tells-the-truth at swiotlb_update_mem_attributes'];

const V5: Readonly<Record<string, Known>> = {
  sev: { ...AFTER_EXIT, broken: [...damaged, walked] },
  snp: { ...AFTER_EXIT, broken: [...damaged, walked] },
  tdx: { ...AFTER_EXIT, broken: [...damaged, walked] },
  vtom: { ...AFTER_EXIT, broken: [...damaged, walked] },
  cca: { broken: damaged },
  pkvm: { broken: damaged },
  's390-pv': {},
  'ppc-svm': {
    ...AFTER_EXIT,
    // The ultravisor's answer is not looked at: what was refused is taken for done.
    broken: [
      ...damaged,
      'data-arrives at deviceWrite',
      'data-arrives at dma_map_phys',
      'device-can-reach at dma_map_phys',
      'free-private at swiotlb_exit',
      'free-undoes-alloc at swiotlb_exit',
      walked,
      'pool-tells-the-truth at add_mem_pool',
    ],
  },
  sme: {
    // A mapping from before the update gives its slots back to a pool that was taken out of use.
    diverges: ['swiotlb_release_slots: expected io_tlb_default_mem in unmapping.returning'],
    keptOut: 4,
    // The same mapping: its address says private, and then the pool becomes shared under it.
    broken: [
      ...damaged,
      'address-matches-memory at swiotlb_update_mem_attributes',
      'data-arrives at deviceWrite',
      'data-arrives at dma_unmap_phys',
    ],
  },
  plain,
};

for (const [platform, known] of Object.entries(V5))
  expectConformance({ system: 'boot', series: 'v5', platform, known, everyStep: true });

expectConformance({ system: 'boot', series: 'baseline', platform: 'plain', known: plain, everyStep: true });
