/** What is reused is what would have been computed. */
import { expect } from 'vitest';
import { type Outcome, outcomeOf } from '../../../src/conformance/matrix/outcome.ts';
import { type Place, plan } from '../../../src/conformance/matrix/plan.ts';
import { Reuse } from '../../../src/conformance/matrix/reuse.ts';
import { ROWS } from '../../../src/conformance/matrix/rows.ts';
import { workloadOf } from '../../../src/conformance/workloads.ts';

/** All but what was read: a reused result was read with other answers to what was not asked. */
const essence = ({ reads: _, ...rest }: Outcome): unknown => rest;

/** @param every of what is reused, so many are computed in full: every n-th */
export function expectReusedAsComputed(
  workloads: readonly string[],
  places: readonly Place[],
  every: number,
): void {
  let reused = 0;
  let n = 0;
  for (const [workload, jobs] of plan(workloads.map(workloadOf), ROWS, places)) {
    const kept = new Reuse<Outcome>();
    for (const { config } of jobs) {
      const known = kept.find(config);
      if (known === undefined) {
        // Only what the sample needs is explored: the first of each platform, and then what is asked for.
        if (n++ % 5 === 0) kept.keep(outcomeOf(workload, config, 20_000));
        continue;
      }
      if (reused++ % every !== 0) continue;
      expect(essence(known)).toEqual(essence(outcomeOf(workload, config, 20_000)));
    }
  }
  expect(reused).toBeGreaterThan(every * 3);
}
