/** A driver's mistake ends the run with the file, the line and what a kernel developer wants to know; exit code 2. */
import { expect, test } from 'vitest';
import { ccdma } from '../cli/run.ts';
import { fileOf, simulate } from './run.ts';

const MAP = `const b = k.kmalloc(4096); const a = k.dma_map_single(d, b, 512, 'DMA_TO_DEVICE');`;
const ALLOC = `const m = k.dma_alloc_coherent(d, 4096, 'GFP_KERNEL');`;
const PAGES = `const p = k.dma_alloc_pages(d, 4096, 'DMA_BIDIRECTIONAL', 'GFP_KERNEL');`;

test('one of them, whole', async () => {
  const twice = `${MAP}
k.dma_unmap_single(d, a, 512, 'DMA_TO_DEVICE');
k.dma_unmap_single(d, a, 512, 'DMA_TO_DEVICE');`;
  expect(await simulate(twice)).toEqual({
    code: 2,
    out: '',
    err: 'ccdma: FILE:6: dma_unmap_single: 0x1000000 was unmapped already on line 5 (mapped on line 4)\n',
  });
});

test.each([
  [
    'unknown function',
    'k.dma_map_sinlge(d);',
    /FILE:4: there is no function dma_map_sinlge; nearest: dma_map_single$/,
  ],
  ['taken apart', 'const { kmaloc } = k;', /FILE:4: there is no function kmaloc; nearest: kmalloc$/],
  ['setting', 'k.kmalloc = 1;', /FILE:4: kmalloc cannot be set/],
  [
    'unmap of what was never mapped',
    `${MAP}\nk.dma_unmap_single(d, 0x5000, 512, 'DMA_TO_DEVICE');`,
    /FILE:5: dma_unmap_single: d never mapped 0x5000; mapped for it now: 0x1000000 \(512 bytes on line 4\)$/,
  ],
  [
    'unmap when nothing is mapped',
    `k.dma_unmap_single(d, 0x5000, 512, 'DMA_TO_DEVICE');`,
    /FILE:4: .* d never mapped 0x5000; nothing is mapped for it now$/,
  ],
  [
    'unmap with another size',
    `${MAP}\nk.dma_unmap_single(d, a, 1024, 'DMA_TO_DEVICE');`,
    /FILE:5: dma_unmap_single: mapped with size 512 on line 4, unmapped with 1024$/,
  ],
  [
    'unmap with another direction',
    `${MAP}\nk.dma_unmap_single(d, a, 512, 'DMA_FROM_DEVICE');`,
    /FILE:5: .* mapped with direction DMA_TO_DEVICE on line 4, unmapped with DMA_FROM_DEVICE$/,
  ],
  [
    'unmap of another device',
    `${MAP}\nk.dma_unmap_single(k.device('e'), a, 512, 'DMA_TO_DEVICE');`,
    /FILE:5: .* 0x1000000 is of d \(dma_map_single on line 4\), not of e$/,
  ],
  [
    'sync beyond the end',
    `${MAP}\nk.dma_sync_single_for_cpu(d, a + 256, 512, 'DMA_TO_DEVICE');`,
    /FILE:5: .* 512 bytes at 256 go beyond the end of the mapping, which has 512 on line 4$/,
  ],
  [
    'sync after unmap',
    `${MAP}\nk.dma_unmap_single(d, a, 512, 'DMA_TO_DEVICE');\nk.dma_sync_single_for_cpu(d, a, 512, 'DMA_TO_DEVICE');`,
    /FILE:6: .* was unmapped already on line 5/,
  ],
  [
    'double free',
    `${ALLOC}\nk.dma_free_coherent(d, 4096, m.cpu_addr, m.dma_handle);\nk.dma_free_coherent(d, 4096, m.cpu_addr, m.dma_handle);`,
    /FILE:6: dma_free_coherent: 0x[0-9a-f]+ was freed already on line 5 \(allocated on line 4\)$/,
  ],
  [
    'free with another size',
    `${ALLOC}\nk.dma_free_coherent(d, 8192, m.cpu_addr, m.dma_handle);`,
    /FILE:5: dma_free_coherent: allocated with size 4096 on line 4, freed with 8192$/,
  ],
  [
    'free with another CPU address',
    `${ALLOC}\nk.dma_free_coherent(d, 4096, m.cpu_addr + 4096, m.dma_handle);`,
    /FILE:5: dma_free_coherent: allocated with CPU address 0x[0-9a-f]+ on line 4, freed with 0x[0-9a-f]+$/,
  ],
  [
    "free of another function's memory",
    `${PAGES}\nk.dma_free_coherent(d, 4096, p.page, p.dma_handle);`,
    /FILE:5: dma_free_coherent: 0x[0-9a-f]+ was made by dma_alloc_pages on line 4; what undoes it is dma_free_pages$/,
  ],
  [
    'unmap of what was allocated',
    `${ALLOC}\nk.dma_unmap_single(d, m.dma_handle, 4096, 'DMA_BIDIRECTIONAL');`,
    /FILE:5: .* was made by dma_alloc_coherent on line 4; what undoes it is dma_free_coherent or dma_free_attrs$/,
  ],
  [
    'free while mapped',
    `${MAP}\nk.kfree(b);`,
    /FILE:5: kfree.*: it is still mapped for d \(dma_map_single on line 4\)$/,
  ],
  [
    'kfree twice',
    `const b = k.kmalloc(1);\nk.kfree(b);\nk.kfree(b);`,
    /FILE:6: kfree.*: this memory was freed already$/,
  ],
  [
    'kfree of pages',
    `k.kfree(k.alloc_pages('GFP_KERNEL', 0));`,
    /FILE:4: kfree.*: this memory is from alloc_pages$/,
  ],
  [
    'the wrong order',
    `k.__free_pages(k.alloc_pages('GFP_KERNEL', 1), 0);`,
    /FILE:4: __free_pages.*: allocated with order 1, freed with 0$/,
  ],
  [
    'map beyond the end',
    `k.dma_map_single(d, k.kmalloc(100), 101, 'DMA_TO_DEVICE');`,
    /FILE:4: .* beyond the end of the memory, which has 100$/,
  ],
  [
    'memory of somebody else',
    `k.dma_map_phys(d, 0x1000000, 64, 'DMA_TO_DEVICE');`,
    /FILE:4: dma_map_phys: the 64 bytes at 0x1000000 are no memory of the driver$/,
  ],
  [
    'registers that are memory',
    `k.dma_map_phys(d, 0x1000000, 64, 'DMA_TO_DEVICE', 'DMA_ATTR_MMIO');`,
    /FILE:4: dma_map_phys: DMA_ATTR_MMIO, and there is memory at 0x1000000$/,
  ],
  [
    'use after free',
    `const b = k.kmalloc(1);\nk.kfree(b);\nb.write('x');`,
    /FILE:6: write: this memory was freed already$/,
  ],
  [
    'the device owns it',
    `${MAP}\nb.write('x');`,
    /FILE:5: write: d owns this memory since dma_map_single on line 4; unmap it, or/,
  ],
  [
    'the CPU owns it',
    `${MAP}\nk.dma_sync_single_for_cpu(d, a, 512, 'DMA_TO_DEVICE');\nd.read(a, 1);`,
    /FILE:6: d.read: the CPU owns this memory since dma_sync_single_for_cpu\(\)/,
  ],
  [
    'against the direction',
    `${MAP}\nd.write(a, 'x');`,
    /FILE:5: d.write: 0x1000000 was mapped DMA_TO_DEVICE$/,
  ],
  [
    'a stale address',
    `${MAP}\nk.dma_unmap_single(d, a, 512, 'DMA_TO_DEVICE');\nd.read(a, 1);`,
    /FILE:6: d.read: d was not given 0x1000000, or not any more$/,
  ],
  [
    'sleeping under a lock',
    `k.atomic(() =>\nk.dma_alloc_coherent(d, 4096, 'GFP_KERNEL'));`,
    /FILE:5: .* GFP_KERNEL may sleep, and a spinlock is held/,
  ],
  [
    'a free under a lock',
    `${ALLOC}\nk.atomic(() =>\nk.dma_free_coherent(d, 4096, m.cpu_addr, m.dma_handle));`,
    /FILE:6: dma_free_coherent: it may sleep, and a spinlock is held/,
  ],
  [
    'no direction',
    `${MAP}\nk.dma_unmap_single(d, a, 512, 'TO_DEVICE');`,
    /FILE:5: .* 'TO_DEVICE' is no direction; .*; nearest: DMA_TO_DEVICE$/,
  ],
  [
    'no attribute',
    `k.dma_alloc_attrs(d, 4096, 'GFP_KERNEL', 'DMA_ATTR_CC_SHRED');`,
    /FILE:4: .* nearest: DMA_ATTR_CC_SHARED$/,
  ],
  [
    'no gfp flag',
    `k.dma_alloc_coherent(d, 4096, 'GFP_KERNAL');`,
    /FILE:4: .* GFP_KERNAL is no gfp flag; .*; nearest: GFP_KERNEL$/,
  ],
  [
    'no device',
    `k.dma_alloc_coherent({}, 4096, 'GFP_KERNEL');`,
    /FILE:4: dma_alloc_coherent: an object is no device; make one with device\('name'\)$/,
  ],
  ['no size', `k.kmalloc(-1);`, /FILE:4: kmalloc: size is -1; accepted: a whole number from 1 to 4194304$/],
  [
    'no memory left',
    `k.kmalloc(4 << 20); k.kmalloc(4 << 20);`,
    /FILE:4: kmalloc\(4194304\): no free block of 4194304 bytes is left; raise/,
  ],
  ['the same device twice', `k.device('d');`, /FILE:4: device: there is a device 'd' already$/],
  [
    'an unknown property',
    `k.device('e', { maks: 32 });`,
    /FILE:4: device: 'maks' is no property; .*; nearest: mask$/,
  ],
  [
    'what cannot fail',
    `k.failNext('alloc_page');`,
    /FILE:4: failNext: alloc_page is nothing that can fail here; .*; nearest: alloc_pages$/,
  ],
  [
    'still held at unbind',
    `const drv = k.driver('drv', { probe: (dev) => k.dma_map_single(dev, k.kmalloc(64), 64, 'DMA_TO_DEVICE'), remove() {} });\ndrv.bind(d);\ndrv.unbind(d);`,
    /FILE:6: unbind: drv has left d and still holds 0x1000000 \(dma_map_single on line 4\)$/,
  ],
  [
    'unbind of what is not bound',
    `k.driver('drv', { probe() {}, remove() {} }).unbind(d);`,
    /FILE:4: unbind: d is not bound to drv$/,
  ],
  [
    'an error of its own',
    `undefined.x;`,
    /FILE:4: TypeError: Cannot read properties of undefined \(reading 'x'\)$/,
  ],
  ['something thrown', `throw new RangeError('no');`, /FILE:4: RangeError: no$/],
])('%s', async (_, lines, message) => {
  const ran = await simulate(lines);
  expect(ran.err.trimEnd()).toMatch(message);
  expect(ran.code).toBe(2);
  expect(ran.out).toBe('');
});

