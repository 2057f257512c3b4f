/** What became of the mutants, as a table for people and as JSON for machines. */
import { byCodeUnit } from '../../lts/index.ts';
import { MUTANT_KINDS } from './generate.ts';
import { splitId } from './json.ts';
import { EQUIVALENT, OUTCOMES, type Outcome } from './judge.ts';
import type { JudgedMutant } from './run.ts';

/** A system's mutants, judged. */
export interface Judged {
  readonly system: string;
  readonly mutants: readonly JudgedMutant[];
}
/** By system and mutant id: why nobody needs to notice it. Written by people. */
export type Reasons = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Summary {
  readonly total: number;
  readonly by: Readonly<Record<Outcome['by'], number>>;
  /** Caught mutants in those that are not equivalent, 0 to 1; 1 when there are none. */
  readonly caught: number;
}

export function summary(mutants: readonly JudgedMutant[]): Summary {
  const count = (by: Outcome['by']) => mutants.filter(({ outcome }) => outcome.by === by).length;
  const by = Object.fromEntries(OUTCOMES.map((one) => [one, count(one)])) as Summary['by'];
  const distinct = mutants.length - by.equivalent;
  return { total: mutants.length, by, caught: distinct === 0 ? 1 : 1 - by.survived / distinct };
}

/** `99.4 %`, rounded down: a claim is never better than what was measured. */
export const percent = (share: number): string => `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;

const ofKind = (mutants: readonly JudgedMutant[], by: Outcome['by']) =>
  mutants.filter(({ outcome }) => outcome.by === by);

/** The file `mutants.md`. */
export function markdownOf(all: readonly Judged[], reasons: Reasons): string {
  return [
    '# Mutants of the machines',
    '',
    'Each mutant is one machine of the specification with one small fault: a transition dropped, led to another state, or its guard (or a part of it) negated. It stands in all instances of the system; a machine that several systems have is counted where it stands first, and its mutants are tried in the others too until they are noticed. A mutant is *caught* when the engine refuses it, when a named property fails that did not (or no longer fails where it is known to), or when the simulator of the same series does otherwise on one of its paths. A changed number of states alone catches nothing. The properties are asked on TDX and CCA first, then the simulator there, then both elsewhere, so that a mutant that both notice counts where it was noticed first. *Equivalent* are those with which the system is the same, state by state, on everything that was tried: the whole series and the baseline, each platform, each value of each option of the system.',
    '',
    'Written by `npm run mutants`; `npm run mutants -- --check` compares.',
    '',
    ...all.flatMap((judged) => systemOf(judged, reasons)),
  ].join('\n');
}

function systemOf({ system, mutants }: Judged, reasons: Reasons): string[] {
  const { total, by, caught } = summary(mutants);
  const survivors = ofKind(mutants, 'survived');
  const refused = ofKind(mutants, 'refused');
  return [
    `## ${system}`,
    '',
    `${total} mutants, ${by.equivalent} of them equivalent. Of the other ${total - by.equivalent}, ${total - by.equivalent - by.survived} are caught: ${percent(caught)}.`,
    '',
    ...table(
      ['machine', 'mutants', ...OUTCOMES, 'caught'],
      rowsBy(mutants, ({ machine }) => machine),
    ),
    ...table(
      ['kind', 'mutants', ...OUTCOMES, 'caught'],
      rowsBy(mutants, ({ kind }) => kind, MUTANT_KINDS),
    ),
    '### Caught by',
    '',
    ...table(['by', 'name', 'mutants'], catchers(mutants)),
    '### Refused',
    '',
    ...list(refused, ({ text }) => text, 'No mutant is refused by the engine.'),
    '### Survivors',
    '',
    ...list(
      survivors,
      ({ text, on }, id) => `${on}: ${text}. ${reasons[system]?.[id] ?? ''}`.trim(),
      'No mutant survives.',
    ),
    '### Equivalent',
    '',
    ...table(['why', 'mutants'], equivalents(mutants)),
    ...Object.values(EQUIVALENT).flatMap((why) => [`${why}:`, '', ...places(mutants, why)]),
  ];
}

/** Equivalent mutants of one reason, by the transition that they are of. */
function places(mutants: readonly JudgedMutant[], why: string): string[] {
  const some = ofKind(mutants, 'equivalent').filter(({ outcome }) => outcome.name === why);
  const byPlace = new Map<string, string[]>();
  for (const { id } of some) {
    const [place, change] = splitId(id);
    byPlace.set(place, [...(byPlace.get(place) ?? []), change]);
  }
  if (byPlace.size === 0) return ['None.', ''];
  return [...[...byPlace].map(([place, changes]) => `- \`${place}\`: ${changes.join(', ')}`), ''];
}

type Row = readonly (string | number)[];

function rowsBy(
  mutants: readonly JudgedMutant[],
  key: (mutant: JudgedMutant) => string,
  order: readonly string[] = [...new Set(mutants.map(key))],
): Row[] {
  const row = (name: string, some: readonly JudgedMutant[]): Row => {
    const { total, by, caught } = summary(some);
    return [name, total, ...OUTCOMES.map((one) => by[one]), total > by.equivalent ? percent(caught) : '-'];
  };
  return [
    ...order.map((name) =>
      row(
        name,
        mutants.filter((mutant) => key(mutant) === name),
      ),
    ),
    row('all', mutants),
  ];
}

function counted(mutants: readonly JudgedMutant[], key: (outcome: Outcome) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const { outcome } of mutants) counts.set(key(outcome), (counts.get(key(outcome)) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || byCodeUnit(a, b));
}

function catchers(mutants: readonly JudgedMutant[]): Row[] {
  return (['property', 'simulator'] as const).flatMap((by) =>
    counted(ofKind(mutants, by), ({ name }) => name).map(([name, count]): Row => [by, name, count]),
  );
}

function equivalents(mutants: readonly JudgedMutant[]): Row[] {
  return counted(ofKind(mutants, 'equivalent'), ({ name, text }) => `${name}: ${text}`);
}

function table(head: readonly string[], rows: readonly Row[]): string[] {
  const line = (cells: Row) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 || typeof rows[0]?.[i] === 'string' ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line), ''];
}

function list(
  mutants: readonly JudgedMutant[],
  say: (outcome: Outcome, id: string) => string,
  none: string,
): string[] {
  if (mutants.length === 0) return [none, ''];
  return [...mutants.map(({ id, change, outcome }) => `- \`${id}\` (${change}). ${say(outcome, id)}`), ''];
}

/** Survivors without a reason, and reasons of mutants that do not survive; one line each. */
export function reasonProblems(all: readonly Judged[], reasons: Reasons, partial: boolean): string[] {
  const byId = new Map(
    all.flatMap(({ system, mutants }) =>
      mutants.map(({ id, outcome }) => [`${system}: ${id}`, outcome.by] as const),
    ),
  );
  const given = new Map(
    Object.entries(reasons).flatMap(([system, ofSystem]) =>
      Object.entries(ofSystem).map(([id, reason]) => [`${system}: ${id}`, reason.trim()] as const),
    ),
  );
  const unexplained = [...byId.keys()].filter((id) => byId.get(id) === 'survived' && !given.get(id));
  const stale = [...given.keys()].filter((id) => (byId.has(id) ? byId.get(id) !== 'survived' : !partial));
  return [
    ...unexplained.map((id) => `${id} survives, and no reason is given`),
    ...stale.map((id) => `a reason is given for ${id}, which does not survive; take it out`),
  ];
}
