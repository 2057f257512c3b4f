/** What the specification says of allocation and free: one example, what fails without each patch, what fails with all. */
import { describe, expect, test } from 'vitest';
import { checkSubject, networkOf } from '../../src/conformance/subject.ts';
import { runPath, viewOf } from '../../src/lts/index.ts';
import type { Options } from '../../src/series/index.ts';
import { type AllocationSystem, allocationSubject } from './allocation-subjects.ts';

test('a driver in a TDX guest allocates a queue, and frees it: what is shared is private again', () => {
  const network = networkOf(allocationSubject('allocation', 'v5', 'tdx'));
  const steps = [
    'dma_alloc_attrs[attrs=none,by=driver,ctx=process]',
    'cma_alloc[by=driver,page=none]',
    'alloc_pages[by=driver,ok=true]',
    'set_memory_decrypted[buf=A,by=driver]',
    'decrypt_begin[buf=A,by=driver,ok=true]',
    'decrypt_host_call[buf=A,by=driver,ok=true,range=0]',
    'decrypt_host_call[buf=A,by=driver,ok=true,range=1]',
    'set_memory_decrypted_ret[buf=A,by=driver,ret=ok]',
    'memset[by=driver]',
    'dma_alloc_attrs_ret[addr=unencoded,by=driver,got=linear]',
    'dma_free_attrs[by=driver,ctx=process,got=linear]',
    'dma_free_from_pool[by=driver,in=free,owned=false]',
    'set_memory_encrypted[buf=A,by=driver,in=free]',
    'encrypt_begin[buf=A,by=driver,ok=true]',
    'encrypt_host_call[buf=A,by=driver,ok=true,range=0]',
    'encrypt_host_call[buf=A,by=driver,ok=true,range=1]',
    'encrypt_end[buf=A,by=driver,ok=true]',
    'set_memory_encrypted_ret[buf=A,by=driver,in=free,ret=ok]',
    'free_pages[buf=A,by=driver,in=free]',
    'dma_free_attrs_ret[by=driver]',
  ];
  const path = steps.map((label) => network.events.findIndex((event) => event.label === label));
  const states = runPath(network, path);
  const range = states.map((state) => JSON.stringify(viewOf(network, state).local('range[A1]').value));
  expect([...new Set(range)]).toEqual(['"private"', '{"uncertain":"entryShared"}', '"shared"']);
  expect(states.at(-1)).toEqual(network.initial);
});

/** `property at function`, of every violation; the calls that a free makes where it must not sleep apart. */
function broken(system: AllocationSystem, series: string, platform: string, options: Partial<Options> = {}) {
  const { verdicts } = checkSubject(allocationSubject(system, series, platform, options));
  return verdicts
    .filter(({ kind }) => kind !== 'leads-to')
    .flatMap(({ name, counterexamples }) => counterexamples.map(({ site }) => `${name} at ${site}`))
    .filter((text) => !SLEEPING_FREES.includes(text));
}
const SLEEPING_FREES = [
  'no-sleep-in-atomic at dma_direct_free',
  'no-sleep-in-atomic at dma_direct_free_pages',
  'no-sleep-in-atomic at iommu_dma_free',
];
const NC: Partial<Options> = { coherence: 'non-coherent' };
const SLOTS: Partial<Options> = { 'restricted-pool': 'on' };

