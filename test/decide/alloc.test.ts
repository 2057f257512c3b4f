/** The decision tables of allocations: one answer a reader learns from, then rules that every row keeps. */
import { describe, expect, test } from 'vitest';
import { factsWith } from '../../machines/facts.ts';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { allocPagesRows, allocRows, NOT_ASKED } from '../../src/decide/alloc.ts';
import type { Row, Setting } from '../../src/decide/row.ts';
import { compose } from '../../src/lts/index.ts';
import { chooseOptions, crossOptions, type Options, PLATFORMS, parseSeries } from '../../src/series/index.ts';

function setting(series: string, platform: string, chosen: Partial<Options> = {}): Setting {
  const known = PLATFORMS.find(({ name }) => name === platform)!;
  const parsed = parseSeries(series);
  if (typeof parsed === 'string') throw new Error(parsed);
  const options = chooseOptions(known, chosen);
  return {
    platform,
    series: parsed.name,
    patches: parsed.patches,
    options: { ...options },
    facts: specFacts(known, options),
  };
}
/** `source, converted, address` or the reason, by context. */
function answers(rows: Iterable<Row>): string[] {
  return [...rows].map(({ attrs, context, outcome: { source, converted, address, reason } }) =>
    [`${attrs}, ${context}:`, reason ?? `${source}; ${converted}; ${address}`].join(' '),
  );
}

describe('what a driver gets', () => {
  test('in a realm, for a device that is not coherent', () => {
    expect(answers(allocRows([setting('v5', 'cca', { coherence: 'non-coherent' })]))).toEqual([
      'none, process: CMA, else page allocator, remapped; to-shared; shared',
      'none, atomic: atomic pool; no; shared',
      'NO_KERNEL_MAPPING, process: CMA, else page allocator, remapped; to-shared; shared',
      'NO_KERNEL_MAPPING, atomic: atomic pool; no; shared',
      'CC_SHARED, process: CC_SHARED is no attribute for a caller.',
      'CC_SHARED, atomic: CC_SHARED is no attribute for a caller.',
      'NO_KERNEL_MAPPING|CC_SHARED, process: CC_SHARED is no attribute for a caller.',
      'NO_KERNEL_MAPPING|CC_SHARED, atomic: CC_SHARED is no attribute for a caller.',
    ]);
  });

  test('before patch 11 the same memory is not converted, and its address says shared all the same', () => {
    const [row] = allocRows([setting('prefix:10', 'cca', { coherence: 'non-coherent' })]);
    expect(row!.outcome).toEqual({
      source: 'CMA, else page allocator, remapped',
      converted: 'no',
      address: 'shared',
    });
    expect(row!.because).toEqual([
      'cma_alloc[by=driver,page=lowmem]',
      'vmap[by=driver,ok=true,prot=decrypted]',
      'memset[by=driver]',
      'dma_alloc_attrs_ret[addr=shared,by=driver,got=alias]',
    ]);
  });

  test('every reason to refuse', () => {
    const reasons = (series: string, platform: string, chosen: Partial<Options> = {}) => [
      ...new Set(
        [...allocRows([setting(series, platform, chosen)], { attrs: ['none'] })].map(
          ({ context, outcome }) => `${context}: ${outcome.reason ?? 'served'}`,
        ),
      ),
    ];
    expect(reasons('v5', 's390-pv')).toEqual([
      'process: served',
      'atomic: It must not sleep, and there are no atomic pools.',
    ]);
    expect(reasons('v5', 'cca', { mask: '32' })).toEqual([
      'process: The device cannot address it.',
      'atomic: The device cannot address it.',
    ]);
    expect(reasons('v5', 'cca', { 'restricted-pool': 'on', device: 'trusted' })).toEqual([
      'process: The memory of the restricted pool has the other state.',
      'atomic: The memory of the restricted pool has the other state.',
    ]);
    // The caller would have to say CC_SHARED, and the pools are shared.
    expect(reasons('v5', 'cca', { coherence: 'non-coherent', iommu: 'on' })).toEqual([
      'process: served',
      'atomic: The memory of the atomic pools has the other state.',
    ]);
    expect(reasons('prefix:4', 'cca', { coherence: 'non-coherent', iommu: 'on' })).toEqual([
      'process: served',
      'atomic: served',
    ]);
    expect(reasons('v5', 'plain', { coherence: 'non-coherent' })).toEqual([
      'process: There is no uncached memory for a device that is not coherent.',
      'atomic: There is no uncached memory for a device that is not coherent.',
    ]);
  });

  test('from dma_alloc_pages on AMD: pages are shared, and before patch 15 an address is handed out as a page', () => {
    expect(answers(allocPagesRows([setting('v5', 'snp')]))).toEqual([
      'none, process: CMA, else page allocator; to-shared; shared',
      'none, atomic: atomic pool; no; shared',
    ]);
    expect(answers(allocPagesRows([setting('prefix:14', 'snp')]))[1]).toBe(
      'none, atomic: no page at all: what is returned is no memory of its own; no; shared',
    );
  });
});

describe('every setting has its answers', () => {
  const NAMES = ['restricted-pool', 'coherence', 'mask', 'device'] as const;
  const cases = [
    ...PLATFORMS.map(({ name }) => ['v5', name] as const),
    ...(['cca', 'pkvm', 'sme'] as const).map((name) => ['baseline', name] as const),
  ];
  test.each(cases)('%s, %s', (series, name) => {
    const platform = PLATFORMS.find((one) => one.name === name)!;
    const all = [...crossOptions(platform, NAMES), ...crossOptions(platform, ['iommu', 'coherence'])];
    const settings = all.map((options) => setting(series, name, options));
    const rows = [...allocRows(settings), ...allocPagesRows(settings)];
    expect(rows).toHaveLength(settings.length * (4 * 2 + 2));
    for (const { op, options, device, attrs, outcome } of rows) {
      const { facts, patches } = setting(series, name, { ...options, device } as Partial<Options>);
      const { forced } = factsWith(patches, facts);
      const refused = outcome.source === 'refused';
      expect(refused).toBe(outcome.reason !== undefined);
      expect(refused).toBe(outcome.address === 'none');
      // Only memory of a forced device is shared, and a direct address says what its device needs.
      if (outcome.converted === 'to-shared') expect(forced).toBe(true);
      if (!refused) expect(outcome.address).toBe(facts.iommu ? 'iova' : forced ? 'shared' : 'private');
      if (series === 'v5' && op === 'alloc' && attrs.includes('CC_SHARED') && !facts.iommu) {
        expect(refused).toBe(true);
      }
    }
  });
});

test('what an allocation is said not to ask makes no difference', () => {
  const system = SYSTEMS.find(({ name }) => name === 'allocation')!;
  const shape = ({ patches, facts }: Setting) => {
    const { events, instances } = compose(system.network(patches, facts));
    return JSON.stringify([
      events.map(({ label, participants }) => [label, participants]),
      instances.map(({ name, lts }) => [name, lts.states, [...lts.next]]),
    ]);
  };
  for (const platform of ['cca', 'plain']) {
    const base = setting('v5', platform, { coherence: 'non-coherent', remap: 'on' });
    const others = {
      swiotlb: 'force',
      dynamic: false,
      archForcesBounce: !base.facts.archForcesBounce,
      poolAnywhere: true,
      contentsSurvive: !base.facts.contentsSurvive,
      xen: true,
    };
    expect(Object.keys(others).sort()).toEqual([...NOT_ASKED].sort());
    for (const [name, value] of Object.entries(others)) {
      expect(shape({ ...base, facts: { ...base.facts, [name]: value } }), name).toBe(shape(base));
    }
  }
});
