/** A share of the paths there and back; all of them: `npm run traces`. */
import { expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { suiteOf } from '../../src/conformance/conform.ts';
import { defaultSubject } from '../../src/conformance/subject.ts';
import { BASELINE, PLATFORMS, V5 } from '../../src/series/index.ts';
import { circleSuite, nothingYet } from '../../src/trace/circle/suite.ts';
import { UNDECIDABLE } from '../../src/trace/circle/undecidable.ts';

const subject = (system: string, series: typeof V5, platform: string) =>
  defaultSubject(
    SYSTEMS.find(({ name }) => name === system)!,
    series,
    PLATFORMS.find(({ name }) => name === platform)!,
  );

/** System, series, platform, and which paths: every n-th. */
const COVERED: readonly (readonly [string, typeof V5, string, number])[] = [
  ['dynamic-pools', V5, 'tdx', 500],
  ['dynamic-pools', V5, 'cca', 400],
  ['dynamic-pools', BASELINE, 'tdx', 500],
  ['dynamic-pools', BASELINE, 'cca', 300],
  ['dynamic-pools', V5, 'ppc-svm', 8],
  ['boot', V5, 'tdx', 1],
  ['boot', V5, 'ppc-svm', 1],
  ['boot', BASELINE, 'sev', 2],
  ['boot', BASELINE, 'tdx', 2],
  ['restricted-init', V5, 'pkvm', 4],
  ['atomic-pools', V5, 'tdx', 40],
  ['atomic-pools', BASELINE, 'sev', 17],
  ['allocation', V5, 'ppc-svm', 2],
  ['allocation', BASELINE, 'cca', 12],
  ['allocation-pages', BASELINE, 'cca', 6],
  ['streaming', BASELINE, 'cca', 60],
  ['restricted', BASELINE, 'cca', 1],
  ['trusted', V5, 's390-pv', 1],
  ['trusted', BASELINE, 'pkvm', 1],
];

test('a share of the suites: no log says the opposite, or nothing where it could say something', () => {
  const all = nothingYet();
  for (const [system, series, platform, every] of COVERED) {
    const of = subject(system, series, platform);
    circleSuite(
      of,
      suiteOf(of, series).paths.filter((_, i) => i % every === 0),
      all,
    );
  }
  expect([...all.disagreements.values()]).toEqual([]);
  // What the machines of the series themselves do not offer would be a stray step: there is none.
  // But for slots of a restricted pool, which before patch 3 are converted like pages, and no event tells them apart.
  expect([...all.strays.keys()]).toEqual(['direct-alloc: set_memory_decrypted in pool or allocating.pages']);
  expect(all.paths).toBeGreaterThan(250);
  // Every reason is needed.
  const idle = UNDECIDABLE.filter((_, i) => all.needed[i] === 0).map(
    ({ property, what }) => `${property}: ${what}`,
  );
  expect(idle).toEqual([]);
}, 120_000);
