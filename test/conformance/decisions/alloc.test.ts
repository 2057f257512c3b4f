/**
 * Every row of the decision tables of allocations, asked of a simulated kernel of that platform with these options:
 * where the memory comes from, whether it was converted, what the address says, or why there is none.
 */
import { describe, expect, test } from 'vitest';
import { type AllocRequest, allocDecider, NO_AREA } from '../../../src/conformance/decisions/alloc.ts';
import { kernelConfig, specFacts } from '../../../src/conformance/facts.ts';
import { allocPagesRows, allocRows } from '../../../src/decide/alloc.ts';
import type { Row, Setting } from '../../../src/decide/row.ts';
import {
  crossOptions,
  defaultOptions,
  type Options,
  PLATFORMS,
  type Platform,
} from '../../../src/series/index.ts';
import { seriesNamed } from '../subjects.ts';

/** Under `swiotlb=noforce` no area of a restricted pool is searched, so that nothing comes out of it. */
function isNotSearched({ options }: Row): boolean {
  return (
    options.swiotlb === 'noforce' &&
    options.dynamic === 'on' &&
    options['restricted-pool'] === 'on' &&
    options.iommu === 'off'
  );
}

/** Rows, and those of them to which the kernel gives another answer. */
function compare(seriesName: string, platform: Platform, all: Iterable<Options>) {
  const series = seriesNamed(seriesName);
  const given = [...all];
  const settings = given.map(
    (options): Setting => ({
      platform: platform.name,
      series: series.name,
      patches: series.patches,
      options: { ...options },
      facts: specFacts(platform, options),
    }),
  );
  const deciders = new Map(
    given.map((options, i) => [
      JSON.stringify(settings[i]!.options),
      allocDecider(kernelConfig(series, platform, options)),
    ]),
  );
  let rows = 0;
  let notSearched = 0;
  const other: unknown[] = [];
  for (const table of [allocRows(settings), allocPagesRows(settings)]) {
    for (const row of table) {
      rows++;
      const decide = deciders.get(JSON.stringify({ ...row.options, device: row.device }));
      const said = (decide ?? deciders.get(keyOf(row, settings))!)(row as AllocRequest);
      if (said.reason === NO_AREA && isNotSearched(row)) notSearched++;
      else if (JSON.stringify(said) !== JSON.stringify(row.outcome))
        other.push({ ...row, because: undefined, said });
    }
  }
  return { rows, notSearched, other };
}

/** The same options, whatever their order. */
function keyOf(row: Row, settings: readonly Setting[]): string {
  const all: Record<string, string> = { ...row.options, device: row.device };
  const same = settings.find(({ options }) => Object.entries(options).every(([name, v]) => all[name] === v));
  return JSON.stringify(same!.options);
}

describe('v5, with every option', () => {
  test.each(PLATFORMS.map((platform) => [platform.name, platform] as const))('%s', (_name, platform) => {
    const { rows, notSearched, other } = compare('v5', platform, crossOptions(platform));
    expect(other).toEqual([]);
    expect(rows).toBeGreaterThan(200);
    expect(notSearched > 0).toBe(['cca', 'pkvm', 'plain'].includes(platform.name));
  });
});

describe('the kernel before the series, and on the way, with the default options', () => {
  test.each(['baseline', 'prefix:4', 'prefix:7', 'prefix:11'])('%s', (series) => {
    for (const platform of PLATFORMS) {
      const { rows, other } = compare(series, platform, [defaultOptions(platform)]);
      expect(other).toEqual([]);
      expect(rows).toBe(10);
    }
  });
});
