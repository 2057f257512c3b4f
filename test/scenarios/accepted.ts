/**
 * A device is accepted (TDISP) while it holds memory. What it has stays as it was made, and the frees ask again
 * whether the device is forced: it no longer is.
 */
import type { Scenario } from '../../src/scenario/index.ts';

export default {
  title: 'A device that becomes trusted while it holds memory',
  platforms: ['tdx', 'cca'],
  run(k) {
    const gpu = k.device('gpu');
    const before = k.dma_alloc_coherent(gpu, 4096, 'GFP_KERNEL')!;
    k.expectShared(before);
    k.accept(gpu);

    // What is allocated from here on is private.
    const after = k.dma_alloc_coherent(gpu, 4096, 'GFP_KERNEL')!;
    k.expectPrivate(after);
    k.dma_free_coherent(gpu, 4096, after.cpu_addr, after.dma_handle);
    k.expectFreed(after);

    // The free of what was shared.
    k.dma_free_coherent(gpu, 4096, before.cpu_addr, before.dma_handle);
    k.expectFreed(before);
  },
} satisfies Scenario;
