import { test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { ALL_SERIES } from '../../src/cli/generate/exhibits.ts';
import { defaultSubject, type Subject } from '../../src/conformance/subject.ts';
import { BASELINE, PLATFORMS, V5 } from '../../src/series/index.ts';
import { expectExact, oneAway } from '../series/exact.ts';

const seriesOf = (...names: string[]) => ALL_SERIES.filter(({ name }) => names.includes(name));
/** Platforms that differ in kind. */
const SOME = ['tdx', 'cca', 's390-pv', 'ppc-svm', 'sme', 'plain'];

// A sample: scripts/findings-sweep.ts holds every series and every combination of options.
const sample: Subject[] = SYSTEMS.flatMap((system) => [
  ...[V5, BASELINE].flatMap((one) =>
    (system.name === 'dynamic-pools' ? PLATFORMS.filter(({ name }) => SOME.includes(name)) : PLATFORMS).map(
      (platform) => defaultSubject(system, one, platform),
    ),
  ),
  ...seriesOf('prefix:2', 'prefix:7', 'prefix:11', 'prefix:17', 'without:1', 'without:3').flatMap((one) =>
    PLATFORMS.filter(
      ({ name }) => name === 'cca' || (name === 'pkvm' && system.name !== 'dynamic-pools'),
    ).map((platform) => defaultSubject(system, one, platform)),
  ),
  ...(system.name === 'dynamic-pools' ? [] : ['cca', 'sme']).flatMap((name) => {
    const platform = PLATFORMS.find((one) => one.name === name)!;
    return oneAway(platform).map((options): Subject => ({ system, series: V5, platform, options }));
  }),
]);

test.each(SYSTEMS.map(({ name }) => name))('the list is exact for the check of %s, in a sample', (name) => {
  for (const subject of sample.filter(({ system }) => system.name === name)) expectExact(subject);
});
