/** Workloads of coherent memory: `dma_alloc_attrs`, `dma_alloc_pages`, both frees, and the atomic pools. */
import { alloc, allocPages, deviceWrite, free, map, op, unmap } from './requests.ts';
import type { Workload } from './types.ts';

const one = (
  name: string,
  about: string,
  ops: Workload['threads'][number]['ops'],
  more: Partial<Workload> = {},
): Workload => ({
  name,
  when: 'matrix',
  about,
  sizes: { defaultAreas: 1, ordinaryPages: 128 },
  threads: [{ thread: 'driver/0', ops }],
  works: [],
  ...more,
});

const BOOTED = [op('swiotlb_init'), op('swiotlb_update_mem_attributes')];
const SMALL = { defaultAreas: 1, ordinaryPages: 128 } as const;

export const ALLOCATION: readonly Workload[] = [
  one('alloc', 'dma_alloc_attrs and dma_free_attrs in process context, with every failure.', [
    alloc(0, 'process'),
    free(0, 'process'),
  ]),
  one('alloc-one-page', 'The same with a single page, which CMA is never asked for.', [
    alloc(0, 'process', '', 4096),
    free(0, 'process'),
  ]),
  one('alloc-atomic', 'dma_alloc_attrs where nobody may sleep; freed where one may.', [
    alloc(0, 'atomic'),
    free(0, 'process'),
  ]),
  one('alloc-no-kernel-mapping', 'DMA_ATTR_NO_KERNEL_MAPPING in process context, then in atomic context.', [
    alloc(0, 'process', 'NO_KERNEL_MAPPING'),
    free(0, 'process'),
    alloc(0, 'atomic', 'NO_KERNEL_MAPPING'),
    free(0, 'process'),
  ]),
  one('alloc-cc-shared', 'A caller that passes DMA_ATTR_CC_SHARED to an allocation.', [
    alloc(0, 'process', 'CC_SHARED'),
    free(0, 'process'),
    alloc(0, 'atomic', 'CC_SHARED'),
    free(0, 'process'),
  ]),
  one('free-cc-shared', 'A caller that passes DMA_ATTR_CC_SHARED to the free.', [
    alloc(0, 'process'),
    op('free', { driver: 0, context: 'process', attrs: 'CC_SHARED' }),
  ]),
  one('alloc-mmap', 'An allocation is mapped to user space, of either context.', [
    alloc(0, 'process'),
    op('mmap', { driver: 0 }),
    free(0, 'process'),
    alloc(0, 'atomic'),
    op('mmap', { driver: 0 }),
    free(0, 'process'),
  ]),
  one(
    'alloc-too-much',
    'More than there is, in either context and by either function. Nothing else fails.',
    [
      alloc(0, 'process', '', 2 ** 20),
      free(0, 'process'),
      alloc(0, 'atomic', '', 2 ** 20),
      free(0, 'process'),
      allocPages(0, 'process', 2 ** 20),
      free(0, 'process'),
    ],
    { neverFail: ['driver/0'] },
  ),
  one(
    'alloc-again',
    'An allocation takes the place of an older one that was freed, beside one that was not. Nothing fails.',
    [
      alloc(0, 'process'),
      alloc(0, 'process', '', 4096),
      free(0, 'process'),
      alloc(0, 'process', '', 4096),
      free(0, 'process'),
      free(0, 'process'),
    ],
    { neverFail: ['driver/0'] },
  ),
  one('alloc-twice', 'Two allocations at once, freed in the order in which they were made.', [
    alloc(0, 'process', '', 4096),
    alloc(0, 'atomic', '', 4096),
    free(0, 'process'),
    free(0, 'process'),
  ]),
  one(
    'alloc-cma',
    'There is a CMA area: pages come from it where the caller may block.',
    [alloc(0, 'process'), free(0, 'process')],
    { sizes: { ...SMALL, cmaPages: 16 } },
  ),
  one(
    'alloc-cma-highmem',
    'The CMA area lies in highmem, as on 32-bit kernels: none of those is a confidential guest.',
    [alloc(0, 'process'), free(0, 'process')],
    {
      sizes: { ...SMALL, cmaPages: 16, cmaHighmem: true },
      applies: ({ name }) => name === 'plain',
    },
  ),
  one(
    'alloc-contiguous',
    'DMA_ATTR_FORCE_CONTIGUOUS with a CMA area: behind an IOMMU pages are scattered otherwise.',
    [alloc(0, 'process', 'FORCE_CONTIGUOUS'), free(0, 'process')],
    { sizes: { ...SMALL, cmaPages: 16 } },
  ),
  one(
    'alloc-zones',
    'What the page allocator has lies above the coherent mask: it is given back, and the next lower zone is tried. A mapping may need memory in the same way.',
    [alloc(0, 'process'), free(0, 'process'), map(0, 'process'), deviceWrite(0), unmap(0, 'process')],
    {
      sizes: { ...SMALL, ordinaryAt: '16G', dmaMaskBits: 33, dmaZonePages: 128 },
      works: ['dyn_free'],
    },
  ),
  one(
    'alloc-high',
    'There is memory above 4 GiB, and the coherent mask ends there.',
    [alloc(0, 'process'), free(0, 'process')],
    { sizes: { ...SMALL, normalZonePages: 128, dmaZonePages: 128, coherentMaskBits: 32 } },
  ),
  one('alloc-pages', 'dma_alloc_pages and dma_free_pages in process context, with every failure.', [
    allocPages(0, 'process'),
    free(0, 'process'),
  ]),
  one(
    'alloc-pages-atomic',
    'dma_alloc_pages where nobody may sleep, freed there too. Nothing says that dma_free_pages may not be called there.',
    [allocPages(0, 'atomic'), free(0, 'atomic')],
  ),
  one('free-pages-atomic', 'Pages that were allocated where one may sleep are freed where nobody may.', [
    allocPages(0, 'process'),
    free(0, 'atomic'),
  ]),
  one('alloc-pages-sync', 'Pages for a device are not coherent: the driver syncs them, either way.', [
    allocPages(0, 'process'),
    op('sync_pages', { driver: 0, for: 'device', context: 'process' }),
    op('sync_pages', { driver: 0, for: 'cpu', context: 'process' }),
    free(0, 'process'),
  ]),
  one('alloc-pages-cma', 'dma_alloc_pages with a CMA area.', [allocPages(0, 'process'), free(0, 'process')], {
    sizes: { ...SMALL, cmaPages: 16 },
  }),
  one(
    'atomic-pool-grows',
    'An atomic allocation leaves little in the atomic pool: the worker doubles it while the memory is freed, with every failure.',
    [alloc(0, 'atomic'), free(0, 'process')],
    { sizes: { ...SMALL, atomicPoolGrows: true }, works: ['atomic_pool_work'] },
  ),
  one(
    'atomic-pool-grows-cma',
    'The atomic pool takes its pages from CMA.',
    [alloc(0, 'atomic'), free(0, 'process')],
    { sizes: { ...SMALL, atomicPoolGrows: true, cmaPages: 16 }, works: ['atomic_pool_work'] },
  ),
  one(
    'atomic-pool-exhausted',
    'Two drivers take from an atomic pool that holds one buffer: the second gets memory once the pool has grown, or none.',
    [alloc(0, 'atomic'), free(0, 'process')],
    {
      sizes: { ...SMALL, atomicPoolGrows: true },
      threads: [
        { thread: 'driver/0', ops: [alloc(0, 'atomic'), free(0, 'process')] },
        { thread: 'driver/1', ops: [allocPages(1, 'atomic'), free(1, 'process')] },
      ],
      works: ['atomic_pool_work'],
      neverFail: ['kworker/atomic_pool_work'],
    },
  ),
  {
    name: 'atomic-pool-boot',
    when: 'matrix',
    about: 'The atomic pools are made at boot, with every failure; then memory is taken from them.',
    sizes: { ...SMALL, boot: 'early' },
    prepare: BOOTED,
    threads: [
      { thread: 'boot', ops: [op('atomic_pool_init')] },
      { thread: 'driver/0', after: 'boot', ops: [alloc(0, 'atomic'), free(0, 'process')] },
    ],
    works: [],
  },
  {
    name: 'atomic-pool-boot-zones',
    when: 'matrix',
    about: 'Two atomic pools, of two zones, are made at boot, with every failure.',
    sizes: { ...SMALL, boot: 'early', zonePools: true },
    prepare: BOOTED,
    threads: [{ thread: 'boot', ops: [op('atomic_pool_init')] }],
    works: [],
  },
  {
    name: 'atomic-pool-boot-cma',
    when: 'matrix',
    about:
      'Three atomic pools, of all zones, are made at boot; those take from the CMA area whose zone it lies in. Nothing fails.',
    sizes: { ...SMALL, boot: 'early', zonePools: true, dmaZonePages: 128, cmaPages: 16 },
    prepare: BOOTED,
    threads: [{ thread: 'boot', ops: [op('atomic_pool_init')] }],
    works: [],
    neverFail: ['boot/0'],
  },
  {
    name: 'atomic-pool-boot-grows',
    when: 'matrix',
    about:
      'Two atomic pools are made at boot, with every failure; then memory is taken, and the worker looks at both, one of which may be empty. Nothing fails any more.',
    sizes: { ...SMALL, boot: 'early', zonePools: true, atomicPoolGrows: true },
    prepare: BOOTED,
    threads: [
      { thread: 'boot', ops: [op('atomic_pool_init')] },
      { thread: 'driver/0', after: 'boot', ops: [alloc(0, 'atomic')] },
    ],
    works: ['atomic_pool_work'],
    neverFail: ['driver/0', 'kworker/atomic_pool_work'],
  },
];
