/** The suite of a series' own machines, run on the simulator of that series: every path, in groups. */
import { beforeAll, describe, expect, test } from 'vitest';
import { SuiteRun, suiteOf, sumUp } from '../../src/conformance/conform.ts';
import { subject } from './subjects.ts';

const GROUPS = 4;

export function expectConformance(series: string, platform: string): void {
  describe(`dynamic-pools, ${series}, ${platform}`, () => {
    const mine = subject(series, platform);
    const { graph, paths } = suiteOf(mine, mine.series);
    // The whole series is compared after every step; the kernel before it after the first time of each transition.
    const run = new SuiteRun(mine, graph, false, series !== 'v5');

    for (let index = 0; index < GROUPS; index++) {
      test(`paths of group ${index + 1} of ${GROUPS}: the simulator does what the machines say`, () => {
        const group = paths.filter((_, i) => i % GROUPS === index);
        for (const path of group) run.path(path);
        expect(run.result(group.length).failures).toEqual([]);
        expect(group.length).toBeGreaterThan(1000);
      });
    }

    describe('all groups together', () => {
      let whole: ReturnType<typeof sumUp>;
      beforeAll(() => {
        whole = sumUp(run.result(paths.length));
      });

      test('every transition of the graph is executed', () => {
        expect(whole.transitionsCovered).toBe(whole.transitionsTotal);
      });

      test('what is blocked was asked too, wherever the two were compared', () => {
        const compared = series === 'v5' ? whole.steps : whole.transitionsTotal;
        expect(whole.blockedChecked).toBeGreaterThan(compared * 50);
      });

      test("the simulator's own state keeps the safety properties, but for what is known of the series", () => {
        const broken = [
          ...new Set(whole.safety.map(({ property, site }) => `${property} at ${site}`)),
        ].sort();
        expect(broken).toEqual(series === 'v5' || platform === 'tdx' ? [] : BASELINE_CCA);
      });
    });
  });
}

/** Without patches 17 and 20: a pool-owned buffer is looked up under the wrong address wherever it is given back. */
const BASELINE_CCA = ['free-undoes-alloc', 'no-sleep-in-atomic', 'nothing-leaks', 'one-owner'].flatMap(
  (property) =>
    ['swiotlb_alloc_pool', 'swiotlb_dyn_free', 'swiotlb_find_slots'].map((site) => `${property} at ${site}`),
);
