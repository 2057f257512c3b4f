/** A search that leaves out steps comes to the verdicts of the one that does not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { defaultSubject } from '../../src/conformance/subject.ts';
import { ampleOf } from '../../src/lts/ample.ts';
import { type LocalLts, type Network, runPath, type SafetyProperty, verify } from '../../src/lts/index.ts';
import { layoutOf } from '../../src/lts/layout.ts';
import { planOf } from '../../src/lts/plan.ts';
import { BASELINE, PLATFORMS, V5 } from '../../src/series/index.ts';
import { lts, networks } from './random.ts';
import { choices, properties } from './random-properties.ts';
import { expectSameVerdicts, statuses } from './reduced.ts';

/** @param events by event: who takes part, with which local event */
const network = (
  machines: readonly LocalLts[],
  events: readonly (readonly [number, number])[][],
): Network => ({
  name: 'small',
  instances: machines.map((one, i) => ({ name: `i${i}`, lts: one })),
  events: events.map((participants, index) => ({
    index,
    type: `g${index}`,
    params: {},
    label: `g${index}`,
    kind: 'observation',
    actor: 'a',
    symbol: 's',
    participants,
  })),
  initial: machines.map(() => 0),
});
const chosen = (of: Network, seen = false): number[][] =>
  ampleOf(of, planOf(of, layoutOf(of)), () => seen).map((one) => [...one]);

/** `0 → 1 → 2`, by one event of its own. */
const walker = lts('walker', 3, 1, [1, 2, -1]);
/** Goes round for ever: `0 → 1 → 0`. */
const spinner = lts('spinner', 2, 1, [1, 0]);
const own = (i: number): [number, number][] => [[i, 0]];

describe('local states whose steps are enough', () => {
  test('are those with steps, all of them its own', () => {
    expect(chosen(network([walker, walker], [own(0), own(1)]))).toEqual([
      [1, 1, 0],
      [1, 1, 0],
    ]);
    const together = network([walker, walker], [own(0), [...own(0), ...own(1)]]);
    expect(chosen(together)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  test('not where a property sees a step', () => {
    expect(chosen(network([walker], [own(0)]), true)).toEqual([[0, 0, 0]]);
  });

  test('never all of a cycle', () => {
    const [around] = chosen(network([spinner], [own(0)]));
    expect([...around!].sort()).toEqual([0, 1]);
    const [loop] = chosen(network([lts('loop', 1, 1, [0])], [own(0)]));
    expect(loop).toEqual([0]);
  });
});

/** Instance 1 never stands in its state 2. */
const never: SafetyProperty = {
  name: 'never',
  kind: 'invariant',
  doc: '',
  over: ['i1'],
  holds: ({ index }) => index !== 2 || 'there',
};

test('who goes round for ever keeps nobody else from being looked at', () => {
  const [verdict] = verify(network([spinner, walker], [own(0), own(1)]), [never], { reduce: true }).verdicts;
  expect(verdict).toMatchObject({ status: 'fails', steps: 2 });
});

test('independent walkers: one order of their steps instead of all', () => {
  const walkers = network(new Array(6).fill(walker), [0, 1, 2, 3, 4, 5].map(own));
  const ends: SafetyProperty = {
    name: 'ends',
    kind: 'deadlock',
    doc: '',
    final: { over: [], is: () => true },
  };
  const full = verify(walkers, [ends]);
  const reduced = verify(walkers, [ends], { reduce: true });
  expect([full.states, full.reduced, reduced.states, reduced.reduced]).toEqual([729, false, 13, true]);
  expect(statuses(reduced)).toEqual(statuses(full));
});

test('what is violated is shown by a shortest path of the full search', () => {
  const walkers = network([walker, walker], [own(0), own(1)]);
  const reduced = verify(walkers, [never], { reduce: true });
  expect(reduced).toEqual({ ...verify(walkers, [never]), bytes: reduced.bytes });
  expect(reduced.verdicts[0]!.path).toEqual([1, 1]);
});

test('random networks: the same verdicts, property by property and together; every path is one', () => {
  let [smaller, found] = [0, 0];
  fc.assert(
    fc.property(networks(4, 2), choices, (one, picked) => {
      const asked = properties(one, picked);
      for (const some of [asked, ...asked.map((property) => [property])]) {
        const full = verify(one, some);
        const reduced = verify(one, some, { reduce: true });
        expect(statuses(reduced)).toEqual(statuses(full));
        if (reduced.reduced && reduced.transitions < full.transitions) smaller++;
        for (const { path } of reduced.verdicts) if (path !== null) runPath(one, path);
        if (reduced.verdicts.some(({ kind, path }) => kind === 'possible' && path !== null)) found++;
      }
    }),
    { numRuns: 150, seed: 21 },
  );
  // It is about something.
  expect(smaller).toBeGreaterThan(30);
  expect(found).toBeGreaterThan(30);
});

test.each(['boot', 'restricted', 'trusted'])(
  '%s, v5 and the baseline; the others: test/exhaustive',
  (name) => {
    const system = SYSTEMS.find((one) => one.name === name)!;
    for (const series of [V5, BASELINE]) expectSameVerdicts(defaultSubject(system, series, PLATFORMS[0]!));
  },
);
