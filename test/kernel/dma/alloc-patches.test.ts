import { describe, expect, test } from 'vitest';
import { deviceFault, encodingOf } from '../../../src/kernel/device.ts';
import { HOST_SHARED, PAGE_OFFSET, pageIndex, VMALLOC_START } from '../../../src/kernel/memory.ts';
import { isFree } from '../../../src/kernel/page-alloc.ts';
import { alloc, balance, failing, faults, free, got, kernel, names, run } from './bench.ts';

/** Steps inside a conversion, which each platform has of its own. */
const CONVERSION = /^(conversion_begin|host_call|conversion_end|set_memory_.*_ret)$/;
const outline = (records: Parameters<typeof names>[0]): string[] =>
  names(records).filter((s) => !CONVERSION.test(s));

test('a coherent allocation of a forced device, there and back', () => {
  const k = kernel('tdx', 'v5');
  const before = balance(k);
  expect(outline(alloc(k))).toEqual(['alloc_pages', 'set_memory_decrypted', 'memset', 'dma_alloc_attrs_ret']);
  const { dma } = got(k)!;
  expect(deviceFault(k, 0, dma)).toBeNull();
  expect(outline(free(k))).toEqual([
    'dma_free_from_pool',
    'READ_ONCE',
    'set_memory_encrypted',
    '__free_pages',
    'dma_free_attrs_ret',
  ]);
  expect(balance(k)).toEqual(before);
});

describe('patch 3: slots of a restricted pool are converted with their pool only', () => {
  test.each(['dma_alloc_attrs', 'dma_alloc_pages'] as const)('%s', (fn) => {
    const before3 = kernel('pkvm', 'prefix:2');
    const clean = balance(before3);
    expect(outline(alloc(before3, { fn }))).toContain('set_memory_decrypted');
    expect(outline(free(before3))).toContain('set_memory_encrypted');
    // The slots are private now, in a pool that is shared.
    expect(balance(before3)).not.toEqual(clean);

    const from3 = kernel('pkvm', 'prefix:3');
    const all = balance(from3);
    const steps = [...alloc(from3, { fn }), ...free(from3)];
    expect(steps.filter((r) => r.step.startsWith('set_memory'))).toEqual([]);
    expect(balance(from3)).toEqual(all);
  });

  test('a pool that is full gives no normal pages', () => {
    const k = kernel('pkvm', 'v5', {}, { restrictedSlabs: 128 });
    const records = alloc(k, { bytes: 2 ** 20 });
    expect(got(k)).toBeNull();
    expect(names(records)).not.toContain('alloc_pages');
  });
});

describe('patch 4: attributes', () => {
  test('CC_SHARED from a caller: ignored before, refused from 4 on', () => {
    const before4 = kernel('plain', 'prefix:3');
    alloc(before4, { attrs: 'CC_SHARED' });
    expect(got(before4)).not.toBeNull();
    expect(names(free(before4))).not.toContain('WARN');

    const v5 = kernel('plain', 'v5');
    expect(names(alloc(v5, { attrs: 'CC_SHARED' }))).toEqual(['dma_alloc_attrs_ret']);
    expect(got(v5)).toBeNull();
  });

  test('NO_KERNEL_MAPPING: a cookie for a device that is not forced, mapped memory for one that is', () => {
    const plain = kernel('plain', 'v5');
    expect(names(alloc(plain, { attrs: 'NO_KERNEL_MAPPING' }))).toEqual([
      'alloc_pages',
      'dma_alloc_attrs_ret',
    ]);
    expect(got(plain)).toMatchObject({ cpu_addr: 0, page: got(plain)!.dma });
    expect(names(free(plain))).toEqual(['__free_pages', 'dma_free_attrs_ret']);

    const tdx = kernel('tdx', 'v5');
    alloc(tdx, { attrs: 'NO_KERNEL_MAPPING' });
    expect(got(tdx)!.cpu_addr).toBeGreaterThan(PAGE_OFFSET);
  });

  test('a device accepted in between: the free asks force anew, takes the address for a cookie', () => {
    const k = kernel('cca', 'v5');
    alloc(k, { attrs: 'NO_KERNEL_MAPPING' });
    k.stimulate('accept', { device: 0 });
    expect(faults(free(k))[0]).toMatchObject({ kind: 'bad-page' });
  });
});

