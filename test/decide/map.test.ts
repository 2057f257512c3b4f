/** The decision table of mappings: single answers first, then rules that every row keeps, v5's exceptions by name. */
import { describe, expect, test } from 'vitest';
import { factsWith } from '../../machines/facts.ts';
import { mapDecision } from '../../machines/map-decision.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { mapTable } from '../../src/decide/map-table.ts';
import type { Row, Setting } from '../../src/decide/row.ts';
import { crossOptions, type Options, PLATFORMS } from '../../src/series/index.ts';
import { setting } from './settings.ts';
import { expectRememberedAsWalked } from './walked-anew.ts';

/** `source, address` or the reason, for a usual request. */
function answer(
  series: string,
  platform: string,
  attrs: string,
  options: Partial<Options> = {},
  rest: Record<string, string[]> = {},
): string {
  const usual = { size: ['fits'], memory: ['low'], buffer: ['aligned'], port: ['internal'], pool: ['room'] };
  const [row, ...others] = mapTable(
    [setting(series, platform, options)],
    { attrs: [attrs], ...usual, ...rest } as never,
    ['process'],
  );
  expect(others).toEqual([]);
  const { source, address, reason } = row!.outcome;
  return reason ?? `${source}, ${address}`;
}

describe('what becomes of a mapping', () => {
  test('registers of another device, on TDX', () => {
    expect(answer('v5', 'tdx', 'MMIO')).toBe('MMIO, shared');
    expect(answer('baseline', 'tdx', 'MMIO')).toBe('it must bounce, and MMIO or REQUIRE_COHERENT forbids it');
    expect(answer('baseline', 'tdx', 'CC_SHARED|MMIO')).toBe('MMIO, raw');
  });

  test('memory bounces where the device is forced, and not where it is trusted', () => {
    expect(answer('v5', 'snp', 'none')).toBe('default pool, shared');
    expect(answer('v5', 'snp', 'none', { device: 'trusted' })).toBe('direct, private');
    expect(answer('v5', 'snp', 'CC_SHARED')).toBe('direct, shared');
    expect(answer('baseline', 'plain', 'CC_SHARED')).toBe('CC_SHARED, and nothing forces a bounce');
  });

  test('a trusted device is refused what it was given before patch 7: the pool is not its kind', () => {
    const forced = { device: 'trusted', swiotlb: 'force' } as const;
    expect(answer('prefix:6', 'snp', 'none', forced)).toBe('default pool, shared');
    expect(answer('prefix:7', 'snp', 'none', forced)).toBe(
      'the state of the pool is not what the device needs',
    );
    expect(answer('prefix:6', 'sme', 'none', { swiotlb: 'force' })).toBe('default pool, shared');
    expect(answer('v5', 'sme', 'none', { swiotlb: 'force' })).toBe(
      'the state of the pool is not what the device needs',
    );
  });

  test('where a full pool grows from, and what is converted for it', () => {
    const full = { pool: ['full'] };
    const source = 'transient pool from the';
    expect(answer('v5', 'tdx', 'none', {}, full)).toBe(`${source} atomic pool, shared`);
    expect(answer('v5', 'plain', 'none', { swiotlb: 'force' }, full)).toBe(
      `${source} page allocator, private`,
    );
    expect(answer('v5', 'tdx', 'none', { 'coherent-pool': 'off' }, full)).toBe(
      'there is no room, and no transient pool',
    );
    const rows = [
      ...mapTable([setting('baseline', 's390-pv')], { attrs: ['none'], size: ['fits'], pool: ['full'] }),
    ];
    expect(new Set(rows.map(({ outcome }) => outcome.converted))).toEqual(new Set(['no']));
    const sme = [
      ...mapTable([setting('baseline', 'sme', { swiotlb: 'force' })], {
        attrs: ['none'],
        size: ['fits'],
        pool: ['full'],
      }),
    ];
    expect(new Set(sme.map(({ outcome }) => outcome.converted))).toEqual(new Set(['to-shared']));
  });

  test('a shared address of a realm does not fit in 32 bits', () => {
    expect(answer('v5', 'cca', 'none', { mask: '32' })).toBe('the device cannot reach the pool');
    expect(answer('v5', 'snp', 'none', { mask: '32' })).toBe('default pool, shared');
  });

  test('every reason to refuse is met', () => {
    const reasons = new Set(
      ['v5', 'baseline'].flatMap((series) =>
        PLATFORMS.flatMap(({ name }) =>
          [
            {},
            { mask: '32' },
            { swiotlb: 'noforce' },
            { iommu: 'on' },
            { coherence: 'non-coherent' },
            { device: 'trusted', swiotlb: 'force' },
          ]
            .map((options) => setting(series, name, options as Partial<Options>))
            .flatMap((one) =>
              [...mapTable([one], {}, ['process'])].flatMap(({ outcome }) => outcome.reason ?? []),
            ),
        ),
      ),
    );
    const declared = mapDecision.machine.root.states.refused!.states;
    const all = Object.values(declared).map(({ description }) => description);
    expect([...reasons].sort()).toEqual(all.sort());
  });
});

