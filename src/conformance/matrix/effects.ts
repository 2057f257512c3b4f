/** What one patch does: the difference between the kernel without it and the kernel with it. */
import type { SafetyName } from '../safety-names.ts';
import type { Answer, Cell, CellVerdict } from './cells.ts';

/** A kernel on one place: its cells, and what the workloads came to. */
export interface Judged {
  readonly platform: string;
  readonly options: string;
  readonly cells: readonly Cell[];
  readonly answers: readonly Answer[];
}

/** A property whose verdict changes from `fails` or to it. */
export interface CellChange {
  readonly platform: string;
  readonly options: string;
  readonly property: SafetyName;
  readonly before: CellVerdict;
  readonly after: CellVerdict;
  /** Of the shortest counterexample, on the side that fails. */
  readonly steps: number;
  readonly finding: string | null;
}

/** A single way to fail that comes or goes, whether or not the property fails elsewhere too. */
export interface SiteChange {
  readonly platform: string;
  readonly options: string;
  readonly property: SafetyName;
  readonly site: string;
  readonly finding: string | null;
  /** The workloads in which it comes or goes. */
  readonly workloads: readonly string[];
  /** There is no workload on the other side that fails in this way: it comes, or goes, altogether. */
  readonly altogether: boolean;
}

/** Where something other than a verdict differs: workloads, by place. */
export interface Difference {
  readonly platform: string;
  readonly options: string;
  readonly workloads: readonly string[];
}

export interface Effects {
  /** Fails without the patch, and does not with it. */
  readonly repairs: readonly CellChange[];
  /** Does not fail without the patch, and fails with it. */
  readonly breaks: readonly CellChange[];
  /** Ways to fail that the patch ends, altogether or in some workloads. */
  readonly ends: readonly SiteChange[];
  /** Ways to fail that the patch begins, likewise. */
  readonly begins: readonly SiteChange[];
  /** Workloads whose step sequences differ; none at all: the same sequences everywhere, which is a proof. */
  readonly steps: readonly Difference[];
  /** Workloads in which a request is decided otherwise. */
  readonly decisions: readonly Difference[];
  /** Workloads whose step sequences could not be compared, because a bound was hit. */
  readonly notCompared: readonly Difference[];
}

/** What lies between two kernels, `after` having one patch more. Both on the same places, in the same order. */
export function effectsOf(before: readonly Judged[], after: readonly Judged[]): Effects {
  const out = {
    repairs: [] as CellChange[],
    breaks: [] as CellChange[],
    ends: [] as SiteChange[],
    begins: [] as SiteChange[],
    steps: [] as Difference[],
    decisions: [] as Difference[],
    notCompared: [] as Difference[],
  };
  after.forEach((with_, i) => {
    const without = before[i]!;
    with_.cells.forEach((cell, n) => {
      const other = without.cells[n]!;
      if (other.verdict === 'fails' && cell.verdict !== 'fails') out.repairs.push(change(other, cell, other));
      if (other.verdict !== 'fails' && cell.verdict === 'fails') out.breaks.push(change(other, cell, cell));
      out.ends.push(...sitesOnlyIn(other, without.answers, with_.answers));
      out.begins.push(...sitesOnlyIn(cell, with_.answers, without.answers));
    });
    const place = { platform: with_.platform, options: with_.options };
    const differ = (same: (a: Answer, b: Answer) => boolean): readonly string[] =>
      with_.answers.filter((a, n) => !same(a, without.answers[n]!)).map(({ workload }) => workload);
    const add = (to: Difference[], workloads: readonly string[]) => {
      if (workloads.length > 0) to.push({ ...place, workloads });
    };
    add(
      out.steps,
      differ(({ outcome: a }, { outcome: b }) => a.digest === b.digest),
    );
    add(
      out.decisions,
      differ(({ outcome: a }, { outcome: b }) => a.decisions.join('\n') === b.decisions.join('\n')),
    );
    add(
      out.notCompared,
      differ(({ outcome: a }, { outcome: b }) => a.digest !== null && b.digest !== null),
    );
  });
  return out;
}

function change(before: Cell, after: Cell, failing: Cell): CellChange {
  const { platform, options, property, steps, finding } = failing;
  return {
    platform,
    options,
    property,
    before: before.verdict,
    after: after.verdict,
    steps: steps!,
    finding,
  };
}

/** Sites of a cell at which workloads fail that do not on the other side. */
function sitesOnlyIn(cell: Cell, here: readonly Answer[], there: readonly Answer[]): SiteChange[] {
  const { platform, options, property } = cell;
  const failing = (answers: readonly Answer[], site: string): string[] =>
    answers
      .filter(({ outcome }) => outcome.violations.some((v) => v.property === property && v.site === site))
      .map(({ workload }) => workload);
  return (cell.counterexamples ?? []).flatMap(({ site, finding }) => {
    const others = failing(there, site);
    const workloads = failing(here, site).filter((workload) => !others.includes(workload));
    if (workloads.length === 0) return [];
    return [{ platform, options, property, site, finding, workloads, altogether: others.length === 0 }];
  });
}
