/**
 * The test that the series is known to have passed: an Azure VM, VMBus disk and network, whose streaming mappings
 * bounce, and two NVMe devices, whose queues must be decrypted. Both are unbound, which frees all they have, and
 * bound again. On tdx it passed; whether a paravisor was used (vtom) is not known; on snp it could not be run.
 */
import type { Device, Scenario } from '../../src/scenario/index.ts';

const [PAGE, SECTOR] = [4096, 512];

export default {
  title: 'Azure: VMBus disk and network, two NVMe devices, unbind, bind again',
  platforms: ['tdx', 'vtom', 'snp'],
  run(k) {
    const nvme = k.driver('nvme', {
      probe(dev) {
        const queues = [2 * PAGE, PAGE].map((size) => k.dma_alloc_coherent(dev, size, 'GFP_KERNEL')!);
        for (const queue of queues) k.expectShared(queue);
        queues[0]!.write('identify');
        k.expectEqual(dev.read(queues[0]!.dma_handle, 8), 'identify');
        return queues;
      },
      remove(dev, queues) {
        for (const q of queues) k.dma_free_coherent(dev, q.size, q.cpu_addr, q.dma_handle);
        for (const q of queues) k.expectFreed(q);
      },
    });
    const transfer = (dev: Device, out: string, back: string) => {
      const buf = k.kmalloc(SECTOR);
      buf.write(out);
      const to = k.dma_map_single(dev, buf, SECTOR, 'DMA_TO_DEVICE');
      k.expectBounced(to);
      k.expectEqual(dev.read(to, out.length), out);
      k.dma_unmap_single(dev, to, SECTOR, 'DMA_TO_DEVICE');
      const from = k.dma_map_single(dev, buf, SECTOR, 'DMA_FROM_DEVICE');
      dev.write(from, back);
      k.dma_unmap_single(dev, from, SECTOR, 'DMA_FROM_DEVICE');
      k.expectEqual(buf.read(back.length), back);
      k.kfree(buf);
    };
    for (const name of ['vmbus-disk', 'vmbus-net']) transfer(k.device(name), 'request', 'answer');
    const disks = [k.device('nvme0'), k.device('nvme1')];
    for (const dev of disks) nvme.bind(dev);
    for (const dev of disks) transfer(dev, 'sector 7', 'sector 8');
    for (const dev of disks) nvme.unbind(dev);
    for (const dev of disks) nvme.bind(dev);
    for (const dev of disks) transfer(dev, 'sector 9', 'sector 10');
  },
} satisfies Scenario;
