/** Which steps of the machines a log has shown: for certain, perhaps, never; and which no log with its probes could. */
import type { Specification } from './specification.ts';

export interface CoverageRow {
  readonly machine: string;
  readonly state: string;
  readonly event: string;
  /** `exercised`: it alone fits what was seen. `perhaps`: it is one of several that do. `hidden`: not recorded. */
  readonly status: 'exercised' | 'perhaps' | 'never' | 'hidden';
  readonly count: number;
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
