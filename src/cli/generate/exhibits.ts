/** For each known finding of the check, the subject on which it is shown. */
import type { System } from '../../../machines/systems/index.ts';
import { type Subject, subjectLabel } from '../../conformance/subject.ts';
import {
  ALONE,
  BASELINE,
  crossOptions,
  type Finding,
  knownFindings,
  occursIn,
  PATCHES,
  PLATFORMS,
  parseSeries,
  type Series,
  V5,
} from '../../series/index.ts';

export interface Exhibit {
  readonly finding: Finding;
  readonly subject: Subject;
  readonly label: string;
}

/** Every series, the plainest first: the baseline, the whole, the prefixes, one patch left out. */
export const ALL_SERIES: readonly Series[] = [
  BASELINE,
  V5,
  ...PATCHES.slice(0, -1).map(({ number }) => named(`prefix:${number}`)),
  ...ALONE.map((number) => named(`without:${number}`)),
];

function named(name: string): Series {
  const series = parseSeries(name);
  if (typeof series === 'string') throw new Error(series);
  return series;
}

/** The first subject in which a finding occurs: series in the order above, then platforms, defaults first. */
export function exhibitOf(finding: Finding, system: System): Exhibit | null {
  for (const series of ALL_SERIES) {
    for (const platform of PLATFORMS) {
      for (const options of crossOptions(platform, ['device', 'coherent-pool'])) {
        const situation = { patches: series.patches, platform, options };
        if (!occursIn(finding, situation)) continue;
        const subject = { system, series, platform, options };
        return { finding, subject, label: subjectLabel(subject) };
      }
    }
  }
  return null;
}

/** Those of every finding that the check shows, in the order of the list. */
export function exhibits(systems: readonly System[]): Exhibit[] {
  return knownFindings()
    .filter(({ shownBy }) => shownBy.includes('check'))
    .flatMap((finding) => systems.flatMap((system) => exhibitOf(finding, system) ?? []));
}