describe('patch 5: atomic pools in the state that is wanted', () => {
  const options = { coherence: 'non-coherent', device: 'trusted' } as const;

  test('before: shared memory for a device that wants private', () => {
    const k = kernel('cca', 'prefix:4', options);
    alloc(k, { context: 'atomic' });
    expect(deviceFault(k, 0, got(k)!.dma)).toBe('the address says private, the memory is shared');
  });

  test('from 5: no pool suits, and the kernel says so', () => {
    const k = kernel('cca', 'prefix:5', options);
    expect(names(alloc(k, { context: 'atomic' }))).toEqual(['WARN', 'dma_alloc_attrs_ret']);
  });
});

test('patch 8 changes no step: the callers added by hand what dma_pgprot now decides', () => {
  for (const platform of ['cca', 'pkvm', 'sme', 'tdx', 'plain'])
    for (const [before, after] of [
      ['prefix:7', 'prefix:8'],
      ['without:8', 'v5'],
    ] as const) {
      const of = (series: string): unknown => {
        const k = kernel(platform, series, platform === 'cca' ? { coherence: 'non-coherent' } : {});
        const mapped = alloc(k);
        k.stimulate('mmap', { driver: 0 });
        return [mapped, run(k, 'driver/0'), free(k)];
      };
      expect(of(after)).toEqual(of(before));
    }
});

describe('patch 11: remapped memory is converted', () => {
  const options = { coherence: 'non-coherent' } as const;

  test('before: a shared address of private pages', () => {
    const k = kernel('cca', 'prefix:10', options);
    const records = alloc(k);
    expect(outline(records)).toEqual(['alloc_pages', 'vmap', 'memset', 'dma_alloc_attrs_ret']);
    expect(faults(records)[0]).toMatchObject({
      because: 'mapped shared, but the host does not share the page',
    });
    expect(deviceFault(k, 0, got(k)!.dma)).toBe('the address says shared, the memory is private');
  });

  test('from 11: converted first, then mapped; freed the other way round', () => {
    const k = kernel('cca', 'v5', options);
    const before = balance(k);
    const records = alloc(k);
    expect(outline(records)).toEqual([
      'alloc_pages',
      'set_memory_decrypted',
      'vmap',
      'memset',
      'dma_alloc_attrs_ret',
    ]);
    expect(faults(records)).toEqual([]);
    expect(deviceFault(k, 0, got(k)!.dma)).toBeNull();
    expect(got(k)!.cpu_addr).toBeGreaterThanOrEqual(VMALLOC_START);
    expect(outline(free(k)).slice(-4)).toEqual([
      'vunmap',
      'set_memory_encrypted',
      '__free_pages',
      'dma_free_attrs_ret',
    ]);
    expect(balance(k)).toEqual(before);
  });

  test('a CMA page of highmem is given back when shared memory is wanted', () => {
    const sizes = { cmaPages: 16, cmaHighmem: true };
    const shared = kernel('tdx', 'v5', {}, sizes);
    expect(names(alloc(shared)).slice(0, 3)).toEqual(['cma_alloc', 'cma_release', 'alloc_pages']);
    const plain = kernel('plain', 'v5', {}, sizes);
    expect(names(alloc(plain))).toEqual(['cma_alloc', 'vmap', 'memset', 'dma_alloc_attrs_ret']);
    expect(names(free(plain))).toEqual([
      'dma_free_from_pool',
      'READ_ONCE',
      'vunmap',
      'cma_release',
      'dma_free_attrs_ret',
    ]);
  });
});

