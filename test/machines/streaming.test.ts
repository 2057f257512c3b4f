/** Streaming mappings, restricted pools and devices that become trusted: what holds, and what fails in the known way. */
import { describe, expect, test } from 'vitest';
import { checked, violations } from './known.ts';

/** States and transitions, as reviewed: a number that changes here is a change of the specification. */
const COUNTS: readonly [string, string, string, object, number, number][] = [
  ['streaming', 'v5', 'tdx', {}, 1776, 7190],
  ['streaming', 'v5', 'pkvm', {}, 1128, 4781],
  ['streaming', 'v5', 'sme', {}, 220, 1173],
  ['streaming', 'v5', 'plain', {}, 184, 1010],
  ['streaming', 'baseline', 'cca', {}, 1776, 7190],
  ['restricted', 'v5', 'cca', {}, 142, 416],
  ['restricted', 'v5', 'cca', { device: 'trusted' }, 6, 20],
  ['restricted', 'without:3', 'cca', {}, 525, 1509],
  ['restricted', 'without:3', 'pkvm', {}, 429, 1241],
  // No device tree, no such pool.
  ['restricted', 'v5', 'tdx', {}, 2, 4],
  ['trusted', 'v5', 'snp', {}, 1673, 5497],
  ['trusted', 'v5', 'cca', {}, 1673, 6209],
  ['trusted', 'baseline', 'cca', {}, 1475, 5491],
  ['trusted', 'v5', 'cca', { mask: '32' }, 327, 1081],
  ['trusted', 'v5', 'plain', {}, 104, 383],
];

test.each(COUNTS)(
  '%s, %s, %s, %j: %i states, %i transitions',
  (system, series, platform, options, states, transitions) => {
    const { graph } = checked(system, series, platform, options);
    expect(graph.complete).toBe(true);
    expect([graph.states, graph.transitions]).toEqual([states, transitions]);
  },
);

describe('streaming', () => {
  const of = (series: string, platform: string, options = {}) =>
    violations('streaming', series, platform, options);

  test('the whole series keeps every property for a device that is mapped directly', () => {
    for (const platform of ['sev', 'snp', 'tdx', 'vtom', 'cca', 'pkvm', 's390-pv', 'ppc-svm', 'plain']) {
      expect(of('v5', platform), platform).toEqual([]);
    }
  });

  test('from patch 10 on, an SME host encodes registers of another device as if they were encrypted memory', () => {
    const found = ['address-matches-memory at dma_map_phys: the address says private, and names registers'];
    expect(of('prefix:9', 'sme')).toEqual([]);
    expect(of('prefix:10', 'sme')).toEqual(found);
    expect(of('v5', 'sme')).toEqual(found);
  });

  test('behind an IOMMU nobody asks whether the device reaches the memory, v5 included', () => {
    const found = ['device-can-reach at dma_map_phys: the host does not share the memory'];
    expect(of('v5', 'tdx', { iommu: 'on' })).toEqual(found);
    expect(of('baseline', 'tdx', { iommu: 'on' })).toEqual(found);
    // The entries of an SME host say private: what they name is so.
    expect(of('v5', 'sme', { iommu: 'on', mask: '32' })).toEqual([]);
  });

  test('swiotlb=noforce: until patch 9 a forced device gets private memory, since then an error', () => {
    const found = ['device-can-reach at dma_map_phys: the host does not share the memory'];
    expect(of('prefix:8', 'tdx', { swiotlb: 'noforce' })).toEqual(found);
    expect(of('prefix:9', 'tdx', { swiotlb: 'noforce' })).toEqual([]);
  });

  test('pKVM without a restricted pool bounces nothing until patch 9', () => {
    const found = ['device-can-reach at dma_map_phys: the host does not share the memory'];
    for (const series of ['baseline', 'prefix:1', 'prefix:8']) {
      expect(of(series, 'pkvm', { 'restricted-pool': 'off' }), series).toEqual(found);
    }
    expect(of('prefix:9', 'pkvm', { 'restricted-pool': 'off' })).toEqual([]);
  });

  test('in a realm an untranslated address of registers says private, until patch 10', () => {
    const found = [
      'device-can-reach at dma_map_phys: the address says private',
      'address-matches-memory at dma_map_phys: the address says private, and names registers',
    ];
    expect(of('prefix:9', 'cca').sort()).toEqual([...found].sort());
    expect(of('prefix:10', 'cca')).toEqual([]);
  });
});

