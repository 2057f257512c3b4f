/** Which steps of the machines a log has shown: for certain, perhaps, never; and which no log with its probes could. */
import type { Specification } from './specification.ts';

export interface CoverageRow {
  readonly machine: string;
  readonly state: string;
  readonly event: string;
  /** The state that the step leads to. */
  readonly to: string;
  /** `exercised`: it alone fits what was seen. `perhaps`: it is one of several that do. `hidden`: not recorded. */
  readonly status: 'exercised' | 'perhaps' | 'never' | 'hidden';
  readonly count: number;
}

const BEST: readonly CoverageRow['status'][] = ['hidden', 'never', 'perhaps', 'exercised'];

/** Of two statuses the one that shows more. */
export const better = (a: CoverageRow['status'], b: CoverageRow['status']): CoverageRow['status'] =>
  BEST[Math.max(BEST.indexOf(a), BEST.indexOf(b))]!;

/** Over several logs, the best that any of them shows of a step, and how often the best was seen. */
export function joinCoverage(all: readonly (readonly CoverageRow[])[]): CoverageRow[] {
  const joined = new Map<string, CoverageRow>();
  for (const row of all.flat()) {
    const key = `${row.machine} ${row.state} ${row.event} ${row.to}`;
    const old = joined.get(key);
    if (old === undefined) joined.set(key, row);
    else {
      const status = better(old.status, row.status);
      const of = (one: CoverageRow) => (one.status === status ? one.count : 0);
      joined.set(key, { ...row, status, count: of(old) + of(row) });
    }
  }
  return [...joined.values()];
}

export function coverageOf(specification: Specification): CoverageRow[] {
  return specification.used().flatMap((oracle) => {
    const taken = oracle.taken();
    return oracle.steps().map(({ key, step, visible }): CoverageRow => {
      const { exact = 0, perhaps = 0 } = taken.get(key) ?? {};
      const status = exact > 0 ? 'exercised' : perhaps > 0 ? 'perhaps' : visible ? 'never' : 'hidden';
      return { machine: oracle.name, ...step, status, count: exact > 0 ? exact : perhaps };
    });
  });
}