test('patch 12: the encoding is that of the memory, though the device is accepted meanwhile', () => {
  for (const [series, says] of [
    ['prefix:11', 'private'],
    ['prefix:12', 'shared'],
  ] as const) {
    const k = kernel('cca', series);
    k.stimulate('alloc', { driver: 0, fn: 'dma_alloc_attrs', context: 'process', bytes: 4096, attrs: '' });
    while (k.pending()[0]!.step.name !== 'memset') {
      const { answers } = k.pending()[0]!.step;
      k.resume('driver/0', ...(answers === undefined ? [] : ['ok' as const]));
    }
    k.stimulate('accept', { device: 0 });
    run(k, 'driver/0');
    expect(encodingOf(k, got(k)!.dma)).toBe(says);
    const index = pageIndex(k.state.memory, got(k)!.cpu_addr - PAGE_OFFSET);
    expect(k.state.memory.codes[index]! & HOST_SHARED).not.toBe(0);
  }
});

describe('patch 15: pages from the atomic pool', () => {
  test('before: a CPU address is handed out as a page', () => {
    const k = kernel('cca', 'prefix:14');
    const records = alloc(k, { fn: 'dma_alloc_pages', context: 'atomic' });
    expect(got(k)!.page).toBeGreaterThanOrEqual(VMALLOC_START);
    // The driver's first use of the page goes nowhere, and so does the free.
    expect(faults(records).map((f) => f.kind)).toEqual(['bad-page', 'cpu-access', 'cpu-access']);
    expect(faults(free(k, { context: 'atomic' })).map((f) => f.kind)).toContain('bad-page');
  });

  test('from 15: the page', () => {
    const k = kernel('cca', 'prefix:15');
    expect(faults(alloc(k, { fn: 'dma_alloc_pages', context: 'atomic' }))).toEqual([]);
    expect(got(k)!.page).toBe(k.state.atomicPools[0]!.pool.chunks[0]!.phys);
  });
});

describe('patch 16: the success of the pool behind an IOMMU', () => {
  const options = { iommu: 'on', coherence: 'non-coherent' } as const;
  const emptyPool = (series: string) => {
    const k = kernel('plain', series, { ...options, remap: 'on' });
    k.state.atomicPools[0]!.pool.chunks[0]!.bits.fill(1);
    return k;
  };

  test('before: what an unwritten variable holds decides', () => {
    const lucky = emptyPool('prefix:15');
    expect(names(alloc(lucky, { context: 'atomic' })).slice(-2)).toEqual([
      'uninitialised',
      'dma_alloc_attrs_ret',
    ]);
    expect(got(lucky)).toBeNull();
    const unlucky = emptyPool('prefix:15');
    const records = alloc(unlucky, { context: 'atomic' }, failing('uninitialised'));
    expect(faults(records)[0]).toMatchObject({ because: 'page_to_phys of a NULL page' });
    expect(got(unlucky)).not.toBeNull();
  });

  test('from 16: null', () => {
    const k = emptyPool('prefix:16');
    expect(names(alloc(k, { context: 'atomic' }))).toEqual(['gen_pool_alloc', 'dma_alloc_attrs_ret']);
    expect(got(k)).toBeNull();
  });
});

describe('patch 19: pages of a remapped atomic pool', () => {
  test.each([
    ['without:19', false],
    ['v5', true],
  ] as const)('%s: back in the pool: %s', (series, back) => {
    const k = kernel('cca', series);
    const before = balance(k);
    alloc(k, { fn: 'dma_alloc_pages', context: 'atomic' });
    const { page } = got(k)!;
    free(k);
    expect(isFree(k.state.buddy, page)).toBe(!back);
    if (back) expect(balance(k)).toEqual(before);
    else expect(balance(k)).not.toEqual(before);
  });
});