describe('restricted', () => {
  const of = (series: string, platform: string, options = {}) => [
    ...new Set(violations('restricted', series, platform, options).map((text) => text.replace(/:.*/, ''))),
  ];

  test('the whole series keeps every property', () => {
    expect(of('v5', 'cca')).toEqual([]);
    expect(of('v5', 'pkvm')).toEqual([]);
    expect(of('v5', 'plain', { remap: 'on' })).toEqual([]);
  });

  test('without patch 3 slots are converted, also where nobody may sleep, and go back to the pool private', () => {
    expect(of('without:3', 'cca')).toEqual([
      'no-sleep-in-atomic at set_memory_decrypted',
      'device-can-reach at dma_map_phys',
      'device-can-reach at (bus)',
      'address-matches-memory at dma_map_phys',
      'pool-tells-the-truth at swiotlb_search_pool_area',
      'pool-tells-the-truth at swiotlb_release_slots',
      'free-undoes-alloc at set_memory_encrypted',
    ]);
  });

  test('on pKVM the conversion does not sleep, and the rest is as bad', () => {
    expect(of('without:3', 'pkvm')).not.toContain('no-sleep-in-atomic at set_memory_decrypted');
    expect(of('without:3', 'pkvm')).toContain('pool-tells-the-truth at swiotlb_search_pool_area');
    // Before patch 1 the kernel does not know that it has to convert.
    expect(of('baseline', 'pkvm')).toEqual([]);
  });
});

describe('trusted', () => {
  const of = (series: string, platform: string) => violations('trusted', series, platform);
  const FREED = [
    'free-private at dma_direct_free: freed while shared and shared',
    'free-undoes-alloc at dma_direct_free: the memory was made shared for the allocation, and the free does not make it private',
  ];
  const platforms = ['sev', 'snp', 'tdx', 'vtom', 'cca', 'pkvm', 's390-pv', 'ppc-svm'];

  test('v5 asks again at the free: what a device had when it was accepted goes shared to the page allocator', () => {
    for (const platform of platforms) expect(of('v5', platform), platform).toEqual(FREED);
  });

  test('until patch 12 an acceptance within an allocation makes its address false as well', () => {
    const false_ =
      'address-matches-memory at dma_alloc_attrs: the address says private, and the memory is not';
    expect(of('prefix:11', 'snp')).toEqual([...FREED, false_]);
    expect(of('prefix:11', 'cca')).toEqual([...FREED, false_]);
    expect(of('prefix:12', 'cca')).toEqual(FREED);
  });

  test('whether a page is in reach is asked anew: accepted meanwhile, a device gets an address beyond its mask', () => {
    const beyond = 'device-can-reach at dma_alloc_attrs: the mask of the device does not hold the address';
    const narrow = (series: string, platform: string) =>
      violations('trusted', series, platform, { mask: '32' });
    expect(narrow('v5', 'cca')).toContain(beyond);
    expect(narrow('prefix:11', 'cca')).toEqual([]);
    expect(narrow('v5', 'snp')).toEqual(FREED);
    expect(narrow('prefix:11', 'snp')).toContain(beyond);
  });

  test('a device that cannot be accepted loses nothing', () => {
    expect(of('v5', 'sme')).toEqual([]);
    expect(of('v5', 'plain')).toEqual([]);
  });
});
