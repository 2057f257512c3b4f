/** The list of known findings: how it is compared with what was seen, and that it is exact. */
import { describe, expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { ALL_SERIES } from '../../src/cli/generate/exhibits.ts';
import { expectation, expectedExitCode } from '../../src/cli/results.ts';
import { expectationsText } from '../../src/cli/text/expectations.ts';
import { defaultSubject, type Subject } from '../../src/conformance/subject.ts';
import { WORKLOADS } from '../../src/conformance/workloads.ts';
import {
  BASELINE,
  compareFindings,
  defaultOptions,
  type Finding,
  FindingsError,
  findingsFor,
  INSTRUMENTS,
  type Instrument,
  knownFindings,
  type Occurrence,
  type Options,
  occursIn,
  PLATFORMS,
  type Platform,
  parseFindings,
  type Run,
  type Situation,
  V5,
} from '../../src/series/index.ts';
import { expectExact, oneAway } from './exact.ts';

const platformNamed = (name: string): Platform => PLATFORMS.find((one) => one.name === name)!;
const [tdx, cca] = [platformNamed('tdx'), platformNamed('cca')];

const finding: Finding = {
  id: 'page-lost',
  property: 'nothing-leaks',
  site: '__free_pages',
  shownBy: ['check'],
  when: [{ platforms: ['cca'], has: [5], lacks: [20] }],
  judgement: 'repaired by patch 20',
  title: 'A page is lost',
  text: 'It is lost.',
};
const run = (change: Partial<Run> = {}): Run => ({
  instrument: 'check',
  situation: { patches: new Set([5]), platform: cca, options: defaultOptions(cca) },
  complete: true,
  occurrences: [{ property: 'nothing-leaks', site: '__free_pages' }],
  ...change,
});

describe('comparing', () => {
  test('what is listed and occurs is known', () => {
    expect(compareFindings(run(), [finding])).toEqual({ known: [finding], unlisted: [], missing: [] });
  });

  test('what occurs at another site is not listed, and what is listed is missing', () => {
    const elsewhere = { property: 'nothing-leaks', site: 'kfree' };
    expect(compareFindings(run({ occurrences: [elsewhere] }), [finding])).toEqual({
      known: [],
      unlisted: [elsewhere],
      missing: [finding],
    });
  });

  test('where a bound was hit, nothing is missing', () => {
    expect(compareFindings(run({ occurrences: [], complete: false }), [finding]).missing).toEqual([]);
  });

  test.each<[string, Partial<Run>]>([
    ['another platform', { situation: { ...run().situation, platform: tdx } }],
    ['without a patch that it needs', { situation: { ...run().situation, patches: new Set() } }],
    ['with the patch that repairs it', { situation: { ...run().situation, patches: new Set([5, 20]) } }],
    ['another instrument', { instrument: 'explore' }],
  ])('it is listed nowhere else: %s', (_, change) => {
    expect(compareFindings(run(change), [finding]).unlisted).toHaveLength(1);
    expect(compareFindings(run({ ...change, occurrences: [] }), [finding]).missing).toEqual([]);
  });

  test('options, and alternatives', () => {
    const trusted = { ...finding, when: [{ options: { device: 'trusted' as const } }, { lacks: [5] }] };
    const { situation } = run();
    expect(occursIn(trusted, situation)).toBe(false);
    expect(occursIn(trusted, { ...situation, options: { ...situation.options, device: 'trusted' } })).toBe(
      true,
    );
    expect(occursIn(trusted, { ...situation, patches: new Set() })).toBe(true);
  });
});

describe('who shows it', () => {
  const situation = { ...run().situation, system: 'boot', workloads: ['growth', 'two-maps'] };
  const shown = (when: Finding['when'], instrument: Instrument, change: Partial<Situation> = {}) =>
    occursIn({ shownBy: ['check', 'explore', 'conform'], when }, { ...situation, ...change }, instrument);

  test('systems are asked of what runs systems, workloads of what runs workloads', () => {
    const one: Finding['when'] = [{ systems: ['boot'], workloads: ['growth'] }];
    expect(shown(one, 'check')).toBe(true);
    expect(shown(one, 'check', { system: 'streaming' })).toBe(false);
    expect(shown(one, 'explore', { system: 'streaming' })).toBe(true);
    expect(shown(one, 'explore', { workloads: ['two-maps'] })).toBe(false);
    expect(shown(one, 'matrix')).toBe(false);
  });

  test('an alternative can be about some of the instruments', () => {
    const two: Finding['when'] = [{ shownBy: ['check'] }, { shownBy: ['conform'], platforms: ['tdx'] }];
    expect(shown(two, 'check')).toBe(true);
    expect(shown(two, 'conform')).toBe(false);
    expect(shown(two, 'conform', { platform: tdx })).toBe(true);
    expect(shown(two, 'explore')).toBe(false);
  });

  test('an option may have one of several values', () => {
    const active: Finding['when'] = [{ options: { swiotlb: ['default', 'force'] } }];
    const under = (swiotlb: Options['swiotlb']) =>
      shown(active, 'check', { options: { ...situation.options, swiotlb } });
    expect([under('default'), under('force'), under('noforce')]).toEqual([true, true, false]);
  });
});

describe('with the command', () => {
  const subject = (series = BASELINE): Subject => defaultSubject(SYSTEMS[0]!, series, cca);
  const io = { out: () => {}, err: () => {}, status: () => {}, colour: false, width: 100 };
  const known = findingsFor('check', {
    system: SYSTEMS[0]!.name,
    patches: BASELINE.patches,
    platform: cca,
    options: defaultOptions(cca),
  });
  const occurrences: Occurrence[] = known.map(({ property, site }) => ({ property, site }));

  test('exactly what is listed: 0', () => {
    const all = [expectation('check', subject(), true, occurrences)];
    expect(expectedExitCode(all)).toBe(0);
    expect(expectationsText(io, all)).toMatch(/^As listed: in 1 run, \d+ known findings occur/);
  });

  test('one more: 1, and it is named', () => {
    const all = [expectation('check', subject(V5), true, [{ property: 'free-private', site: 'kfree' }])];
    expect(expectedExitCode(all)).toBe(1);
    expect(expectationsText(io, all)).toMatch(
      /^Not listed:\n\n[\s\S]*free-private, at kfree +check +dynamic-pools, v5, cca/,
    );
  });

  test('one less: 1, and it is named', () => {
    const all = [expectation('check', subject(), true, occurrences.slice(1))];
    expect(expectedExitCode(all)).toBe(1);
    expect(expectationsText(io, all)).toMatch(
      new RegExp(`^Listed, and no longer there[\\s\\S]*${known[0]!.id}`),
    );
  });

  test('one less where a bound was hit: 3', () => {
    const all = [expectation('check', subject(), false, occurrences.slice(1))];
    expect(expectedExitCode(all)).toBe(3);
    expect(expectationsText(io, all)).toMatch(/A bound was hit/);
  });
});

describe('the list', () => {
  test.each<[string, unknown, RegExp]>([
    ['no list', {}, /does not follow its schema: the list must be array/],
    ['no judgement', [{ ...finding, judgement: 'fine' }], /\/0\/judgement must match pattern/],
    [
      'a patch that is none',
      [{ ...finding, when: [{ lacks: [21] }] }],
      /\/0\/when\/0\/lacks\/0 must be <= 20/,
    ],
    ['an id twice', [finding, finding], /two findings called 'page-lost'/],
    [
      'a platform',
      [{ ...finding, when: [{ platforms: ['arm'] }] }],
      /names platform 'arm'; accepted: sev, snp, tdx/,
    ],
    [
      'an option',
      [{ ...finding, when: [{ options: { device: 'x' } }] }],
      /device=x; accepted: device=untrusted, device=trusted/,
    ],
  ])('refused: %s', (_, data, message) => {
    expect(() => parseFindings(data)).toThrow(FindingsError);
    expect(() => parseFindings(data)).toThrow(message);
  });

  const series = (...names: string[]) =>
    ALL_SERIES.filter(({ name }) => names.length === 0 || names.includes(name));
  test('no two entries speak of the same occurrence', () => {
    const rivals = INSTRUMENTS.flatMap((instrument) =>
      [
        ...group(
          knownFindings().filter(({ shownBy }) => shownBy.includes(instrument)),
          ({ property, site }) => `${property} at ${site}`,
        ).values(),
      ]
        .filter(({ length }) => length > 1)
        .map((entries) => ({ instrument, entries })),
    );
    expect(rivals.length).toBeGreaterThan(0);
    const systems = SYSTEMS.map(({ name }) => name);
    for (const { instrument, entries } of rivals)
      for (const { patches } of series())
        for (const platform of PLATFORMS)
          for (const options of oneAway(platform))
            for (const system of ['check', 'conform', 'conform-v5'].includes(instrument)
              ? systems
              : systems.slice(0, 1)) {
              const here = entries.filter((one) =>
                occursIn(one, { system, patches, platform, options }, instrument),
              );
              if (here.length > 1)
                expect(
                  here.map(({ id }) => id),
                  `${instrument}, ${system}, ${platform.name}`,
                ).toHaveLength(1);
            }
  });

  test('every system and workload that is named exists', () => {
    const systems = new Set(SYSTEMS.map(({ name }) => name));
    const workloads = new Set(WORKLOADS.map(({ name }) => name));
    const named = knownFindings().flatMap(({ when }) => when);
    expect(named.flatMap((one) => one.systems ?? []).filter((name) => !systems.has(name))).toEqual([]);
    expect(named.flatMap((one) => one.workloads ?? []).filter((name) => !workloads.has(name))).toEqual([]);
  });

  test.each(SYSTEMS.map(({ name }) => name))(
    'is exact for the check of %s on cca; more: test/exhaustive',
    (name) => {
      const system = SYSTEMS.find((one) => one.name === name)!;
      for (const one of [V5, BASELINE]) expectExact(defaultSubject(system, one, cca));
    },
  );
});

function group<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}
