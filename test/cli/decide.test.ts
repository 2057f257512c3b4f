/** `ccdma decide`: one answer whole, its JSON, and what it says of mistakes. */
import { describe, expect, test } from 'vitest';
import { ccdma, schemaOf } from './run.ts';

test('one kind of mapping', async () => {
  const { code, out } = await ccdma([
    'decide',
    'map',
    '--platform',
    'tdx',
    '--device',
    'untrusted',
    '--attrs',
    'MMIO',
  ]);
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "Mappings: dma_map_phys, v5

    In all rows: platform tdx, device untrusted, without CC_SHARED, with MMIO, without REQUIRE_COHERENT,
    without SKIP_CPU_SYNC, swiotlb default, dynamic on, remap off, coherent-pool on, restricted-pool
    off, coherence coherent, uncached none, mask 64, iommu off, xen off. Without influence: context,
    size, memory, buffer, port, pool.

    comes from  converted  address says  why refused
    ----------  ---------  ------------  -----------
    MMIO        no         shared

    An address has no bit for it on tdx: it is told as the code means it.
    "
  `);
});

test('attributes in any order, with or without their prefix, joined by a comma or a bar', async () => {
  const ask = (attrs: string) => ccdma(['decide', 'map', '--platform', 'snp', '--attrs', attrs]);
  const { out } = await ask('CC_SHARED|MMIO');
  expect((await ask('DMA_ATTR_MMIO,DMA_ATTR_CC_SHARED')).out).toBe(out);
});

test('--why: the questions that lead to an answer', async () => {
  const { out } = await ccdma([
    'decide',
    'map',
    '--platform',
    'sme',
    '--attrs',
    'REQUIRE_COHERENT',
    '--option',
    'mask=32',
    '--request',
    'size=fits',
    '--why',
  ]);
  expect(out).toContain('dma_capable → direct.falling');
  expect(out).toContain('is_swiotlb_active → refused.mayNotBounce');
});

test.each([['map'], ['alloc'], ['alloc-pages']])(
  '%s --json is as published, for several series',
  async (op) => {
    const { code, out } = await ccdma([
      'decide',
      op,
      '--platform',
      'cca',
      '--series',
      'baseline',
      '--series',
      'v5',
      '--json',
    ]);
    const validate = schemaOf('decide');
    const body = JSON.parse(out);
    expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
    expect(body.results.map(({ series }: { series: string }) => series)).toEqual(['baseline', 'v5']);
    expect(code).toBe(0);
  },
);

describe('what does not exist or cannot be had: one line, exit code 2', () => {
  test.each([
    ['decide mapp', "unknown request 'mapp'; accepted: map, alloc, alloc-pages; nearest: map"],
    [
      'decide map --attrs MIMO',
      "unknown attribute 'MIMO'; accepted: CC_SHARED, MMIO, REQUIRE_COHERENT, SKIP_CPU_SYNC; nearest: MMIO",
    ],
    ['decide map --attrs none|MMIO', "--attrs none|MMIO: 'none' stands alone"],
    ['decide map --context sleepy', "unknown context 'sleepy'; accepted: process, atomic; nearest: process"],
    ['decide map --platform tdxx', /^unknown platform 'tdxx'; .*nearest: tdx$/],
    ['decide map --device thrusted', /^unknown option 'device=thrusted'; .*nearest: device=trusted$/],
    ['decide map --request size=fit', /^unknown request 'size=fit'; .*nearest: size=fits$/],
    [
      'decide map --device trusted --option device=untrusted',
      /device is given as 'untrusted' and as 'trusted'/,
    ],
    [
      'decide map --platform sev --option remap=on',
      /^remap=on cannot be had on sev: x86 never has DMA_DIRECT_REMAP/,
    ],
    [
      'decide map --platform sme --device trusted',
      /^device=trusted cannot be had on sme: only a confidential guest/,
    ],
  ])('%s', async (line, message) => {
    const { code, out, err } = await ccdma(line.split(' '));
    expect([code, out]).toEqual([2, '']);
    const said = err.trimEnd().replace(/^ccdma: /, '');
    expect(said.split('\n')).toHaveLength(1);
    if (typeof message === 'string') expect(said).toBe(message);
    else expect(said).toMatch(message);
  });
});
