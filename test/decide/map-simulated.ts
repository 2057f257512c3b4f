/** The decision table of mappings, held row by row against kernels that run the request. */
import { describe, expect, test } from 'vitest';
import { MAP_ATTR_SETS } from '../../machines/map-decision.alphabet.ts';
import { kernelConfig, specFacts } from '../../src/conformance/facts.ts';
import { differsFrom, mapInKernel, sizesFor } from '../../src/conformance/map-outcome.ts';
import { MapDecisions, type MapDomain, mapRequests } from '../../src/decide/map-table.ts';
import { type Kernel, kernelMaker } from '../../src/kernel/index.ts';
import {
  crossOptions,
  defaultOptions,
  OPTION_VALUES,
  type OptionName,
  type Options,
  optionsLabel,
  type Platform,
  parseSeries,
} from '../../src/series/index.ts';

function seriesOf(name: string) {
  const series = parseSeries(name);
  if (typeof series === 'string') throw new Error(series);
  return series;
}

/** The options of a platform that differ from its defaults in so many at most. */
function near(platform: Platform, most: number): Options[] {
  const usual = defaultOptions(platform);
  const names = Object.keys(OPTION_VALUES) as OptionName[];
  return [...crossOptions(platform)].filter(
    (options) => names.filter((name) => options[name] !== usual[name]).length <= most,
  );
}

/** Where kernel and table differ, as `options: kernel's answer, not the table's`, each once; and the rows compared. */
export function compare(series: string, platform: Platform, all: readonly Options[], domain: MapDomain) {
  const { patches, name } = seriesOf(series);
  const decisions = new MapDecisions();
  const requests = mapRequests(domain);
  const differences = new Set<string>();
  let rows = 0;
  for (const options of all) {
    const config = kernelConfig({ name, patches } as never, platform, options);
    const decide = decisions.in({ patches, facts: specFacts(platform, options) });
    const makers = new Map<string, () => Kernel>();
    for (const request of requests) {
      const sizes = sizesFor(request);
      const key = JSON.stringify(sizes);
      const make = makers.get(key) ?? kernelMaker({ ...config, sizes });
      makers.set(key, make);
      const context = rows++ % 2 === 0 ? 'process' : 'atomic';
      const wrong = differsFrom(
        decide(request).outcome,
        mapInKernel(make(), request, context),
        config.platform,
      );
      if (wrong !== null) differences.add(`${optionsLabel(platform, options)}: ${wrong}`);
    }
  }
  return { differences: [...differences], rows };
}

/** swiotlb=noforce leaves `default_nareas` at 0, which bounds the search in every pool, the restricted one too. */
const NO_AREAS = /swiotlb=noforce.*: refused, not restricted pool$/;

const expected = (found: readonly string[]) => found.filter((one) => !NO_AREAS.test(one));

/** Every request, in the kernel and in the table. */
export function testMapsSimulated(platforms: readonly Platform[]): void {
  describe.each(platforms.map((platform) => [platform.name, platform] as const))('%s', (_, platform) => {
    test.each(['v5', 'baseline'])('%s: every request, with each option by itself', (series) => {
      const { differences, rows } = compare(series, platform, near(platform, 1), {});
      expect(expected(differences)).toEqual([]);
      expect(rows).toBeGreaterThanOrEqual(512 * 4);
    });

    test('in the middle of the series, and at its end: usual buffers, with each pair of options', () => {
      const attrs = MAP_ATTR_SETS.filter((set) => !set.includes('SKIP_CPU_SYNC'));
      const usual = { attrs, size: ['fits'], buffer: ['aligned'], port: ['internal'] } as const;
      for (const series of ['prefix:8', 'v5']) {
        const { differences } = compare(series, platform, near(platform, 2), usual);
        expect(expected(differences), series).toEqual([]);
      }
    });
  });
}