test('a remembered decision is the one that a walk of its own comes to', () => {
  // In more settings: test/exhaustive.
  expectRememberedAsWalked([setting('v5', 'cca', { mask: '32' })]);
});

describe('rules of every row of v5, with every combination of options', () => {
  /** What breaks a rule, as `rule: platform`, each once. */
  const broken = new Set<string>();
  const seen = new Set<string>();
  for (const platform of PLATFORMS) {
    const settings = new Map<string, Setting>();
    for (const options of crossOptions(platform)) {
      const facts = specFacts(platform, options);
      const v5 = setting('v5', platform.name).patches;
      // Of those that decide alike one is enough.
      const guards = Object.values(mapDecision.guards!(factsWith(v5, facts))).map((guard) => guard());
      settings.set(JSON.stringify(guards), {
        platform: platform.name,
        series: 'v5',
        patches: v5,
        options: { ...options },
        facts,
      });
    }
    for (const one of settings.values()) {
      for (const row of mapTable([one], {}, ['process'])) judge(row, one);
    }
  }

  function judge({ outcome: { source, address }, attrs, platform }: Row, { facts, patches }: Setting): void {
    const { forced, sharedPools, convertible, encoding } = factsWith(patches, facts);
    if (source === 'refused') return;
    const inPool = / pool/.test(source);
    const rule = (name: string, holds: boolean) => {
      seen.add(name);
      if (!holds) broken.add(`${name}: ${platform}`);
    };
    const shared = inPool ? sharedPools && convertible : attrs.includes('CC_SHARED') || source === 'MMIO';
    if (forced && facts.iommu && facts.conversion !== 'sme')
      rule('an IOMMU reaches shared memory only', shared);
    if (forced && !facts.iommu) rule('a forced device gets shared memory', shared && address === 'shared');
    // The entries of an SME host's IOMMU say private of all memory.
    if (facts.iommu && facts.conversion === 'sme' && source !== 'MMIO')
      rule('an entry says what the memory is', !shared);
    if (
      encoding !== null &&
      ['shared', 'private'].includes(address) &&
      !(source === 'MMIO' && facts.trusted)
    ) {
      rule('an address says what the memory is', (address === 'shared') === shared);
    }
    rule(
      'what must be coherent does not bounce',
      facts.xen || !attrs.includes('REQUIRE_COHERENT') || !inPool,
    );
    rule('registers do not bounce', !attrs.includes('MMIO') || !inPool);
  }

  test('each is asked', () => {
    expect([...seen].sort()).toEqual([
      'a forced device gets shared memory',
      'an IOMMU reaches shared memory only',
      'an address says what the memory is',
      'an entry says what the memory is',
      'registers do not bounce',
      'what must be coherent does not bounce',
    ]);
  });

  test('what v5 does otherwise', () => {
    expect([...broken].sort()).toEqual([
      'an IOMMU reaches shared memory only: cca',
      'an IOMMU reaches shared memory only: pkvm',
      'an IOMMU reaches shared memory only: s390-pv',
      'an IOMMU reaches shared memory only: sev',
      'an IOMMU reaches shared memory only: snp',
      'an IOMMU reaches shared memory only: tdx',
      'an IOMMU reaches shared memory only: vtom',
      // Registers, encoded as if they were encrypted memory.
      'an address says what the memory is: sme',
      // A bounce behind the IOMMU: the slot is shared, the entry says private.
      'an entry says what the memory is: sme',
    ]);
  });
});
