/** The reviewed list of known findings: what does not hold, exactly where, and what it was judged to be. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { OPTION_VALUES, type OptionName, type Options } from './options.ts';
import { PLATFORMS } from './platforms.ts';

/**
 * What shows a finding: `check` of the specification, `explore` of the simulator under the default workloads,
 * `matrix` of the simulator under the workloads of the matrix, `conform` of the simulator with the machines of
 * its own series, `conform-v5` with the intended machines; `decide` of the simulator with the decision tables.
 */
export const INSTRUMENTS = ['check', 'explore', 'matrix', 'conform', 'conform-v5', 'decide'] as const;
export type Instrument = (typeof INSTRUMENTS)[number];

/** Those that run systems of the specification, and those that run workloads. */
const OF_SYSTEMS: readonly Instrument[] = ['check', 'conform', 'conform-v5'];
const OF_WORKLOADS: readonly Instrument[] = ['explore', 'matrix'];

/** Where a finding may occur or not. */
export interface Situation {
  readonly patches: ReadonlySet<number>;
  readonly platform: { readonly name: string };
  readonly options: Options;
  /** The system of the specification that is run; without it, any may be. */
  readonly system?: string;
  /** The workloads that are run together; without them, any may be. */
  readonly workloads?: readonly string[];
}

/** True where all its parts are. A part that is missing is true everywhere. */
export interface Alternative {
  /** Which of the finding's instruments it is about. */
  readonly shownBy?: readonly Instrument[];
  /** Systems of the specification that show it; asked of the instruments that run systems. */
  readonly systems?: readonly string[];
  /** Workloads each of which shows it; asked of the instruments that run workloads. */
  readonly workloads?: readonly string[];
  readonly platforms?: readonly string[];
  /** Each option has this value, or one of these. */
  readonly options?: { readonly [K in OptionName]?: Options[K] | readonly Options[K][] };
  /** All of these patches are applied. */
  readonly has?: readonly number[];
  /** None of these patches is applied. */
  readonly lacks?: readonly number[];
}

/** One entry of `findings.json`; see `findings.schema.json`. */
export interface Finding {
  readonly id: string;
  /** A property's name, `conformance` or `decision`. With `site` it is the key. */
  readonly property: string;
  /** Kernel symbol of the violating or diverging step. */
  readonly site: string;
  readonly shownBy: readonly Instrument[];
  /** It occurs exactly where one of these is true, and nowhere else that was explored. */
  readonly when: readonly Alternative[];
  readonly judgement: string;
  readonly title: string;
  readonly text: string;
}

/** The list is wrong. The message says which finding, what, and what is accepted. */
export class FindingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FindingsError';
  }
}

/**
 * Whether a finding occurs in a situation, as the list says.
 * @param instrument that looks; without one, whether any of them shows it
 */
export function occursIn(
  { shownBy, when }: Pick<Finding, 'shownBy' | 'when'>,
  situation: Situation,
  instrument?: Instrument,
): boolean {
  if (instrument === undefined) return shownBy.some((one) => occursIn({ shownBy, when }, situation, one));
  if (!shownBy.includes(instrument)) return false;
  return when.some((alternative) => isTrue(alternative, situation, instrument));
}

function isTrue(
  { shownBy, systems, workloads, platforms, options = {}, has = [], lacks = [] }: Alternative,
  situation: Situation,
  instrument: Instrument,
): boolean {
  const { patches } = situation;
  return (
    (shownBy?.includes(instrument) ?? true) &&
    (!OF_SYSTEMS.includes(instrument) ||
      isOneOf(systems, situation.system === undefined ? undefined : [situation.system])) &&
    (!OF_WORKLOADS.includes(instrument) || isOneOf(workloads, situation.workloads)) &&
    (platforms?.includes(situation.platform.name) ?? true) &&
    Object.entries(options).every(([name, value]) =>
      [value].flat().includes(situation.options[name as OptionName]),
    ) &&
    has.every((patch) => patches.has(patch)) &&
    !lacks.some((patch) => patches.has(patch))
  );
}

