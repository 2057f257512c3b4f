/** For each known finding of the check, the subject on which it is shown. */
import type { System } from '../../../machines/systems/index.ts';
import { type Subject, subjectLabel } from '../../conformance/subject.ts';
import {
  ALONE,
  BASELINE,
  crossOptions,
  type Finding,
  knownFindings,
  type OptionName,
  type Options,
  occursIn,
  optionsLabel,
  PATCHES,
  PLATFORMS,
  type Platform,
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

/**
 * The first subject of a system in which the check shows a finding: the whole series before the others in the order
 * above, then platforms, those options first that differ least from the platform's defaults.
 */
export function exhibitOf(finding: Finding, system: System): Exhibit | null {
  for (const series of [V5, ...ALL_SERIES]) {
    for (const platform of PLATFORMS) {
      for (const options of optionsOf(system, platform)) {
        const situation = { system: system.name, patches: series.patches, platform, options };
        if (!occursIn(finding, situation, 'check')) continue;
        const subject = { system, series, platform, options };
        return { finding, subject, label: subjectLabel(subject) };
      }
    }
  }
  return null;
}

const CROSSED = new Map<string, readonly Options[]>();

/** Every combination of the options that make a difference to a system, the platform's defaults first. */
function optionsOf(system: System, platform: Platform): readonly Options[] {
  const key = `${system.name}, ${platform.name}`;
  const known = CROSSED.get(key);
  if (known !== undefined) return known;
  const differences = (options: Options) => optionsLabel(platform, options).split(',').filter(Boolean).length;
  const options = [...crossOptions(platform, system.options as readonly OptionName[] | undefined)];
  options.sort((a, b) => differences(a) - differences(b));
  CROSSED.set(key, options);
  return options;
}

/** Those of every finding that the check shows, in the order of the list. */
export function exhibits(systems: readonly System[]): Exhibit[] {
  return knownFindings()
    .filter(({ shownBy }) => shownBy.includes('check'))
    .flatMap((finding) => {
      for (const system of systems) {
        const exhibit = exhibitOf(finding, system);
        if (exhibit !== null) return [exhibit];
      }
      return [];
    });
}

/**
 * The exhibits that are drawn as SVG: on subjects that need no options and no series in between, one for each place of a
 * run. The others are drawn as Mermaid alone, for size.
 */
export function drawings(all: readonly Exhibit[]): ReadonlySet<Exhibit> {
  const byRun = new Map<string, Exhibit>();
  for (const exhibit of all) {
    const { finding, subject, label } = exhibit;
    const { series, platform, options } = subject;
    const run = `${label} ${finding.site}`;
    if ((series === V5 || series === BASELINE) && optionsLabel(platform, options) === '' && !byRun.has(run))
      byRun.set(run, exhibit);
  }
  return new Set(byRun.values());
}
