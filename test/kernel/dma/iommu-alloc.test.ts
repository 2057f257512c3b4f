import { describe, expect, test } from 'vitest';
import { busToPhys, deviceFault } from '../../../src/kernel/device.ts';
import { translate } from '../../../src/kernel/memory.ts';
import { alloc, balance, failing, faults, free, got, kernel, names, run, type World } from './bench.ts';

const IOMMU = { iommu: 'on' } as const;

test('a request that may block: single pages, one alias, one range of IO virtual addresses', () => {
  const k = kernel('plain', 'v5', IOMMU);
  const before = balance(k);
  expect(names(alloc(k))).toEqual([
    'kvcalloc',
    'alloc_pages',
    'alloc_pages',
    'iommu_map',
    'vmap',
    'dma_alloc_attrs_ret',
  ]);
  const { cpu_addr, dma } = got(k)!;
  for (const offset of [0, 4096]) {
    expect(busToPhys(k, 0, dma + offset)).toBe(translate(k.state.memory, cpu_addr + offset)!.phys);
    expect(deviceFault(k, 0, dma + offset)).toBeNull();
  }
  expect(names(free(k))).toEqual([
    'iommu_unmap',
    'vunmap',
    '__free_pages',
    '__free_pages',
    'kvfree',
    'dma_free_attrs_ret',
  ]);
  expect(balance(k)).toEqual(before);
});

describe('whatever fails, everything goes back', () => {
  test.each([
    ['kvcalloc', 'process'],
    ['alloc_pages', 'process'],
    ['iommu_map', 'process'],
    ['vmap', 'process'],
    ['alloc_pages', 'atomic'],
    ['iommu_map', 'atomic'],
  ] as const)('%s in %s context', (step, context) => {
    const last: World = (name, n) => (name === step && (step !== 'alloc_pages' || n === 1) ? 'fail' : 'ok');
    const k = kernel('plain', 'v5', IOMMU);
    const before = balance(k);
    const records = alloc(k, { context }, context === 'atomic' ? failing(step) : last);
    expect(got(k)).toBeNull();
    expect(faults(records)).toEqual([]);
    expect(balance(k)).toEqual(before);
  });

  test('contiguous memory that must be remapped, and cannot be', () => {
    const k = kernel('plain', 'v5', { ...IOMMU, remap: 'on', coherence: 'non-coherent' });
    const before = balance(k);
    alloc(k, { attrs: 'FORCE_CONTIGUOUS' }, failing('vmap'));
    expect(balance(k)).toEqual(before);
    alloc(k, { attrs: 'FORCE_CONTIGUOUS' });
    expect(names(free(k))).toEqual([
      'iommu_unmap',
      'dma_free_from_pool',
      'vunmap',
      '__free_pages',
      'dma_free_attrs_ret',
    ]);
    expect(balance(k)).toEqual(before);
  });
});

test('atomic, not coherent, with REMAP: the atomic pool, in the state of the attributes, its address unchecked', () => {
  const options = { ...IOMMU, remap: 'on', coherence: 'non-coherent' } as const;
  const k = kernel('plain', 'v5', options);
  const before = balance(k);
  expect(names(alloc(k, { context: 'atomic' }))).toEqual([
    'gen_pool_alloc',
    'iommu_map',
    'dma_alloc_attrs_ret',
  ]);
  expect(names(free(k))).toEqual(['iommu_unmap', 'dma_free_from_pool', 'dma_free_attrs_ret']);
  expect(balance(k)).toEqual(before);
  expect(names(alloc(k, { context: 'atomic' }, failing('iommu_map')))).toContain('dma_free_from_pool');
  expect(balance(k)).toEqual(before);
});

test('dma_alloc_pages: pages, mapped like a streaming buffer', () => {
  const k = kernel('plain', 'v5', IOMMU);
  const before = balance(k);
  expect(names(alloc(k, { fn: 'dma_alloc_pages' }))).toEqual([
    'alloc_pages',
    'iommu_map',
    'memset',
    'dma_alloc_pages_ret',
  ]);
  free(k);
  expect(balance(k)).toEqual(before);
  alloc(k, { fn: 'dma_alloc_pages' }, failing('iommu_map'));
  expect(balance(k)).toEqual(before);
});

test('on an SME host the entry carries the C-bit: private memory, and the address needs none', () => {
  const k = kernel('sme', 'v5', { ...IOMMU, mask: '32' });
  alloc(k);
  expect(deviceFault(k, 0, got(k)!.dma)).toBeNull();
});

test('nothing behind an IOMMU is converted: a forced device is given private memory', () => {
  const k = kernel('tdx', 'v5', IOMMU);
  alloc(k);
  expect(deviceFault(k, 0, got(k)!.dma)).toBe('the host does not share the page');
});

describe('Xen on x86', () => {
  const XEN = { xen: 'on' } as const;

  test('pages, and back', () => {
    const k = kernel('plain', 'v5', XEN);
    const before = balance(k);
    expect(names(alloc(k))).toEqual(['alloc_pages', 'memset', 'dma_alloc_attrs_ret']);
    expect(names(free(k))).toEqual(['__free_pages', 'dma_free_attrs_ret']);
    expect(balance(k)).toEqual(before);
    expect(faults([...alloc(k, { fn: 'dma_alloc_pages' }), ...free(k)])).toEqual([]);
    expect(balance(k)).toEqual(before);
  });

  test('an exchange of memory that the device cannot reach', () => {
    const k = kernel('plain', 'v5', { ...XEN, mask: '32' }, { normalZonePages: 16 });
    const before = balance(k);
    alloc(k);
    expect(got(k)!.dma).toBeLessThan(2 ** 32);
    expect(busToPhys(k, 0, got(k)!.dma)).toBeGreaterThanOrEqual(2 ** 32);
    expect(names(free(k))).toEqual(['iommu_unmap', '__free_pages', 'dma_free_attrs_ret']);
    expect(balance(k)).toEqual(before);
    alloc(k, {}, failing('iommu_map'));
    expect(got(k)).toBeNull();
    expect(balance(k)).toEqual(before);
  });
});

describe('mmap', () => {
  const toUser = (platform: string, series: string, options = {}, attrs = '') => {
    const k = kernel(platform, series, options);
    alloc(k, { attrs });
    return [...k.stimulate('mmap', { driver: 0 }), ...run(k, 'driver/0')];
  };

  test('a forced device: decrypted', () => {
    const records = toUser('cca', 'v5');
    expect(records.find((r) => r.step === 'remap_pfn_range')!.args).toMatchObject({ prot: 'decrypted' });
    expect(faults(records)).toEqual([]);
  });

  test('scattered pages', () => {
    const records = toUser('plain', 'v5', IOMMU);
    expect(names(records)).toEqual(['remap_pfn_range', 'dma_mmap_attrs_ret']);
    expect(faults(records)).toEqual([]);
  });

  test('a device accepted in between asks for an encrypted mapping of shared memory', () => {
    const k = kernel('cca', 'v5');
    alloc(k);
    k.stimulate('accept', { device: 0 });
    const records = [...k.stimulate('mmap', { driver: 0 }), ...run(k, 'driver/0')];
    expect(faults(records)[0]!.because).toBe(
      'mapped private to user space, but the page is shared with the host',
    );
  });
});
