/** A merged table, and the rows that it stands for. */
import { expect } from 'vitest';
import { specFacts } from '../../src/conformance/facts.ts';
import {
  columnsOf,
  expand,
  type MergedTable,
  mergeRows,
  outcomeKey,
  type Row,
  type Setting,
  type TABLES,
} from '../../src/decide/index.ts';
import { crossOptions, type OptionName, PLATFORMS, V5 } from '../../src/series/index.ts';

/** Inputs → outcome, of every row that a merged table stands for. Throws when two say something of one input. */
export function unfolded(table: MergedTable): Map<string, string> {
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
export const folded = (rows: readonly Row[], attrs: readonly string[]) =>
  new Map(rows.map((one) => [keyOf(columnsOf(one, attrs)), outcomeKey(one.outcome)]));

/** Of v5 on every platform, with the options crossed. */
export function expectMergedAsFull(
  table: NonNullable<(typeof TABLES)[keyof typeof TABLES]>,
  varied: readonly OptionName[],
): void {
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
  const rows = [...table.rows(settings)];
  const merged = mergeRows(rows, table.attrs);
  expect(unfolded(merged)).toEqual(folded(rows, table.attrs));
  expect(merged.rows.length).toBeLessThan(60);
}
