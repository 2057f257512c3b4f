/** Pages from an atomic pool that is known by an alias must be found again by their physical address (patches 15 and 19). */
import type { Scenario } from '../../src/scenario/index.ts';

export default {
  title: 'dma_alloc_pages() where nobody may sleep, and dma_free_pages()',
  platforms: ['cca', 'sev'],
  run(k) {
    const dev = k.device('crypto');
    const pages = k.atomic(() => k.dma_alloc_pages(dev, 4096, 'DMA_BIDIRECTIONAL', 'GFP_ATOMIC'))!;
    k.expectFromPool(pages);
    k.expectShared(pages);
    pages.write('key');
    k.expectEqual(dev.read(pages.dma_handle, 3), 'key');
    k.atomic(() => k.dma_free_pages(dev, 4096, pages.page, pages.dma_handle, 'DMA_BIDIRECTIONAL'));
    k.expectFreed(pages);
    k.expectFromPool(pages);
    k.settle();
  },
} satisfies Scenario;
