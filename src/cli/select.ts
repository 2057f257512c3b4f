/** Arguments → subjects: every system, series and platform that a command is asked for. */
import { SYSTEMS, type System } from '../../machines/systems/index.ts';
import type { Subject } from '../conformance/subject.ts';
import {
  ALONE,
  chooseOptions,
  conflict,
  OPTION_VALUES,
  type OptionName,
  type Options,
  optionsFor,
  PATCHES,
  PLATFORMS,
  type Platform,
  parseSeries,
  type Series,
  V5,
} from '../series/index.ts';
import { UsageError, unknown } from './usage.ts';

/** As the command line gives it. */
export interface Selection {
  readonly system?: string | undefined;
  readonly series?: readonly string[] | undefined;
  readonly platform?: readonly string[] | undefined;
  readonly option?: readonly string[] | undefined;
}

export interface Selected {
  readonly subjects: readonly Subject[];
  /** Platforms that were left out because they cannot have the options, with the reason. */
  readonly leftOut: readonly string[];
}

/**
 * Without a system or a platform all of them, without a series v5. A platform that was not named and cannot
 * have the options is left out.
 * @param among the systems that may be meant
 * @throws UsageError for anything that does not exist or cannot be had
 */
export function select(
  { system, series = [], platform = [], option = [] }: Selection,
  among: readonly System[] = SYSTEMS,
): Selected {
  const systems = system === undefined ? among : [systemOf(system, among)];
  const allSeries = unique(series.length === 0 ? [V5] : series.map(seriesOf));
  const platforms = unique(platform.length === 0 ? PLATFORMS : platform.map(platformOf));
  const chosen = optionsOf(option);
  const leftOut: string[] = [];
  const kept = platforms.flatMap((each) => {
    const options = chooseOptions(each, chosen);
    const reason = conflict(each, options);
    if (reason === null) return [{ platform: each, options }];
    if (platform.length > 0) throw new UsageError(`${reason}; accepted there: ${accepted(each)}`);
    leftOut.push(reason);
    return [];
  });
  if (kept.length === 0) throw new UsageError(leftOut.join('; '));
  const subjects = systems.flatMap((each) =>
    allSeries.flatMap((one) => kept.map((rest): Subject => ({ system: each, series: one, ...rest }))),
  );
  return { subjects, leftOut };
}

/** Exactly one subject. @throws UsageError when the arguments leave several. */
export function selectOne(selection: Selection, among: readonly System[] = SYSTEMS): Subject {
  const { subjects } = select(selection, among);
  const [first, ...others] = subjects;
  if (first === undefined || others.length > 0) {
    const names = (all: readonly { readonly name: string }[]) => [...new Set(all.map(({ name }) => name))];
    const systems = names(subjects.map(({ system }) => system));
    const missing = [
      ...(systems.length > 1 ? [`a system (${systems.join(', ')})`] : []),
      ...((selection.series?.length ?? 0) > 1 ? ['one --series'] : []),
      ...(selection.platform?.length === 1
        ? []
        : [`--platform (${names(subjects.map(({ platform }) => platform)).join(', ')})`]),
    ];
    throw new UsageError(
      `one subject is wanted, and ${subjects.length} are meant; give ${missing.join(' and ')}`,
    );
  }
  return first;
}

export function systemOf(name: string, among: readonly System[] = SYSTEMS): System {
  const found = among.find((system) => system.name === name);
  if (found !== undefined) return found;
  throw unknown(
    'system',
    name,
    among.map((system) => system.name),
  );
}

export function platformOf(name: string): Platform {
  const found = PLATFORMS.find((platform) => platform.name === name);
  if (found !== undefined) return found;
  throw unknown(
    'platform',
    name,
    PLATFORMS.map((platform) => platform.name),
  );
}

const PREFIXES = [0, ...PATCHES.map(({ number }) => number)];
const FORMS = `v5, baseline, prefix:K (K from 0 to ${PATCHES.length}), without:N (N one of ${ALONE.join(', ')})`;

export function seriesOf(name: string): Series {
  const series = parseSeries(name);
  if (typeof series !== 'string') return series;
  const numbered = /^(prefix|without):(\d+)$/.exec(name);
  if (numbered !== null) {
    const [, form, digits] = numbered as unknown as [string, string, string];
    const near = closestNumber(Number(digits), form === 'prefix' ? PREFIXES : ALONE);
    throw new UsageError(`--series ${name}: ${series}; nearest: ${form}:${near}`);
  }
  const all = ['v5', 'baseline', ...PREFIXES.map((k) => `prefix:${k}`), ...ALONE.map((n) => `without:${n}`)];
  throw unknown('series', name, all, FORMS);
}

function closestNumber(wanted: number, accepted: readonly number[]): number {
  return accepted.reduce((best, n) => (Math.abs(n - wanted) < Math.abs(best - wanted) ? n : best));
}

export function optionsOf(given: readonly string[]): Partial<Options> {
  const chosen: Record<string, string> = {};
  for (const text of given) {
    const all = Object.entries(OPTION_VALUES).flatMap(([name, values]) => values.map((v) => `${name}=${v}`));
    const at = text.indexOf('=');
    const [name, value] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    const values: readonly string[] | undefined = OPTION_VALUES[name as OptionName];
    if (values === undefined || !values.includes(value)) throw unknown('option', text, all);
    if (chosen[name] !== undefined && chosen[name] !== value) {
      throw new UsageError(
        `option ${name} is given as '${chosen[name]}' and as '${value}'; give one of them`,
      );
    }
    chosen[name] = value;
  }
  return chosen;
}

/** What a platform can have of each option. */
function accepted(platform: Platform): string {
  return Object.entries(optionsFor(platform))
    .flatMap(([name, values]) => values.map((value) => `${name}=${value}`))
    .join(', ');
}

function unique<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return all.filter((item, i) => all.findIndex(({ name }) => name === item.name) === i);
}
