/** On pKVM the device tree gives devices a restricted pool: coherent memory is slots of it (patch 3), and every mapping bounces in it. */
import type { Scenario } from '../../src/scenario/index.ts';

export default {
  title: 'A restricted pool serves allocations and mappings, and takes all of it back',
  platforms: ['pkvm'],
  run(k) {
    const nic = k.device('virtio-net');
    const ring = k.dma_alloc_coherent(nic, 4096, 'GFP_KERNEL')!;
    k.expectFromRestricted(ring);
    k.expectShared(ring);
    ring.write('descriptor');
    k.expectEqual(nic.read(ring.dma_handle, 10), 'descriptor');

    const packet = k.kmalloc(1500);
    packet.write('packet');
    const dma = k.dma_map_single(nic, packet, 1500, 'DMA_TO_DEVICE');
    k.expectBounced(dma);
    k.expectEqual(nic.read(dma, 6), 'packet');
    k.dma_unmap_single(nic, dma, 1500, 'DMA_TO_DEVICE');

    // The slots go back as they are: the pool stays shared for ever.
    k.dma_free_coherent(nic, 4096, ring.cpu_addr, ring.dma_handle);
    k.expectFreed(ring);
    k.expectShared(ring);

    // Neither the pool nor a mapping grows: 256 KiB is the most, and there is no transient pool.
    k.expectFails(k.dma_alloc_coherent(nic, 512 * 1024, 'GFP_KERNEL'));
    k.expectTransientPools(nic, 0);
  },
} satisfies Scenario;