describe('machines without a patch fail in the known way', () => {
  test('1: without it a pKVM guest gives its devices memory that they cannot reach', () => {
    const alone = { 'restricted-pool': 'off' } as const;
    expect(broken('allocation', 'baseline', 'pkvm', alone)).toEqual(['device-can-reach at dma_direct_alloc']);
    expect(broken('allocation', 'prefix:1', 'pkvm', alone)).toEqual([]);
  });

  test('3: slots of a restricted pool are converted, once more on allocation, and to private on free', () => {
    expect(broken('allocation', 'without:3', 'pkvm')).toEqual([
      'pool-tells-the-truth at dma_direct_free',
      'free-undoes-alloc at dma_direct_alloc',
      'free-undoes-alloc at dma_direct_free',
    ]);
    expect(broken('allocation-pages', 'without:3', 'pkvm')).toEqual([
      'pool-tells-the-truth at dma_direct_free_pages',
      'free-undoes-alloc at dma_direct_alloc_pages',
      'free-undoes-alloc at dma_direct_free_pages',
    ]);
  });

  test('5, 7: a device that is not forced is given shared memory of a pool, with an address that says private', () => {
    const accepted = { ...NC, device: 'trusted' } as const;
    expect(broken('allocation', 'prefix:4', 'cca', accepted)).toContain(
      'address-matches-memory at dma_direct_alloc',
    );
    expect(broken('allocation', 'prefix:5', 'cca', accepted)).toEqual([]);
    const slots = { ...SLOTS, device: 'trusted' } as const;
    expect(broken('allocation', 'prefix:6', 'cca', slots)).toContain(
      'address-matches-memory at dma_direct_alloc',
    );
    expect(broken('allocation', 'prefix:7', 'cca', slots)).toEqual([]);
  });

  test('8: a protection is no longer left as it is; where it was, it said the same', () => {
    expect(broken('allocation', 'without:8', 'cca')).toEqual([]);
    expect(broken('allocation', 'without:8', 'sme')).toEqual([]);
  });

  test('11: what is remapped for a forced device is not shared, though address and alias say so', () => {
    expect(broken('allocation', 'without:11', 'cca', NC)).toEqual([
      'address-matches-memory at dma_direct_alloc',
      'device-can-reach at dma_direct_alloc',
      'data-arrives at dma_direct_alloc',
      'data-arrives at dma_mmap_attrs',
    ]);
    expect(broken('allocation', 'v5', 'cca', NC)).toEqual([]);
  });

  test('15: an address is handed out as if it were a page', () => {
    expect(broken('allocation-pages', 'without:15', 'tdx')).toEqual(['one-owner at dma_direct_alloc_pages']);
  });

  test('16: with the pool empty, an IOVA is made for no page at all', () => {
    expect(broken('allocation', 'without:16', 'cca', { ...NC, iommu: 'on' })).toContain(
      'no-exposure at iommu_dma_alloc',
    );
    expect(broken('allocation', 'v5', 'cca', { ...NC, iommu: 'on' })).not.toContain(
      'no-exposure at iommu_dma_alloc',
    );
  });

  test('19: with DMA_DIRECT_REMAP a page of the atomic pool is encrypted and freed', () => {
    expect(broken('allocation-pages', 'without:19', 'cca')).toEqual([
      'one-owner at dma_direct_free_pages',
      'pool-tells-the-truth at dma_direct_free_pages',
      'free-undoes-alloc at dma_direct_free_pages',
    ]);
    expect(broken('allocation-pages', 'without:19', 'tdx')).toEqual([]);
  });
});

describe('what the whole series leaves as it was', () => {
  const because = (
    system: AllocationSystem,
    platform: string,
    name: string,
    options: Partial<Options> = {},
  ) =>
    checkSubject(allocationSubject(system, 'v5', platform, options)).verdicts.find(
      (one) => one.name === name,
    )!.because;

  test('a free has no gfp: with a spinlock held it converts all the same', () => {
    for (const system of ['allocation', 'allocation-pages'] as const) {
      expect(because(system, 'tdx', 'no-sleep-in-atomic')).toBe(
        'set_memory_encrypted() may sleep, and is called with a spinlock held',
      );
      // No conversion there sleeps.
      expect(because(system, 'pkvm', 'no-sleep-in-atomic', { 'restricted-pool': 'off' })).toBeNull();
      expect(because(system, 's390-pv', 'no-sleep-in-atomic')).toBeNull();
    }
  });

  test('slots of a restricted pool are remapped for a device that is not coherent, also where one must not sleep', () => {
    expect(broken('allocation', 'v5', 'pkvm', NC)).toEqual(['no-sleep-in-atomic at dma_direct_alloc']);
  });

  test('behind an IOMMU nobody asks what the device can reach, nor refuses CC_SHARED', () => {
    expect(broken('allocation', 'v5', 'tdx', { iommu: 'on' })).toEqual([
      'device-can-reach at iommu_dma_alloc',
      'data-arrives at iommu_dma_alloc',
      'data-arrives at dma_mmap_attrs',
    ]);
    expect(broken('allocation-pages', 'v5', 'tdx', { iommu: 'on' })).toEqual([
      'device-can-reach at dma_common_alloc_pages',
    ]);
    // There every entry of the IOMMU says itself that memory is private.
    expect(broken('allocation-pages', 'v5', 'sme', { iommu: 'on', mask: '32' })).toEqual([]);
  });
});

