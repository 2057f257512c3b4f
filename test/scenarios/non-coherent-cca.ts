/** A device that does not snoop the caches gets its memory remapped: the pages must be shared all the same (patch 11). */
import type { Scenario } from '../../src/scenario/index.ts';

export default {
  title: 'Coherent memory of a non-coherent device in a realm',
  platforms: ['cca'],
  options: { coherence: 'non-coherent' },
  run(k) {
    const dev = k.device('mmc');
    const buf = k.dma_alloc_coherent(dev, 8192, 'GFP_KERNEL')!;
    k.expectShared(buf);
    buf.write('block');
    k.expectEqual(dev.read(buf.dma_handle, 5), 'block');
    dev.write(buf.dma_handle + 4096, 'answer');
    k.expectEqual(buf.read(6, 4096), 'answer');
    k.dma_free_coherent(dev, 8192, buf.cpu_addr, buf.dma_handle);
    k.expectFreed(buf);
    k.expectPrivate(buf);

    // No alias to be had: what was decrypted is encrypted again before it is freed.
    k.failNext('vmap');
    k.expectFails(k.dma_alloc_coherent(dev, 4096, 'GFP_KERNEL'));
  },
} satisfies Scenario;
