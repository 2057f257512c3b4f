/** Merging: the merged table stands for exactly the rows that went in. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { specFacts } from '../../src/conformance/facts.ts';
import {
  columnsOf,
  expand,
  type MergedTable,
  mergeRows,
  outcomeKey,
  type Row,
  type Setting,
  TABLES,
} from '../../src/decide/index.ts';
import { crossOptions, type OptionName, PLATFORMS, V5 } from '../../src/series/index.ts';

const outcome = (source: string) => ({ source, converted: 'no', address: 'shared' }) as const;
const row = (platform: string, attrs: string, size: string, source: string): Row => ({
  op: 'map',
  platform,
  series: 'v5',
  options: {},
  device: 'untrusted',
  attrs,
  context: 'process',
  request: { size },
  outcome: outcome(source),
  because: [],
});

/** Inputs → outcome, of every row that a merged table stands for. Throws when two say something of one input. */
function unfolded(table: MergedTable): Map<string, string> {
  const all = new Map<string, string>();
  for (const merged of table.rows) {
    for (const cells of expand(merged)) {
      const platform = cells.platform ?? table.fixed.platform!;
      const along = Object.entries(table.byPlatform).map(([name, by]) => [name, by[platform]!]);
      const key = keyOf({ ...table.fixed, ...Object.fromEntries(along), ...cells });
      if (all.has(key)) throw new Error(`two rows for ${key}`);
      all.set(key, outcomeKey(merged.outcome));
    }
  }
  return all;
}
const keyOf = (inputs: Record<string, string>) =>
  JSON.stringify(Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1)));
const folded = (rows: readonly Row[], attrs: readonly string[]) =>
  new Map(rows.map((one) => [keyOf(columnsOf(one, attrs)), outcomeKey(one.outcome)]));

test('a column that does not matter becomes any', () => {
  const rows = ['none', 'MMIO'].flatMap((attrs) =>
    ['small', 'large'].map((size) => row('tdx', attrs, size, attrs === 'MMIO' ? 'MMIO' : 'pool')),
  );
  const merged = mergeRows(rows, ['MMIO']);
  expect(merged.rows.map(({ cells }) => cells)).toEqual([
    { 'attr:MMIO': ['no'], size: ['small', 'large'] },
    { 'attr:MMIO': ['yes'], size: ['small', 'large'] },
  ]);
  expect(merged.fixed.platform).toBe('tdx');
});

test('one request has one answer', () => {
  const twice = [row('tdx', 'none', 'small', 'pool'), row('tdx', 'none', 'small', 'direct')];
  expect(() => mergeRows(twice, [])).toThrow(/two answers/);
});

test('any table: nothing is added, nothing is lost, nothing is said twice', () => {
  const inputs = fc.record({
    platform: fc.constantFrom('tdx', 'cca', 'sme'),
    attrs: fc.constantFrom('none', 'MMIO', 'CC_SHARED', 'CC_SHARED|MMIO'),
    size: fc.constantFrom('small', 'large', 'huge'),
    source: fc.constantFrom('pool', 'direct'),
  });
  const selector = (one: { platform: string; attrs: string; size: string }) =>
    `${one.platform} ${one.attrs} ${one.size}`;
  fc.assert(
    fc.property(fc.uniqueArray(inputs, { selector, minLength: 1 }), (all) => {
      const rows = all.map(({ platform, attrs, size, source }) => row(platform, attrs, size, source));
      const attrs = ['CC_SHARED', 'MMIO'];
      expect(unfolded(mergeRows(rows, attrs))).toEqual(folded(rows, attrs));
    }),
    { seed: 1, numRuns: 200 },
  );
});

describe.each(Object.entries(TABLES))('%s: the merged table is the full one', (_op, table) => {
  test.each([[[]], [['device']], [['swiotlb']], [['mask']], [['iommu']]] as OptionName[][][])(
    'options varied: %j',
    (varied) => {
      const settings = PLATFORMS.flatMap((platform) =>
        [...crossOptions(platform, varied)].map(
          (options): Setting => ({
            platform: platform.name,
            series: V5.name,
            patches: V5.patches,
            options: { ...options },
            facts: specFacts(platform, options),
          }),
        ),
      );
      const rows = [...table!.rows(settings)];
      const merged = mergeRows(rows, table!.attrs);
      expect(unfolded(merged)).toEqual(folded(rows, table!.attrs));
      expect(merged.rows.length).toBeLessThan(60);
    },
  );
});