/** Whether one of those that are run is among those that show it. What is not named is any. */
function isOneOf(show: readonly string[] | undefined, run: readonly string[] | undefined): boolean {
  return show === undefined || run === undefined || run.some((name) => show.includes(name));
}

/** The findings that an instrument shows in a situation. */
export function findingsFor(
  instrument: Instrument,
  situation: Situation,
  findings: readonly Finding[] = knownFindings(),
): Finding[] {
  return findings.filter((finding) => occursIn(finding, situation, instrument));
}

/** What was seen to be false, and where. */
export interface Occurrence {
  readonly property: string;
  readonly site: string;
}

/** One run of an instrument on one subject. */
export interface Run {
  readonly instrument: Instrument;
  readonly situation: Situation;
  /** False when a bound was hit: what was not seen may still be there. */
  readonly complete: boolean;
  readonly occurrences: readonly Occurrence[];
}

export interface Comparison {
  /** Listed for this run, and seen. */
  readonly known: readonly Finding[];
  /** Seen, and not listed for this run. Fails it. */
  readonly unlisted: readonly Occurrence[];
  /** Listed for this run, explored completely, and not seen. Fails it. */
  readonly missing: readonly Finding[];
}

/** Compares what a run saw with what is listed for it. */
export function compareFindings(run: Run, findings: readonly Finding[] = knownFindings()): Comparison {
  const listed = findingsFor(run.instrument, run.situation, findings);
  const same = (a: Occurrence, b: Occurrence) => a.property === b.property && a.site === b.site;
  const seen = (finding: Finding) => run.occurrences.some((occurrence) => same(finding, occurrence));
  return {
    known: listed.filter(seen),
    unlisted: run.occurrences.filter((occurrence) => !listed.some((finding) => same(finding, occurrence))),
    missing: run.complete ? listed.filter((finding) => !seen(finding)) : [],
  };
}

/** Reads a list. @throws FindingsError when it breaks its schema or names what does not exist. */
export function parseFindings(data: unknown): readonly Finding[] {
  const schema = JSON.parse(readFileSync(new URL('./findings.schema.json', import.meta.url), 'utf8'));
  const validate = new Ajv().compile<readonly Finding[]>(schema);
  if (!validate(data)) {
    const [first] = validate.errors ?? [];
    const where = first?.instancePath === '' ? 'the list' : first?.instancePath;
    throw new FindingsError(`findings.json does not follow its schema: ${where} ${first?.message}`);
  }
  const ids = new Set<string>();
  for (const { id, when } of data) {
    if (ids.has(id)) throw new FindingsError(`findings.json has two findings called '${id}'`);
    ids.add(id);
    for (const { platforms = [], options = {} } of when) {
      const known = PLATFORMS.map(({ name }) => name);
      for (const name of platforms) {
        if (!known.includes(name))
          throw new FindingsError(`finding '${id}' names platform '${name}'; accepted: ${known.join(', ')}`);
      }
      for (const [name, value] of Object.entries(options).flatMap(([one, all]) =>
        [all].flat().map((each) => [one, each] as const),
      )) {
        const values = (OPTION_VALUES as Readonly<Record<string, readonly string[]>>)[name];
        if (!values?.includes(value)) {
          const accepted = values?.map((v) => `${name}=${v}`) ?? Object.keys(OPTION_VALUES);
          throw new FindingsError(`finding '${id}' names ${name}=${value}; accepted: ${accepted.join(', ')}`);
        }
      }
    }
  }
  return data;
}

let known: readonly Finding[] | undefined;

/** The list in `findings.json`, read once. */
export function knownFindings(): readonly Finding[] {
  known ??= parseFindings(JSON.parse(readFileSync(new URL('./findings.json', import.meta.url), 'utf8')));
  return known;
}
