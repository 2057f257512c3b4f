/** The suite of a series' own machines, run on the simulator of that series. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type ConformResult, goAround, SuiteRun, suiteOf, sumUp } from '../../src/conformance/conform.ts';
import { subjectLabel } from '../../src/conformance/subject.ts';
import type { Options } from '../../src/series/index.ts';
import { subject } from './subjects.ts';

/** What is known not to hold of a system with a series on a platform. Everything else must. */
export interface Known {
  /** Where the simulator parts from the machines: `site: expected … happened …` of the instance. */
  readonly diverges?: readonly string[];
  /** Transitions that these divergences keep out of reach, themselves included. */
  readonly keptOut?: number;
  /** Safety properties that are false of the simulator's own state: `property at site`. */
  readonly broken?: readonly string[];
}

export interface Expectation {
  readonly system: string;
  readonly series: string;
  readonly platform: string;
  readonly options?: Partial<Options>;
  readonly known?: Known;
  /** Compare after every step, not only after the first time of each transition. Default: false. */
  readonly everyStep?: boolean;
  /** Judge the safety properties on the simulator's own state too. Default: true. */
  readonly safety?: boolean;
  /** At least so many refusals for each step that was compared; small systems have fewer. Default: 5. */
  readonly refusals?: number;
  /** In so many tests, each with its share of the paths. Default: 1. */
  readonly groups?: number;
}

export function expectConformance({
  system,
  series,
  platform,
  options = {},
  known: { diverges = [], keptOut = 0, broken = [] } = {},
  everyStep = false,
  safety = true,
  refusals = 5,
  groups = 1,
}: Expectation): void {
  const mine = subject(series, platform, options, system);
  describe(subjectLabel(mine), () => {
    let whole: ConformResult;
    let run: SuiteRun;
    let suite: ReturnType<typeof suiteOf>;
    beforeAll(() => {
      suite = suiteOf(mine, mine.series);
      run = new SuiteRun(mine, suite.graph, false, !everyStep, safety);
    });

    for (let index = 0; index < groups; index++) {
      const name = groups === 1 ? 'all paths' : `paths of group ${index + 1} of ${groups}`;
      test(`${name}: the simulator does what the machines say`, () => {
        const group = suite.paths.filter((_, i) => i % groups === index);
        for (const path of group) run.path(path);
        const parted = run
          .result(group.length)
          .failures.map(
            ({ site, expected, happened }) => `${site}: expected ${expected}; happened ${happened}`,
          );
        expect(parted.filter((text) => !diverges.some((one) => text.startsWith(one)))).toEqual([]);
        expect(group.length).toBeGreaterThan(0);
      });
    }

    test('every transition is executed, but for those that a known divergence keeps out of reach', () => {
      whole = sumUp(goAround(mine, mine.series, suite.graph, run.result(suite.paths.length)));
      expect(whole.transitionsTotal - whole.transitionsCovered).toBe(keptOut);
      const sites = [...new Set(whole.failures.map(({ site }) => site))];
      expect(sites.sort()).toEqual([...new Set(diverges.map((one) => one.split(':')[0]))].sort());
    });

    test('what is blocked was asked too, wherever the two were compared', () => {
      const compared = everyStep ? whole.steps : whole.transitionsCovered;
      expect(whole.blockedChecked).toBeGreaterThan(compared * refusals);
    });

    test.runIf(safety)("the simulator's own state keeps the safety properties, but for what is known", () => {
      const found = [...new Set(whole.safety.map(({ property, site }) => `${property} at ${site}`))];
      expect(found.sort()).toEqual([...broken].sort());
    });
  });
}
