/** What calls do, what is judged, and what an expectation says when it is not met. */
import { expect, test } from 'vitest';
import { simulate } from './run.ts';

test('a run as it is shown', async () => {
  const ran = await simulate(`const b = k.kmalloc(512);
b.write('ping');
const a = k.dma_map_single(d, b, 512, 'DMA_BIDIRECTIONAL');
d.read(a, 4);
d.write(a, 'pong');
k.dma_unmap_single(d, a, 512, 'DMA_BIDIRECTIONAL');
k.expectEqual(b.read(4), 'ping');`);
  expect(ran.code).toBe(1);
  expect(ran.out).toMatch(/^t\nv5, tdx\n\nline +who +what +result\n/);
  expect(ran.out).toMatch(/^6 +d +dma_map_single\(0x[0-9a-f]+, 512, DMA_BIDIRECTIONAL\) +0x1000000$/m);
  expect(ran.out).toMatch(/^7 +d +device reads 4 bytes at 0x1000000 +'ping'$/m);
  expect(ran.out).toMatch(/^10 +expectEqual\('ping'\) +no ✗$/m);
  expect(ran.out).toMatch(/^FILE:10: expectEqual\('ping'\): it is 'pong', not 'ping'$/m);
  expect(ran.out).toMatch(/^v5, tdx: fails\.$/m);
});

test('with the steps of the kernel', async () => {
  const { out } = await simulate(`k.dma_map_single(d, k.kmalloc(512), 512, 'DMA_TO_DEVICE');`, ['--steps']);
  expect(out).toMatch(/^ +d +swiotlb_search_pool_area\[.*\] +0$/m);
  expect(out).toMatch(/^ +d +swiotlb_bounce\[dir=in,.*\]/m);
});

const MAP = `const b = k.kmalloc(4096); b.write('old');
const a = k.dma_map_single(d, b, 4096, 'DMA_BIDIRECTIONAL');`;

test.each([
  [
    'syncs hand the buffer over and back',
    `${MAP}
d.write(a, 'one');
k.dma_sync_single_for_cpu(d, a, 4096, 'DMA_BIDIRECTIONAL');
k.expectEqual(b.read(3), 'one');
b.write('two');
k.dma_sync_single_for_device(d, a, 4096, 'DMA_BIDIRECTIONAL');
k.expectEqual(d.read(a, 3), 'two');
k.dma_unmap_single(d, a, 4096, 'DMA_BIDIRECTIONAL');
k.expectEqual(b.read(3), 'two');`,
  ],
  [
    'what the device leaves alone keeps its value',
    `const b = k.kmalloc(64); b.write('abc');
const a = k.dma_map_single(d, b, 64, 'DMA_FROM_DEVICE');
d.write(a + 1, 'X');
k.dma_unmap_single(d, a, 64, 'DMA_FROM_DEVICE');
k.expectEqual(b.read(3), 'aXc');`,
  ],
  [
    'without the copy out nothing arrives, and nothing had to',
    `${MAP}
d.write(a, 'new');
k.dma_unmap_single(d, a, 4096, 'DMA_BIDIRECTIONAL', 'DMA_ATTR_SKIP_CPU_SYNC');
k.expectEqual(b.read(3), 'old');`,
  ],
  [
    'lists, entry by entry',
    `const b = k.kmalloc(8192); b.write('head'); b.write('tail', 5000);
const sg = k.dma_map_sg(d, [{ mem: b, length: 4096 }, { mem: b, offset: 5000, length: 100 }], 'DMA_TO_DEVICE');
k.expectEqual(d.read(sg.dma_addresses[0], 4) + d.read(sg.dma_addresses[1], 4), 'headtail');
k.dma_unmap_sg(d, sg, 'DMA_TO_DEVICE');`,
  ],
  [
    'a map that is too large fails',
    `const a = k.dma_map_single(d, k.kmalloc(512 * 1024), 512 * 1024, 'DMA_TO_DEVICE');
k.expectFails(a);
k.expectEqual(k.dma_mapping_error(d, a), true);`,
  ],
  [
    'a failure that was asked for',
    `k.failNext('set_memory_decrypted');
const m = k.dma_alloc_coherent(d, 4096, 'GFP_KERNEL');
k.expectFails(m);
k.expectWorks(k.dma_alloc_coherent(d, 4096, 'GFP_KERNEL'));`,
  ],
  [
    'a failed encryption leaks the pages, which are freed by nobody',
    `const m = k.dma_alloc_coherent(d, 4096, 'GFP_KERNEL');
k.failNext('set_memory_encrypted');
k.dma_free_coherent(d, 4096, m.cpu_addr, m.dma_handle);
k.expectLeaked(m);`,
  ],
  [
    'a driver that is bound again is given its memory anew',
    `const drv = k.driver('drv', {
probe: (dev) => k.dma_alloc_coherent(dev, 8192, 'GFP_KERNEL'),
remove: (dev, m) => k.dma_free_coherent(dev, 8192, m.cpu_addr, m.dma_handle) });
drv.bind(d); drv.unbind(d); drv.bind(d); drv.unbind(d);`,
  ],
  [
    'a trusted device is served directly',
    `const t = k.device('t', { trusted: true });
const b = k.kmalloc(64);
const a = k.dma_map_single(t, b, 64, 'DMA_TO_DEVICE');
k.expectDirect(a);
k.expectPrivate(a);`,
  ],
])('%s', async (_, lines) => {
  const ran = await simulate(lines);
  expect(ran.err).toBe('');
  expect(ran.out).toMatch(/v5, tdx: holds\.$/m);
  expect(ran.code).toBe(0);
});