test.each([
  ['a syntax error', 'export default {\n  run(k) {\n    k.kmalloc(;\n  },\n};\n', /FILE:3: Unexpected ";"$/],
  [
    'no default export',
    'export const run = 1;\n',
    /FILE: there is no default export; a scenario is `export default/,
  ],
  [
    'a default export of another kind',
    'export default 3;\n',
    /FILE: the default export is 3; it must be an object/,
  ],
  [
    'no run',
    "export default { title: 't', platforms: ['tdx'] };\n",
    /FILE: run is undefined; it must be a function/,
  ],
  [
    'an unknown key',
    "export default { title: 't', platform: 'tdx' };\n",
    /FILE: 'platform' is nothing that a scenario has; .*; nearest: platforms$/,
  ],
  [
    'an unknown platform',
    "export default { title: 't', platforms: ['tdz'], run() {} };\n",
    /FILE: platforms: unknown platform 'tdz'; .*; nearest: tdx$/,
  ],
  [
    'an unknown option',
    "export default { title: 't', platforms: ['tdx'], options: { mask: '31' }, run() {} };\n",
    /FILE: options: unknown option mask=31; .*; nearest: mask=32$/,
  ],
  [
    'a size that cannot be',
    "export default { title: 't', platforms: ['tdx'], sizes: { defaultAreas: 3 }, run() {} };\n",
    /FILE: sizes.defaultAreas is 3: accepted is a power of two$/,
  ],
  [
    'an import of nothing',
    "import './nothing.ts';\nexport default {};\n",
    /FILE:1: Could not resolve "\.\/nothing\.ts"$/,
  ],
  [
    'an error while loading',
    '\nnull.x;\nexport default {};\n',
    /FILE:2: TypeError: Cannot read properties of null/,
  ],
])('%s', async (_, text, message) => {
  const file = fileOf(text);
  const ran = await ccdma(['simulate', file]);
  expect(ran.err.trimEnd().replaceAll(file, 'FILE')).toMatch(message);
  expect(ran).toMatchObject({ code: 2, out: '' });
});

test.each([
  ['simulate', /missing required argument 'file'/],
  ['simulate nowhere.ts', /^ccdma: cannot read nowhere.ts: there is no such file$/],
  ['simulate test', /^ccdma: cannot read test: it is a folder$/],
  ['simulate test/scenarios/azure-nvme.ts --platform tdz', /unknown platform 'tdz'; .*; nearest: tdx$/],
  ['simulate test/scenarios/azure-nvme.ts --series v6', /unknown series 'v6'/],
  [
    'simulate test/scenarios/azure-nvme.ts --platform tdx --option remap=on',
    /remap=on cannot be had on tdx: x86 never has DMA_DIRECT_REMAP$/,
  ],
  ['simulate test/scenarios/azure-nvme.ts --step', /unknown option '--step'; .*; nearest: --steps$/],
])('%s', async (line, message) => {
  const ran = await ccdma(line.split(' '));
  expect(ran.err.trimEnd()).toMatch(message);
  expect(ran).toMatchObject({ code: 2, out: '' });
});
