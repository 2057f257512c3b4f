import { describe, expect, test } from 'vitest';
import {
  alloc,
  balance,
  failing,
  faults,
  free,
  got,
  kernel,
  leaked,
  names,
  uncertain,
  type World,
} from './bench.ts';

const twice =
  (...fails: Parameters<typeof failing>[0][]): World =>
  (step) =>
    fails.includes(step) ? 'fail' : 'ok';

/** Every conversion back fails at its first question. */
const neverBack: World = (step, n) =>
  step === 'vmap' || (step === 'conversion_begin' && n > 0) ? 'fail' : 'ok';

describe('dma_direct_alloc gives everything back', () => {
  test.each([
    ['no pages, from CMA neither', 'tdx', {}, twice('alloc_pages', 'cma_alloc')],
    ['no alias, the pages are encrypted first', 'cca', { coherence: 'non-coherent' }, failing('vmap')],
    [
      'no uncached mapping',
      'plain',
      { coherence: 'non-coherent', uncached: 'uncached' },
      failing('arch_dma_set_uncached'),
    ],
    [
      'nothing from the architecture',
      'plain',
      { coherence: 'non-coherent', uncached: 'arch' },
      failing('arch_dma_alloc'),
    ],
  ] as const)('%s', (_, platform, options, world) => {
    const k = kernel(platform, 'v5', options, { cmaPages: 16 });
    const before = balance(k);
    const records = alloc(k, {}, world);
    expect(got(k)).toBeNull();
    expect(faults(records)).toEqual([]);
    expect(balance(k)).toEqual(before);
  });
});

describe('pages in uncertain state are leaked, and only they', () => {
  test.each([
    ['a failed decrypt', 'tdx', {}, failing('host_call')],
    ['a failed decrypt of pages', 'snp', { fn: 'dma_alloc_pages' as const }, failing('conversion_end')],
    ['an alias fails, and the conversion back', 'cca', {}, neverBack],
  ] as const)('%s', (_, platform, asked, world) => {
    const options = platform === 'cca' ? ({ coherence: 'non-coherent' } as const) : {};
    const k = kernel(platform, 'v5', options);
    const before = kernel(platform, 'v5', options);
    alloc(k, asked, world);
    expect(got(k)).toBeNull();
    const lost = leaked(k, before);
    expect(lost).toHaveLength(2);
    expect(lost.every((phys) => uncertain(k, phys))).toBe(true);
    expect(k.state.memory.vmap).toEqual(before.state.memory.vmap);
  });

  test('a free whose encrypt fails', () => {
    const k = kernel('tdx', 'v5');
    const before = kernel('tdx', 'v5');
    alloc(k);
    expect(names(free(k, {}, failing('conversion_begin')))).not.toContain('__free_pages');
    expect(leaked(k, before)).toHaveLength(2);
  });
});

test('before 11 a failed alias frees pages that nobody had converted', () => {
  const k = kernel('cca', 'prefix:10', { coherence: 'non-coherent' });
  const before = balance(k);
  expect(names(alloc(k, {}, failing('vmap')))).toEqual([
    'alloc_pages',
    'vmap',
    '__free_pages',
    'dma_alloc_attrs_ret',
  ]);
  expect(balance(k)).toEqual(before);
});

test('a request that does not block gets nothing without atomic pools, and the kernel says so', () => {
  for (const fn of ['dma_alloc_attrs', 'dma_alloc_pages'] as const) {
    const k = kernel('tdx', 'v5', { 'coherent-pool': 'off' });
    expect(names(alloc(k, { fn, context: 'atomic' }))).toEqual(['WARN', `${fn}_ret`]);
  }
});

test('a device that is not coherent where nothing can be made so', () => {
  const k = kernel('plain', 'v5', { coherence: 'non-coherent', uncached: 'none' });
  expect(names(alloc(k))).toEqual(['WARN', 'dma_alloc_attrs_ret']);
});

describe('memory that the device cannot reach', () => {
  const sizes = { dmaZonePages: 16, normalZonePages: 16, coherentMaskBits: 30 };

  test('is given back, and the next lower zone tried', () => {
    // The zone of the mask is dma32, and its pages lie low enough here.
    const k = kernel('plain', 'v5', {}, sizes);
    expect(alloc(k).find((r) => r.step === 'alloc_pages')!.args).toMatchObject({ zone: 'dma32' });
    expect(got(k)!.dma).toBeLessThan(2 ** 30);
  });

  test('until there is no zone left', () => {
    const k = kernel('plain', 'v5', {}, { ...sizes, coherentMaskBits: 20 });
    const before = balance(k);
    expect(names(alloc(k, { bytes: 4096 }))).toEqual(['alloc_pages', '__free_pages', 'dma_alloc_attrs_ret']);
    expect(balance(k)).toEqual(before);
  });

  test('from normal by dma32 to dma', () => {
    // A shared address of a realm has bit 47 set, which such a mask never holds.
    const k = kernel('cca', 'v5', {}, { ...sizes, coherentMaskBits: 40 });
    const before = balance(k);
    const records = alloc(k, { bytes: 4096 });
    const zones = records.filter((r) => r.step === 'alloc_pages').map((r) => r.args.zone);
    expect(zones).toEqual([undefined, 'dma32', 'dma']);
    expect(got(k)).toBeNull();
    expect(balance(k)).toEqual(before);
  });
});

test('global pool: blocks of a power of two, and back', () => {
  const k = kernel('plain', 'v5', { coherence: 'non-coherent', uncached: 'global' });
  const before = balance(k);
  expect(names(alloc(k, { bytes: 12288 }))).toEqual([
    'dma_alloc_from_global_coherent',
    'dma_alloc_attrs_ret',
  ]);
  expect(k.state.globalPool!.bits.slice(0, 5)).toEqual([1, 1, 1, 1, 0]);
  alloc(k, { driver: 1, context: 'atomic' });
  expect(names(free(k))).toEqual(['dma_release_from_global_coherent', 'dma_free_attrs_ret']);
  free(k, { driver: 1 });
  expect(balance(k)).toEqual(before);
  expect(names(alloc(k, { bytes: 2 ** 20 }))).toEqual([
    'dma_alloc_from_global_coherent',
    'dma_alloc_attrs_ret',
  ]);
  expect(got(k)).toBeNull();
});

test('uncached and arch memory goes back as it came', () => {
  for (const uncached of ['uncached', 'arch'] as const) {
    const k = kernel('plain', 'v5', { coherence: 'non-coherent', uncached });
    const before = balance(k);
    expect(faults(alloc(k))).toEqual([]);
    expect(balance(k)).not.toEqual(before);
    expect(faults(free(k))).toEqual([]);
    expect(balance(k)).toEqual(before);
  }
});

test('a free with interrupts off warns, and dma_free_pages does not', () => {
  const k = kernel('plain', 'v5');
  alloc(k);
  expect(names(free(k, { context: 'atomic' }))).toContain('WARN');
  alloc(k, { fn: 'dma_alloc_pages' });
  expect(names(free(k, { context: 'atomic' }))).not.toContain('WARN');
});