test.each([
  ['a failure that never comes', `k.failNext('vmap');`, /FILE:4: failNext\('vmap'\) never came to be/],
  [
    'NULL that is used',
    `k.failNext('alloc_pages');\nconst m = k.dma_alloc_coherent(d, 4096, 'GFP_KERNEL');\nm.write('x');`,
    /FILE:6: dma_alloc_coherent on line 5 returned NULL, and the scenario goes on with it/,
  ],
  [
    'DMA_MAPPING_ERROR that is used',
    `const a = k.dma_map_single(d, k.kmalloc(512 * 1024), 512 * 1024, 'DMA_TO_DEVICE');\nd.read(a, 1);`,
    /FILE:5: dma_map_single on line 4 returned DMA_MAPPING_ERROR, and the scenario goes on with it/,
  ],
  [
    'what is not shared',
    `k.expectShared(k.kmalloc(1));`,
    /FILE:4: expectShared\(0x[0-9a-f]+\): page 0x[0-9a-f]+ is not shared: page table private, host private/,
  ],
  [
    'what is not freed',
    `k.expectFreed(k.dma_alloc_coherent(d, 4096, 'GFP_KERNEL'));`,
    /FILE:4: .* is not back with its allocator: it belongs to allocation 0 of d, page table shared, host shared/,
  ],
  [
    'what is not bounced',
    `const t = k.device('t', { trusted: true });\nk.expectBounced(k.dma_map_single(t, k.kmalloc(1), 1, 'DMA_TO_DEVICE'));`,
    /FILE:5: .* lies in no swiotlb pool/,
  ],
  [
    'what works',
    `k.expectFails(k.dma_alloc_coherent(d, 4096, 'GFP_KERNEL'));`,
    /FILE:4: expectFails: it worked/,
  ],
  ['pools that are not there', `k.expectTransientPools(d, 1);`, /FILE:4: .*: d has 0 transient pools, not 1/],
  ['a guest that runs', `k.expectGuestOver();`, /FILE:4: expectGuestOver: the guest still runs/],
])('an expectation that is not met: %s', async (_, lines, message) => {
  const ran = await simulate(lines);
  expect(ran.err).toBe('');
  expect(ran.out.replace(/\s*\n\s*/g, ' ')).toMatch(message);
  expect(ran.out).toMatch(/v5, tdx: fails\.$/m);
  expect(ran.code).toBe(1);
});

test('a guest that is over, expected and not', async () => {
  const lines = `k.failNext('set_memory_decrypted', { at: 'host_call' });
k.dma_alloc_coherent(d, 4096, 'GFP_KERNEL');`;
  const ended = await simulate(lines, ['--platform', 'snp']);
  expect(ended.out.replace(/\s*\n\s*/g, ' ')).toMatch(
    /FILE:5: dma_alloc_coherent\(4096, GFP_KERNEL\): the guest is over: the host refused/,
  );
  expect(ended.code).toBe(1);
  const known = await simulate(`${lines}\nk.expectGuestOver();`, ['--platform', 'snp']);
  expect(known.out).toMatch(/v5, snp: holds\.$/m);
  expect(known.code).toBe(0);
  const onwards = await simulate(`${lines}\nk.kmalloc(1);`, ['--platform', 'snp']);
  expect(onwards.code).toBe(1);
});
