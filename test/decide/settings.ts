/** Settings of decisions, by name. */
import { specFacts } from '../../src/conformance/facts.ts';
import type { Setting } from '../../src/decide/row.ts';
import { chooseOptions, type Options, PLATFORMS, parseSeries } from '../../src/series/index.ts';

export function setting(series: string, platform: string, chosen: Partial<Options> = {}): Setting {
  const known = PLATFORMS.find(({ name }) => name === platform)!;
  const parsed = parseSeries(series);
  if (typeof parsed === 'string') throw new Error(parsed);
  const options = chooseOptions(known, chosen);
  const { name, patches } = parsed;
  return { platform, series: name, patches, options: { ...options }, facts: specFacts(known, options) };
}
