/**
 * The life of transient pools: made by the map that found no slot, out of the atomic pool, for a map never sleeps;
 * freed behind its unmap by a worker (patch 17), to the atomic pool by the address that it came with (patch 20).
 */
import type { Scenario } from '../../src/scenario/index.ts';

export default {
  title: 'Two transient pools, and the pool that is grown meanwhile',
  platforms: ['tdx', 'cca'],
  sizes: { defaultPoolFull: true },
  run(k) {
    const disk = k.device('disk');
    const buf = k.kmalloc(8192);
    buf.write('sector');

    const slow = k.dma_map_single(disk, buf, 4096, 'DMA_BIDIRECTIONAL');
    k.expectTransientPools(disk, 1);
    k.expectEqual(disk.read(slow, 6), 'sector');
    disk.write(slow, 'answer');

    // Where nobody may sleep.
    k.atomic(() => {
      const fast = k.dma_map_page(disk, buf, 4096, 4096, 'DMA_BIDIRECTIONAL');
      k.expectTransientPools(disk, 2);
      k.dma_unmap_page(disk, fast, 4096, 'DMA_BIDIRECTIONAL');
    });
    k.dma_unmap_single(disk, slow, 4096, 'DMA_BIDIRECTIONAL');
    k.expectTransientPools(disk, 0);
    k.expectEqual(buf.read(6), 'answer');

    // A grace period, and the workers that free both. Meanwhile another has grown the pools for the maps to come.
    k.settle();
    k.expectBounced(k.dma_map_single(disk, buf, 4096, 'DMA_TO_DEVICE'));
    k.expectTransientPools(disk, 0);
  },
} satisfies Scenario;
