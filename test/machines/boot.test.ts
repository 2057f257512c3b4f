/** The default pool from early boot to its end: what holds, what a missing patch breaks, what stays broken. */
import { describe, expect, test } from 'vitest';
import { PLATFORMS } from '../../src/series/index.ts';
import { kinds, violations } from './known.ts';

/** swiotlb_init_remap() returns when it gets no slot array, and what it reserved for the pool stays reserved. */
const LOST = 'nothing-leaks at swiotlb_init_remap';
const broken = (series: string, platform: string, options = {}) =>
  kinds(violations('boot', series, platform, options), [LOST]);

test('no series gives back what was reserved for a pool that gets no slots', () => {
  for (const series of ['baseline', 'prefix:17', 'v5']) {
    for (const { name } of PLATFORMS) {
      expect(violations('boot', series, name)).toContain(
        'nothing-leaks at swiotlb_init_remap: memory was taken for a pool, and nobody has it',
      );
    }
  }
});

describe('the whole series', () => {
  test('a pool whose conversion failed is kept with a record that is not true, and none of its slots can be had', () => {
    expect(violations('boot', 'v5', 'tdx')).toContain(
      'pool-tells-the-truth at swiotlb_update_mem_attributes: the record says unencrypted, and the pages are swiotlb.private and swiotlb.private, and none of its slots can be had',
    );
    for (const platform of ['sev', 'snp', 'tdx', 'vtom', 'cca', 'pkvm']) {
      expect(broken('v5', platform)).toEqual(['pool-tells-the-truth at swiotlb_update_mem_attributes']);
    }
  });

  test('where a failing conversion ends the guest or there is none, nothing else is broken', () => {
    expect(broken('v5', 's390-pv')).toEqual([]);
    expect(broken('v5', 'plain')).toEqual([]);
  });

  test('powerpc ignores the result of the call, and takes a private pool for a shared one', () => {
    expect(broken('v5', 'ppc-svm')).toEqual([
      'pool-tells-the-truth at swiotlb_update_mem_attributes',
      'pool-tells-the-truth at swiotlb_init_late',
      'address-matches-memory at swiotlb_map',
      'device-can-reach at dma_map_phys',
      'device-can-reach at (bus)',
      'free-private at swiotlb_exit',
    ]);
  });

  test('a device that is not forced may map before the attributes are settled, and is converted under its feet', () => {
    expect(broken('v5', 'sme')).toEqual([
      'pool-tells-the-truth at swiotlb_update_mem_attributes',
      'address-matches-memory at swiotlb_update_mem_attributes',
      'data-arrives at swiotlb_bounce',
    ]);
    // One that is forced is refused until then.
    expect(broken('v5', 'sme', { mask: '32' })).toEqual([
      'pool-tells-the-truth at swiotlb_update_mem_attributes',
    ]);
  });

  test('without a pool there is nothing to break', () => {
    for (const { name } of PLATFORMS)
      expect(violations('boot', 'v5', name, { swiotlb: 'noforce' })).toEqual([]);
  });
});

describe('before patch 7', () => {
  test('a mapping before the attributes are settled gets a shared address of private memory', () => {
    expect(violations('boot', 'prefix:6', 'tdx')).toContain(
      'address-matches-memory at swiotlb_map: the address says shared, and the pages are swiotlb.private and swiotlb.private',
    );
    for (const platform of ['sev', 'snp', 'tdx', 'vtom', 'cca', 'pkvm', 's390-pv', 'ppc-svm']) {
      expect(broken('prefix:6', platform)).toContain('device-can-reach at dma_map_phys');
    }
  });

  test('patch 7 refuses it', () => {
    expect(broken('prefix:7', 's390-pv')).toEqual([]);
  });
});

