/** The list of known findings: how it is compared with what was seen, and that it is exact. */
import { describe, expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { ALL_SERIES } from '../../src/cli/generate/exhibits.ts';
import { expectation, expectedExitCode, occurrencesOf } from '../../src/cli/results.ts';
import { expectationsText } from '../../src/cli/text/expectations.ts';
import { checkSubject, defaultSubject, type Subject, subjectLabel } from '../../src/conformance/subject.ts';
import {
  BASELINE,
  compareFindings,
  crossOptions,
  defaultOptions,
  type Finding,
  FindingsError,
  findingsFor,
  knownFindings,
  type Occurrence,
  occursIn,
  PLATFORMS,
  parseFindings,
  type Run,
  V5,
} from '../../src/series/index.ts';

const [tdx, cca] = PLATFORMS as [(typeof PLATFORMS)[number], (typeof PLATFORMS)[number]];

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

describe('with the command', () => {
  const subject = (series = BASELINE): Subject => defaultSubject(SYSTEMS[0]!, series, cca);
  const io = { out: () => {}, err: () => {}, status: () => {}, colour: false, width: 100 };
  const known = findingsFor('check', {
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

  const subjects = SYSTEMS.flatMap((system) =>
    ALL_SERIES.flatMap((series) =>
      PLATFORMS.flatMap((platform) =>
        [...crossOptions(platform, ['device', 'coherent-pool'])].map(
          (options): Subject => ({ system, series, platform, options }),
        ),
      ),
    ),
  );

  test('no two entries speak of the same occurrence', () => {
    for (const { series, platform, options } of subjects) {
      const here = knownFindings().filter((one) =>
        occursIn(one, { patches: series.patches, platform, options }),
      );
      for (const one of here) {
        const alike = here.filter(
          (other) =>
            other.property === one.property &&
            other.site === one.site &&
            other.shownBy.some((instrument) => one.shownBy.includes(instrument)),
        );
        expect(alike.map(({ id }) => id)).toEqual([one.id]);
      }
    }
  });

  test('is exact for the check: every prefix, every patch left out, both platforms, every option', () => {
    // Patches that have no switch in a system cannot change it: those that do decide what has to be explored.
    const seen = new Map<string, Occurrence[]>();
    for (const subject of subjects) {
      const { system, series, platform, options } = subject;
      const acting = system.patches.filter((patch) => series.patches.has(patch));
      const key = JSON.stringify([system.name, acting, platform.name, options]);
      let occurrences = seen.get(key);
      if (occurrences === undefined) {
        const { graph, verdicts } = checkSubject(subject);
        expect(graph.complete).toBe(true);
        occurrences = occurrencesOf(verdicts);
        seen.set(key, occurrences);
      }
      const { unlisted, missing } = expectation('check', subject, true, occurrences);
      expect({ subject: subjectLabel(subject), unlisted, missing }).toEqual({
        subject: subjectLabel(subject),
        unlisted: [],
        missing: [],
      });
    }
  });
});
