/** What the checker says of a system: the shortest violation of each property at each site. */
import { checkSubject } from '../../src/conformance/subject.ts';
import { chooseOptions, type Options, PLATFORMS } from '../../src/series/index.ts';
import { seriesNamed } from '../conformance/subjects.ts';
import { systemNamed } from './rules.ts';

export function checked(system: string, series: string, platform: string, options: Partial<Options> = {}) {
  const known = PLATFORMS.find(({ name }) => name === platform)!;
  return checkSubject({
    system: systemNamed(system),
    series: seriesNamed(series),
    platform: known,
    options: chooseOptions(known, options),
  });
}

/** `property at site: reason` for each violation of safety; what must come is told in liveness.test.ts. */
export function violations(
  system: string,
  series: string,
  platform: string,
  options: Partial<Options> = {},
): string[] {
  return checked(system, series, platform, options).verdicts.flatMap(({ name, kind, counterexamples }) =>
    kind === 'leads-to' ? [] : counterexamples.map(({ site, because }) => `${name} at ${site}: ${because}`),
  );
}

/** Without the reasons, and without what is known of every series. */
export const kinds = (texts: readonly string[], but: readonly string[] = []): string[] =>
  texts.map((text) => text.replace(/:.*/, '')).filter((text) => !but.includes(text));
