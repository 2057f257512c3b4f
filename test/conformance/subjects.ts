/** Subjects that tests speak of, by name. */
import { SYSTEMS } from '../../machines/systems/index.ts';
import type { Subject } from '../../src/conformance/subject.ts';
import { defaultOptions, type Options, PLATFORMS, parseSeries, type Series } from '../../src/series/index.ts';

export function seriesNamed(name: string): Series {
  const series = parseSeries(name);
  if (typeof series === 'string') throw new Error(series);
  return series;
}

export function subject(
  series: string,
  platform: string,
  options: Partial<Options> = {},
  system = 'dynamic-pools',
): Subject {
  const known = PLATFORMS.find(({ name }) => name === platform)!;
  return {
    system: SYSTEMS.find(({ name }) => name === system)!,
    series: seriesNamed(series),
    platform: known,
    options: { ...defaultOptions(known), ...options },
  };
}
