/** Merging: the merged table stands for exactly the rows that went in. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeRows, type Row, TABLES } from '../../src/decide/index.ts';
import type { OptionName } from '../../src/series/index.ts';
import { expectMergedAsFull, folded, unfolded } from './merged.ts';

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
  // With other options varied: test/exhaustive.
  test.each([[[]], [['device']]] as OptionName[][][])('options varied: %j', (varied) =>
    expectMergedAsFull(table!, varied),
  );
});