describe('without patch 18', () => {
  test('a failed conversion is not noticed: the device gets memory that it cannot reach, and shared pages are freed', () => {
    const here = (platform: string) =>
      broken('without:18', platform).filter((text) => !broken('v5', platform).includes(text));
    const wrong = [
      'pool-tells-the-truth at swiotlb_init_late',
      'address-matches-memory at swiotlb_map',
      'device-can-reach at dma_map_phys',
      'device-can-reach at (bus)',
    ];
    /** Page table and host disagree, or the entry is invalid: an access faults. */
    const faults = 'data-arrives at swiotlb_bounce';
    const freed = 'free-private at swiotlb_exit';
    expect(here('sev')).toEqual([...wrong, freed]);
    for (const platform of ['snp', 'tdx', 'vtom']) expect(here(platform)).toEqual([...wrong, faults, freed]);
    // Nobody tears a pool down there.
    expect(here('cca')).toEqual([...wrong, faults]);
    expect(here('pkvm')).toEqual(wrong);
  });

  test('where no conversion fails it repairs nothing', () => {
    for (const platform of ['s390-pv', 'ppc-svm', 'plain']) {
      expect(broken('without:18', platform)).toEqual(broken('v5', platform));
    }
  });
});

describe('a restricted pool', () => {
  const race = 'one-owner at rmem_swiotlb_device_init';

  test('two probes at once make two pools of one region, in every series', () => {
    for (const series of ['baseline', 'prefix:7', 'v5']) {
      expect(kinds(violations('restricted-init', series, 'pkvm'))).toContain(race);
    }
    expect(kinds(violations('restricted-init', 'v5', 'pkvm'))).toEqual([race]);
  });

  test('on cca the second conversion takes the memory from under the first pool', () => {
    expect(kinds(violations('restricted-init', 'v5', 'cca', { 'restricted-pool': 'on' }))).toEqual([
      'pool-tells-the-truth at rmem_swiotlb_device_init',
      'device-can-reach at rmem_swiotlb_device_init',
      race,
    ]);
  });

  test('without patch 18 a device is given a pool whose conversion failed', () => {
    expect(violations('restricted-init', 'without:18', 'pkvm')).toContain(
      'device-can-reach at rmem_swiotlb_device_init: the pages are swiotlb.private and swiotlb.private',
    );
  });
});

describe('an atomic pool', () => {
  /** The pages may be those of CMA. */
  const cma = ['free-undoes-alloc at atomic_pool_expand', 'one-owner at atomic_pool_expand'];
  const X86 = ['sev', 'snp', 'tdx', 'vtom', 'sme', 'plain'];
  const ARM64 = ['cca', 'pkvm'];
  const found = (series: string, platform: string) => kinds(violations('atomic-pools', series, platform));

  test('the whole series gives pages of CMA to the page allocator, and nothing else is wrong', () => {
    for (const platform of [...X86, ...ARM64]) expect(found('v5', platform)).toEqual(cma);
    expect(violations('atomic-pools', 'v5', 'tdx')).toContain(
      'free-undoes-alloc at atomic_pool_expand: pages of CMA are given to the page allocator',
    );
  });

  test('patch 13 stops the leak where there is no alias, and brings that there too', () => {
    for (const platform of X86) {
      expect(found('prefix:12', platform)).toEqual(['nothing-leaks at atomic_pool_expand']);
      expect(found('prefix:13', platform)).toEqual(cma);
    }
    for (const platform of ARM64) expect(found('prefix:12', platform)).toEqual(cma);
  });

  test('before patch 5 a failure is told as a success: the pool is empty for ever', () => {
    for (const platform of X86) {
      expect(found('prefix:4', platform)).toEqual([
        'nothing-leaks at atomic_pool_expand',
        'request-is-served at atomic_pool_expand',
      ]);
    }
  });

  test('before patch 5, with an alias, pages whose conversion failed are freed', () => {
    for (const platform of ARM64) {
      expect(found('prefix:4', platform)).toEqual([
        'free-private at atomic_pool_expand',
        ...cma,
        'request-is-served at atomic_pool_expand',
      ]);
    }
    expect(violations('atomic-pools', 'prefix:4', 'pkvm')).toContain(
      'free-private at atomic_pool_expand: freed while shared and private',
    );
  });
});
