/** What is to be replayed: a path of some machines, found in one of the ways that a user may name it. */
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { networkOf, type Subject, subjectArguments } from '../../conformance/subject.ts';
import type { Path } from '../../lts/index.ts';
import { checkRecipe, parseSuite } from '../../paths/index.ts';
import { knownFindings, type Series } from '../../series/index.ts';
import { readText } from '../files.ts';
import { exhibitOf } from '../generate/exhibits.ts';
import type { Lab } from '../lab.ts';
import { selectOne, seriesOf } from '../select.ts';
import { UsageError, unknown, wholeNumber } from '../usage.ts';
import { siteAmong } from './site.ts';

export interface ReplayOptions {
  readonly series?: readonly string[];
  readonly platform?: readonly string[];
  readonly option?: readonly string[];
  readonly property?: string;
  readonly site?: string;
  readonly finding?: string;
  readonly path?: string;
  readonly file?: string;
  readonly index?: string;
  readonly workload?: string;
  readonly schedule?: string;
  readonly simulate?: boolean;
  readonly trace?: boolean;
  /** `own`, or the name of a series. */
  readonly against: string;
  readonly json?: boolean;
}

/** A path, or the reason why there is none to show: what was asked about holds. */
export type Source =
  | {
      readonly subject: Subject;
      readonly machines: Series;
      readonly path: Path;
      readonly title: string;
      /** Of a lasso: how many steps of the path, the last ones, are repeated; and what that violates. */
      readonly lasso?: { readonly repeats: number; readonly property: string; readonly because: string };
    }
  | { readonly subject: Subject; readonly nothing: string };

const WAYS = ['property', 'finding', 'path', 'file', 'schedule'] as const;

/** The one way that was given. @throws UsageError for none, or several */
export function wayOf(options: ReplayOptions): (typeof WAYS)[number] {
  const given = WAYS.filter((way) => options[way] !== undefined);
  if (given.length === 1) return given[0]!;
  const flags = WAYS.map((way) => `--${way}`).join(', ');
  const what =
    given.length === 0
      ? 'nothing to replay is named'
      : `${given.map((way) => `--${way}`).join(' and ')} are given`;
  throw new UsageError(`${what}; give one of ${flags} (see: ccdma replay --help)`);
}

export function sourceOf(lab: Lab, system: string | undefined, options: ReplayOptions): Source {
  switch (wayOf(options)) {
    case 'property':
      return fromProperty(lab, selectOne({ ...options, system }), options.property!, options.site, options);
    case 'finding':
      return fromFinding(lab, system, options);
    case 'file':
      return fromFile(lab, system, options);
    default:
      return fromNumbers(selectOne({ ...options, system }), options);
  }
}

const machinesOf = ({ series }: Subject, { against }: Pick<ReplayOptions, 'against'>): Series =>
  against === 'own' ? series : seriesOf(against);

function fromProperty(
  lab: Lab,
  subject: Subject,
  property: string,
  wanted: string | undefined,
  options: ReplayOptions,
): Source {
  const machines = machinesOf(subject, options);
  const checked = lab.check({ ...subject, series: machines });
  const site = siteAmong(checked, property, wanted);
  const verdict = checked.verdicts.find(({ name }) => name === property)!;
  const title = property;
  if (verdict.kind === 'possible' && verdict.path !== null) {
    return { subject, machines, path: verdict.path, title };
  }
  if (site === null) {
    const elsewhere = verdict.counterexamples.map((found) => found.site);
    const holds = verdict.status === 'not reachable' ? 'has nothing to speak of' : 'holds';
    return {
      subject,
      nothing:
        elsewhere.length === 0
          ? `${property} ${holds} here: ${checked.graph.states} states were explored, and no step of them violates it.`
          : `${property} does not fail at ${wanted} here; it fails at ${elsewhere.join(', ')}.`,
    };
  }
  const { path, loop, because } = verdict.counterexamples.find((found) => found.site === site)!;
  if (loop === undefined) return { subject, machines, path, title };
  const lasso = { repeats: loop.length, property, because };
  return { subject, machines, path: [...path, ...loop], title, lasso };
}

function fromFinding(lab: Lab, system: string | undefined, options: ReplayOptions): Source {
  const id = options.finding!;
  const finding = knownFindings().find((known) => known.id === id);
  if (finding === undefined)
    throw unknown(
      'finding',
      id,
      knownFindings().map((known) => known.id),
    );
  if (!finding.shownBy.includes('check')) {
    throw new UsageError(
      `finding '${id}' is not one of the specification, but shown by ${finding.shownBy.join(', ')}; run ccdma ${finding.shownBy[0]!.replace(/-v5$/, '')} for a replay command`,
    );
  }
  const chosen = [system, options.series, options.platform, options.option].some(
    (given) => given !== undefined,
  );
  const exhibit = SYSTEMS.map((each) => exhibitOf(finding, each)).find((one) => one !== null);
  const subject = chosen ? selectOne({ ...options, system }) : exhibit?.subject;
  if (subject === undefined) throw new UsageError(`finding '${id}' occurs nowhere`);
  return fromProperty(lab, subject, finding.property, finding.site, options);
}

/** Event numbers, separated by commas. */
export function numbersOf(flag: string, text: string): number[] {
  const parts = text.split(',').map((part) => part.trim());
  const wrong = parts.find((part) => !/^\d+$/.test(part));
  if (wrong !== undefined) {
    throw new UsageError(`${flag} has '${wrong}'; accepted: whole numbers separated by commas, as 12,4,7`);
  }
  return parts.map(Number);
}

function fromNumbers(subject: Subject, options: ReplayOptions): Source {
  const machines = machinesOf(subject, options);
  const path = numbersOf('--path', options.path!);
  const { events } = networkOf({ ...subject, series: machines });
  const wrong = path.find((event) => event >= events.length);
  if (wrong !== undefined) {
    throw new UsageError(`--path has event number ${wrong}; accepted here: 0 to ${events.length - 1}`);
  }
  return { subject, machines, path, title: `A path of ${path.length} steps` };
}

/** The file says what it is of; everything in it is checked before a step is shown. */
function fromFile(lab: Lab, system: string | undefined, options: ReplayOptions): Source {
  const file = options.file!;
  if (options.index === undefined) throw new UsageError('--file needs --index: which path of it, from 1');
  const text = readText(file);
  const { suite } = parseSuite(text, {}, file);
  const subject = selectOne({
    system: suite.system,
    series: [suite.series],
    platform: [suite.platform],
    option: Object.entries(suite.options).map(([name, value]) => `${name}=${value}`),
  });
  const wanted = {
    ...(system === undefined ? {} : { system }),
    ...(options.series?.[0] === undefined ? {} : { series: options.series[0] }),
    ...(options.platform?.[0] === undefined ? {} : { platform: options.platform[0] }),
  };
  const { graph } = lab.check(subject);
  const { paths } = parseSuite(text, { ...wanted, graph }, file);
  const all = paths ?? lab.paths(subject);
  if (paths === null) checkRecipe(suite, all, file);
  const index = wholeNumber('--index', options.index, 1, all.length);
  return {
    subject,
    machines: subject.series,
    path: all[index - 1]!,
    title: `Path ${index} of ${all.length} of ${file}`,
  };
}

/** How to show the same path again. */
export function replayCommand(subject: Subject, machines: Series, path: Path): string {
  const against = machines.name === subject.series.name ? '' : ` --against ${machines.name}`;
  return `npx ccdma replay ${subjectArguments(subject)}${against} --path ${path.join(',')}`;
}
