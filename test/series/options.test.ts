import { describe, expect, test } from 'vitest';
import {
  chooseOptions,
  conflict,
  crossOptions,
  defaultOptions,
  OPTION_VALUES,
  type OptionName,
  type Options,
  optionsFor,
  optionsLabel,
  PLATFORMS,
  type Platform,
} from '../../src/series/index.ts';

const platform = (name: string): Platform => PLATFORMS.find((one) => one.name === name)!;
const NAMES = Object.keys(OPTION_VALUES) as OptionName[];

test('an example: what a platform can have, and why it cannot have the rest', () => {
  const tdx = platform('tdx');
  expect(optionsFor(tdx)).toMatchObject({ remap: ['off'], 'coherent-pool': ['on', 'off'], xen: ['off'] });
  expect(conflict(tdx, chooseOptions(tdx, { remap: 'on' }))).toBe(
    'remap=on cannot be had on tdx: x86 never has DMA_DIRECT_REMAP',
  );
});

describe('defaults', () => {
  const common = { swiotlb: 'default', dynamic: 'on', coherence: 'coherent', uncached: 'none', mask: '64' };
  test.each(PLATFORMS.map((one) => [one.name, one] as const))('%s', (name, one) => {
    const arm64 = name === 'cca' || name === 'pkvm';
    expect(defaultOptions(one)).toEqual({
      ...common,
      remap: arm64 ? 'on' : 'off',
      'coherent-pool': name === 's390-pv' || name === 'ppc-svm' ? 'off' : 'on',
      'restricted-pool': name === 'pkvm' ? 'on' : 'off',
      iommu: 'off',
      xen: 'off',
      device: 'untrusted',
    });
    expect(conflict(one, defaultOptions(one))).toBeNull();
    expect(optionsLabel(one, defaultOptions(one))).toBe('');
  });
});

test.each<[string, Partial<Options>, RegExp]>([
  ['cca', { remap: 'off' }, /^remap=off cannot be had on cca: all of arm64 has DMA_DIRECT_REMAP$/],
  ['s390-pv', { remap: 'on' }, /s390 never has DMA_DIRECT_REMAP$/],
  ['cca', { 'coherent-pool': 'off' }, /DMA_DIRECT_REMAP brings DMA_COHERENT_POOL$/],
  ['plain', { remap: 'on', 'coherent-pool': 'off' }, /DMA_DIRECT_REMAP brings DMA_COHERENT_POOL$/],
  ['snp', { 'coherent-pool': 'off' }, /AMD_MEM_ENCRYPT brings DMA_COHERENT_POOL$/],
  ['ppc-svm', { 'coherent-pool': 'on' }, /cannot be configured on powerpc$/],
  ['tdx', { 'restricted-pool': 'on' }, /device tree/],
  ['plain', { 'restricted-pool': 'on' }, /remap=on/],
  ['vtom', { coherence: 'non-coherent' }, /every device is coherent there$/],
  ['cca', { coherence: 'non-coherent', uncached: 'arch' }, /an architecture without remap/],
  ['plain', { uncached: 'global' }, /coherence=non-coherent/],
  ['ppc-svm', { iommu: 'on' }, /operations of its own/],
  ['tdx', { xen: 'on' }, /plain/],
  ['plain', { xen: 'on', iommu: 'on' }, /either the operations of Xen/],
  ['plain', { xen: 'on', remap: 'on', 'restricted-pool': 'on' }, /default pool/],
  ['sme', { device: 'trusted' }, /only a confidential guest/],
])('refused with the reason: %s, %o', (name, chosen, reason) => {
  expect(conflict(platform(name), chooseOptions(platform(name), chosen))).toMatch(reason);
});

test.each<[string, Partial<Options>]>([
  ['plain', { remap: 'on', 'restricted-pool': 'on', coherence: 'non-coherent' }],
  ['plain', { coherence: 'non-coherent', uncached: 'global' }],
  ['plain', { xen: 'on' }],
  ['pkvm', { 'restricted-pool': 'off', device: 'trusted', mask: '32' }],
  ['s390-pv', { iommu: 'on', swiotlb: 'noforce', dynamic: 'off' }],
])('can be had: %s, %o', (name, chosen) => {
  expect(conflict(platform(name), chooseOptions(platform(name), chosen))).toBeNull();
});

describe.each(PLATFORMS.map((one) => [one.name, one] as const))('%s', (_, one) => {
  test('the cross holds every combination that can be had, once, defaults first', () => {
    const all = [...crossOptions(one)];
    expect(all[0]).toEqual(defaultOptions(one));
    expect(new Set(all.map((options) => JSON.stringify(NAMES.map((name) => options[name])))).size).toBe(
      all.length,
    );
    for (const options of all) expect(conflict(one, options)).toBeNull();
    // By counting all combinations another way.
    let count = 0;
    const total = NAMES.reduce((n, name) => n * OPTION_VALUES[name].length, 1);
    for (let i = 0; i < total; i++) {
      let rest = i;
      const options: Record<string, string> = {};
      for (const name of NAMES) {
        const values = OPTION_VALUES[name];
        options[name] = values[rest % values.length]!;
        rest = Math.floor(rest / values.length);
      }
      if (conflict(one, options as unknown as Options) === null) count++;
    }
    expect(all.length).toBe(count);
  });

  test('options that are not named keep their defaults, or follow those that are', () => {
    for (const names of [[], ['device', 'coherent-pool'], ['remap']] as OptionName[][])
      for (const options of crossOptions(one, names)) {
        const differs = NAMES.filter((name) => options[name] !== defaultOptions(one)[name]);
        expect(differs.filter((name) => !names.includes(name))).toEqual([]);
        expect(conflict(one, options)).toBeNull();
      }
  });
});

test('the cross is lazy', () => {
  const cross = crossOptions(platform('plain'));
  expect(cross.next().value).toEqual(defaultOptions(platform('plain')));
});

test('a label names what differs, and can be chosen again', () => {
  for (const one of PLATFORMS)
    for (const options of crossOptions(one, ['swiotlb', 'mask', 'device'])) {
      const label = optionsLabel(one, options);
      const chosen = Object.fromEntries(label === '' ? [] : label.split(',').map((part) => part.split('=')));
      expect(chooseOptions(one, chosen)).toEqual(options);
    }
});
