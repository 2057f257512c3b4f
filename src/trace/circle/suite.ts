/** All paths of a subject, or a share of them, there and back: how often the two verdicts agree, by property. */
import type { SafetyName } from '../../conformance/safety-names.ts';
import { SAFETY } from '../../conformance/safety-names.ts';
import type { Subject } from '../../conformance/subject.ts';
import type { Path } from '../../lts/index.ts';
import { type Agreement, compare } from './compare.ts';
import { Circle } from './run.ts';
import { UNDECIDABLE } from './undecidable.ts';

/** Of one property: on how many paths each agreement was found. */
export type Counts = Record<Agreement, number>;

/** A path on which the verdicts do not agree. */
export interface Disagreement {
  readonly property: SafetyName;
  readonly agreement: Agreement;
  readonly because: string;
  readonly path: Path;
}

export interface CircleResult {
  paths: number;
  steps: number;
  /** Lines of the logs, headers left out. */
  lines: number;
  readonly agreements: Readonly<Record<SafetyName, Counts>>;
  /** By number in {@link UNDECIDABLE}: on how many paths the entry was needed. */
  readonly needed: number[];
  /** Steps in logs that no machine offers, with the path of the first of each kind. */
  readonly strays: Map<string, Path>;
  /** The shortest of each kind. */
  readonly disagreements: Map<string, Disagreement>;
}

const NONE: Counts = { same: 0, open: 0, excused: 0, silent: 0, opposite: 0 };

export const nothingYet = (): CircleResult => ({
  paths: 0,
  steps: 0,
  lines: 0,
  agreements: Object.fromEntries(SAFETY.map((name) => [name, { ...NONE }])) as CircleResult['agreements'],
  needed: UNDECIDABLE.map(() => 0),
  strays: new Map(),
  disagreements: new Map(),
});

/** Runs paths and adds them to a result. */
export function circleSuite(
  subject: Subject,
  paths: readonly Path[],
  into: CircleResult = nothingYet(),
  onPath: () => void = () => {},
): CircleResult {
  const circle = new Circle(subject);
  for (const path of paths) {
    const trip = circle.run(path);
    const taken = path.slice(0, trip.steps);
    into.paths++;
    into.steps += trip.steps;
    into.lines += trip.linesAfter.at(-1) ?? 0;
    for (const { property, agreement, because, excuses } of compare(trip)) {
      into.agreements[property][agreement]++;
      for (const excuse of new Set(excuses)) into.needed[UNDECIDABLE.indexOf(excuse)]!++;
      if (agreement === 'opposite' || agreement === 'silent')
        keep(into, { property, agreement, because, path: taken });
    }
    for (const { machine, event, state } of trip.verdict?.strays ?? []) {
      const key = `${machine}: ${event} in ${state}`;
      if (!into.strays.has(key)) into.strays.set(key, taken);
    }
    onPath();
  }
  return into;
}

function keep({ disagreements }: CircleResult, found: Disagreement): void {
  const key = `${found.property} ${found.agreement} ${found.because.replace(/\b(?:0x)?[0-9a-f]*[0-9][0-9a-f]*\b/g, '#')}`;
  const known = disagreements.get(key);
  if (known === undefined || found.path.length < known.path.length) disagreements.set(key, found);
}

/** Adds up what was run side by side. */
export function joinCircles(parts: readonly CircleResult[]): CircleResult {
  const sum = nothingYet();
  for (const part of parts) {
    sum.paths += part.paths;
    sum.steps += part.steps;
    sum.lines += part.lines;
    for (const name of SAFETY) {
      for (const agreement in NONE)
        sum.agreements[name][agreement as Agreement] += part.agreements[name][agreement as Agreement];
    }
    part.needed.forEach((n, i) => {
      sum.needed[i]! += n;
    });
    for (const [key, path] of part.strays) if (!sum.strays.has(key)) sum.strays.set(key, path);
    for (const found of part.disagreements.values()) keep(sum, found);
  }
  return sum;
}