describe('states and transitions, as reviewed', () => {
  const COUNTS: readonly [AllocationSystem, string, string, Partial<Options>, number, number][] = [
    ['allocation', 'v5', 'sev', {}, 608, 1512],
    ['allocation', 'v5', 'snp', {}, 678, 1498],
    ['allocation', 'v5', 'tdx', {}, 678, 1680],
    ['allocation', 'v5', 'vtom', {}, 776, 1848],
    ['allocation', 'v5', 'cca', {}, 692, 1680],
    ['allocation', 'v5', 'pkvm', {}, 107, 285],
    ['allocation', 'v5', 's390-pv', {}, 57, 70],
    ['allocation', 'v5', 'ppc-svm', {}, 67, 94],
    ['allocation', 'v5', 'sme', {}, 46, 67],
    ['allocation', 'v5', 'plain', {}, 46, 67],
    ['allocation', 'baseline', 'cca', {}, 690, 1676],
    ['allocation', 'v5', 'cca', { coherence: 'non-coherent' }, 874, 2100],
    ['allocation', 'without:11', 'cca', { coherence: 'non-coherent' }, 276, 665],
    ['allocation', 'v5', 'cca', { device: 'trusted' }, 46, 67],
    ['allocation', 'prefix:1', 'pkvm', {}, 443, 1277],
    ['allocation', 'without:19', 'cca', {}, 692, 1680],
    ['allocation', 'v5', 'tdx', { iommu: 'on' }, 64, 96],
    ['allocation', 'v5', 'cca', { iommu: 'on', coherence: 'non-coherent' }, 168, 417],
    ['allocation', 'v5', 'cca', { mask: '32' }, 30, 90],
    ['allocation', 'v5', 'sme', { mask: '32' }, 566, 1386],
    ['allocation-pages', 'v5', 'sev', {}, 562, 1314],
    ['allocation-pages', 'v5', 'snp', {}, 632, 1300],
    ['allocation-pages', 'v5', 'tdx', {}, 632, 1482],
    ['allocation-pages', 'v5', 'vtom', {}, 730, 1650],
    ['allocation-pages', 'v5', 'cca', {}, 646, 1482],
    ['allocation-pages', 'v5', 'pkvm', {}, 97, 207],
    ['allocation-pages', 'v5', 's390-pv', {}, 53, 58],
    ['allocation-pages', 'v5', 'ppc-svm', {}, 59, 76],
    ['allocation-pages', 'v5', 'sme', {}, 24, 30],
    ['allocation-pages', 'v5', 'plain', {}, 24, 30],
    ['allocation-pages', 'baseline', 'cca', {}, 344, 702],
    ['allocation-pages', 'v5', 'cca', { coherence: 'non-coherent' }, 646, 1482],
    ['allocation-pages', 'without:11', 'cca', { coherence: 'non-coherent' }, 646, 1482],
    ['allocation-pages', 'v5', 'cca', { device: 'trusted' }, 24, 30],
    ['allocation-pages', 'prefix:1', 'pkvm', {}, 435, 999],
    ['allocation-pages', 'without:19', 'cca', {}, 2792, 6684],
    ['allocation-pages', 'v5', 'tdx', { iommu: 'on' }, 30, 39],
    ['allocation-pages', 'v5', 'cca', { iommu: 'on', coherence: 'non-coherent' }, 30, 39],
    ['allocation-pages', 'v5', 'cca', { mask: '32' }, 30, 72],
    ['allocation-pages', 'v5', 'sme', { mask: '32' }, 520, 1188],
  ];
  test.each(COUNTS)(
    '%s, %s, %s, %j: %i states, %i transitions',
    (system, series, platform, options, s, t) => {
      const { graph } = checkSubject(allocationSubject(system, series, platform, options));
      expect([graph.states, graph.transitions]).toEqual([s, t]);
    },
  );
});
