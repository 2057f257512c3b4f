/** What happens in a map decision: the request, the questions of the kernel, the answers of the world, the return. */
import type { MachineFile } from './machine-file.ts';

/** Attributes that a mapping may have, without DMA_ATTR_. */
export const MAP_ATTRS = ['CC_SHARED', 'MMIO', 'REQUIRE_COHERENT', 'SKIP_CPU_SYNC'] as const;
/** Every set of them, as one text each; `none` is the empty one. */
export const MAP_ATTR_SETS: readonly string[] = Array.from(
  { length: 2 ** MAP_ATTRS.length },
  (_, bits) => MAP_ATTRS.filter((_one, i) => (bits >> i) & 1).join('|') || 'none',
);

/** The classes of a request, by name; the first of each is the usual one. */
export const MAP_CLASSES = {
  size: ['fits', 'too-large'],
  memory: ['low', 'high'],
  buffer: ['aligned', 'unaligned'],
  port: ['internal', 'external'],
} as const;

const question = (symbol: string, doc: string) =>
  ({ kind: 'observation', actor: 'driver', symbol, doc }) as const;

export const alphabet = {
  dma_map_phys: {
    kind: 'stimulus',
    actor: 'driver',
    symbol: 'dma_map_phys',
    params: { attrs: MAP_ATTR_SETS, ...MAP_CLASSES },
    doc: 'A driver asks for a mapping.',
  },
  dev_is_dma_coherent: question('dma_map_phys', 'Does the request need a coherent device, and is this one?'),
  get_dma_ops: question('dma_map_phys', 'Is the device mapped directly, by an IOMMU, or by Xen?'),
  is_swiotlb_force_bounce: question('is_swiotlb_force_bounce', 'Must everything of this device bounce?'),
  phys_to_dma: question('phys_to_dma', 'The address is made.'),
  dma_capable: question('dma_capable', 'Can the device reach the memory under this address?'),
  dma_kmalloc_needs_bounce: question('dma_kmalloc_needs_bounce', 'Would the CPU caches spoil the buffer?'),
  is_swiotlb_active: question('is_swiotlb_active', 'May it bounce, and is there a pool?'),
  dev_use_swiotlb: question('dev_use_swiotlb', 'Must it bounce in spite of the IOMMU?'),
  swiotlb_tbl_map_single: question(
    'swiotlb_tbl_map_single',
    'Is the memory of the pool what the device needs?',
  ),
  swiotlb_find_slots: question('swiotlb_find_slots', 'Is it small enough for a pool?'),
  swiotlb_search_area: {
    kind: 'choice',
    actor: 'driver',
    symbol: 'swiotlb_search_area',
    params: { found: ['default', 'dynamic', 'none'] },
    doc: 'There is room in the pool that was made at boot, in a later one, or in none.',
  },
  swiotlb_alloc_tlb: {
    kind: 'choice',
    actor: 'driver',
    symbol: 'swiotlb_alloc_tlb',
    params: { ok: [true, false] },
    doc: 'There is memory for a transient pool, or there is none.',
  },
  dma_map_phys_ret: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'dma_map_phys',
    params: { result: ['ok', 'error'] },
    doc: 'The driver gets an address, or DMA_MAPPING_ERROR.',
  },
} as const satisfies MachineFile['alphabet'];
