/** What a patch does, worked out from the cells on both sides of it. */
import { describe, expect, test } from 'vitest';
import type { Cell, CellVerdict } from '../../../src/conformance/matrix/cells.ts';
import { effectsOf, type Judged } from '../../../src/conformance/matrix/effects.ts';
import type { Outcome } from '../../../src/conformance/matrix/outcome.ts';

const outcome = (
  digest: string | null,
  decisions: readonly string[] = [],
  sites: readonly string[] = [],
): Outcome => ({
  states: 1,
  transitions: 0,
  complete: digest !== null,
  violations: sites.map((site) => ({ property: 'one-owner', site, because: '', schedule: [0] })),
  witnesses: [],
  digest,
  decisions,
  reads: [],
});

const cell = (verdict: CellVerdict, ...sites: string[]): Cell => ({
  platform: 'tdx',
  options: '',
  property: 'one-owner',
  verdict,
  steps: verdict === 'fails' ? 7 : null,
  finding: null,
  ...(sites.length === 0
    ? {}
    : {
        counterexamples: sites.map((site) => ({
          site,
          steps: 7,
          because: '',
          workload: 'w',
          finding: null,
          replay: '',
        })),
      }),
});

const judged = (one: Cell, of?: Outcome): Judged[] => {
  const sites = (one.counterexamples ?? []).map(({ site }) => site);
  return [
    {
      platform: 'tdx',
      options: '',
      cells: [one],
      answers: [{ workload: 'w', outcome: of ?? outcome('d', [], sites) }],
    },
  ];
};

describe('verdicts', () => {
  test('fails before and not behind: repaired', () => {
    const { repairs, breaks, ends } = effectsOf(judged(cell('fails', 'f')), judged(cell('holds')));
    expect(repairs).toEqual([
      {
        platform: 'tdx',
        options: '',
        property: 'one-owner',
        before: 'fails',
        after: 'holds',
        steps: 7,
        finding: null,
      },
    ]);
    expect(breaks).toEqual([]);
    expect(ends.map(({ site }) => site)).toEqual(['f']);
  });

  test('not before and fails behind: broken', () => {
    const { repairs, breaks, begins } = effectsOf(judged(cell('not-reachable')), judged(cell('fails', 'g')));
    expect(repairs).toEqual([]);
    expect(breaks.map(({ before, after }) => [before, after])).toEqual([['not-reachable', 'fails']]);
    expect(begins.map(({ site }) => site)).toEqual(['g']);
  });

  test('one way of two to fail ends: neither repaired nor silent', () => {
    const { repairs, ends, begins } = effectsOf(
      judged(cell('fails', 'f', 'g')),
      judged(cell('fails', 'g', 'h')),
    );
    expect(repairs).toEqual([]);
    expect(ends.map(({ site }) => site)).toEqual(['f']);
    expect(begins.map(({ site }) => site)).toEqual(['h']);
  });
});

test('a way to fail that ends in one workload of two', () => {
  const two = (first: readonly string[], second: readonly string[]): Judged[] => [
    {
      platform: 'tdx',
      options: '',
      cells: [cell('fails', 'f')],
      answers: [
        { workload: 'v', outcome: outcome('d', [], first) },
        { workload: 'w', outcome: outcome('d', [], second) },
      ],
    },
  ];
  const { repairs, ends, begins } = effectsOf(two(['f'], ['f']), two([], ['f']));
  expect(repairs).toEqual([]);
  expect(ends).toMatchObject([{ site: 'f', workloads: ['v'], altogether: false }]);
  expect(begins).toEqual([]);
});

describe('steps and decisions', () => {
  const holds = cell('holds');

  test('equal digests: no change', () => {
    const { steps, decisions, notCompared } = effectsOf(
      judged(holds, outcome('d')),
      judged(holds, outcome('d')),
    );
    expect([steps, decisions, notCompared]).toEqual([[], [], []]);
  });

  test('other steps for the same decision', () => {
    const { steps, decisions } = effectsOf(
      judged(holds, outcome('d', ['x'])),
      judged(holds, outcome('e', ['x'])),
    );
    expect(steps).toEqual([{ platform: 'tdx', options: '', workloads: ['w'] }]);
    expect(decisions).toEqual([]);
  });

  test('another decision', () => {
    const { decisions } = effectsOf(judged(holds, outcome('d', ['x'])), judged(holds, outcome('e', ['y'])));
    expect(decisions).toEqual([{ platform: 'tdx', options: '', workloads: ['w'] }]);
  });

  test('an exploration that hit its bound is no proof', () => {
    const { notCompared } = effectsOf(judged(holds, outcome(null)), judged(holds, outcome(null)));
    expect(notCompared).toEqual([{ platform: 'tdx', options: '', workloads: ['w'] }]);
  });
});
