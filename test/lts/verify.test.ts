/** A search without a graph says what `check` says of the graph; the generated search says what the plain one says. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { scaled, scaledProperties } from '../../machines/systems/scalable.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { defaultSubject, networkOf, propertiesOf } from '../../src/conformance/subject.ts';
import {
  check,
  compose,
  explore,
  type Network,
  runPath,
  type SafetyProperty,
  type Verified,
  verify,
} from '../../src/lts/index.ts';
import { layoutOf } from '../../src/lts/layout.ts';
import { FastSearch, type Tuning } from '../../src/lts/verify-fast.ts';
import { SafetyWatch } from '../../src/lts/verify-watch.ts';
import { BASELINE, defaultOptions, PLATFORMS, V5 } from '../../src/series/index.ts';
import { lockNetwork } from './examples.ts';
import { doubled, networks } from './random.ts';
import { choices, properties } from './random-properties.ts';

const FACTS = specFacts(PLATFORMS[0]!, defaultOptions(PLATFORMS[0]!));
const SIZE = { pools: 2, mappings: 4 };
/** Some ten thousand states. */
const SCALED = { network: compose(scaled(SIZE, V5.patches, FACTS)), properties: scaledProperties(SIZE) };

/** With copies of the last instances that move along, so that a state has more than one word. */
function doubledPools(network: Network): Network {
  const n = network.instances.length;
  const from = n - 4;
  return {
    ...network,
    instances: [
      ...network.instances,
      ...network.instances.slice(from).map(({ name, lts }) => ({ name: `${name}'`, lts })),
    ],
    events: network.events.map((event) => ({
      ...event,
      participants: [
        ...event.participants,
        ...event.participants.filter(([i]) => i >= from).map(([i, e]) => [i + n - from, e] as const),
      ],
    })),
    initial: [...network.initial, ...network.initial.slice(from)],
  };
}

/** Holds a search against `check` on the explored graph. */
function compare(network: Network, properties: readonly SafetyProperty[], verified: Verified): void {
  const graph = explore(network);
  expect([verified.states, verified.transitions, verified.stopped]).toEqual([
    graph.states,
    graph.transitions,
    null,
  ]);
  expect(verified.depth).toBe(Math.max(...graph.depth));
  check(graph, properties).forEach(({ name, status, steps, path, counterexamples }, i) => {
    const { path: own, site, ...same } = verified.verdicts[i]!;
    expect(same).toMatchObject({ name, status, steps });
    expect(own).toEqual(path);
    if (counterexamples.length > 0) expect(site).toBe(counterexamples[0]!.site);
    if (own !== null) runPath(network, own);
  });
}

test('a careless user is found without a graph, by the same path', () => {
  const network = compose(lockNetwork(true));
  const inside = ({ value }: { value: unknown }) => value !== 'outside';
  const property: SafetyProperty = {
    name: 'exclusion',
    kind: 'invariant',
    doc: '',
    over: ['a', 'b'],
    holds: (a, b) => !(inside(a) && inside(b)) || 'both at work',
  };
  const verified = verify(network, [property]);
  expect(verified.verdicts[0]).toMatchObject({ status: 'fails', steps: 2 });
  compare(network, [property], verified);
});

describe('random networks', () => {
  test('as check says', () => {
    fc.assert(
      fc.property(networks(4), choices, (network, chosen) => {
        const asked = properties(network, chosen);
        compare(network, asked, verify(network, asked));
      }),
      { numRuns: 120, seed: 11 },
    );
  });

  /** The generated search with tables of 16 slots, so that each grows often, and with batches of a few states. */
  function tuned(network: Network, asked: readonly SafetyProperty[], tuning: Tuning): Verified {
    const layout = layoutOf(network);
    const watch = new SafetyWatch(network, layout, asked);
    const limits = { maxStates: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };
    const steps = new FastSearch(network, layout, watch, limits, tuning).run(network.initial);
    let step = steps.next();
    while (step.done !== true) step = steps.next(false);
    const { progress, stopped, pathTo } = step.value;
    const verdicts = watch.verdicts(true, pathTo);
    return { ...progress, stopped, words: layout.words, reduced: false, verdicts };
  }

  /** All that is said of a network, less what its tables take. */
  const said = ({ bytes: _, load: __, ...rest }: Verified) => rest;

  test('with the smallest tables, whose slots are states: as the plain search says', () => {
    fc.assert(
      fc.property(networks(12), choices, fc.integer({ min: 1, max: 3 }), (network, chosen, batch) => {
        const asked = properties(network, chosen);
        const expected = verify(network, asked, { successors: 'interpreted' });
        fc.pre(expected.states < 5000 && expected.words === 1);
        // Two bits for the distance from home: it does not fit again and again.
        const geometry = { quotient: true, bits: 4, extra: 2 };
        expect(said(tuned(network, asked, { geometry, batch, slice: 5 }))).toEqual(said(expected));
      }),
      { numRuns: 80, seed: 12 },
    );
  });

  test('the same of two words', () => {
    let tried = 0;
    fc.assert(
      fc.property(networks(5), choices, (small, chosen) => {
        let network = small;
        for (let n = 0; n < 3 && layoutOf(network).words === 1; n++) network = doubled(network);
        const { words, fields } = layoutOf(network);
        const extra = fields.reduce((sum, { word, bits }) => sum + (word > 0 ? bits : 0), 0);
        fc.pre(words === 2 && extra <= 12);
        const asked = properties(network, chosen);
        const expected = verify(network, asked, { successors: 'interpreted' });
        fc.pre(expected.states < 2000);
        const geometry = { quotient: true, bits: extra + 2, extra };
        expect(said(tuned(network, asked, { geometry, batch: 2, slice: 3 }))).toEqual(said(expected));
        tried++;
      }),
      { numRuns: 20, seed: 13 },
    );
    expect(tried).toBe(20);
  });

  test('and where slots are numbers', () => {
    fc.assert(
      fc.property(networks(40), choices, (small, chosen) => {
        const network = doubled(doubled(small));
        const asked = properties(network, chosen);
        const expected = verify(network, asked, { successors: 'interpreted' });
        fc.pre(expected.states < 1000);
        const geometry = { quotient: false, bits: 4, extra: 0 };
        expect(said(tuned(network, asked, { geometry, batch: 2, slice: 3 }))).toEqual(said(expected));
      }),
      { numRuns: 30, seed: 14 },
    );
  });
});

test('many instances: levels longer than a batch, tables that grow, a queue that is cut', () => {
  const asked = SCALED.properties as SafetyProperty[];
  for (const network of [SCALED.network, doubledPools(SCALED.network)]) {
    const plain = verify(network, asked, { successors: 'interpreted' });
    const fast = verify(network, asked, { successors: 'generated' });
    expect([fast.states, fast.transitions, fast.depth, fast.verdicts]).toEqual([
      plain.states,
      plain.transitions,
      plain.depth,
      plain.verdicts,
    ]);
  }
});

test('the systems, v5 and the baseline', () => {
  // The first system is by far the largest: one series of it is enough here.
  for (const system of SYSTEMS) {
    for (const series of system === SYSTEMS[0] ? [BASELINE] : [V5, BASELINE]) {
      const subject = defaultSubject(system, series, PLATFORMS[0]!);
      const network = networkOf(subject);
      const asked = propertiesOf(subject).filter((property) => property.kind !== 'leads-to');
      compare(network, asked, verify(network, asked));
    }
  }
});

describe('bounds', () => {
  const { network } = SCALED;
  const asked = [{ name: 'no deadlock', kind: 'deadlock', doc: '' }] as const;

  test('stop the search, and say which', () => {
    expect(verify(network, asked, { maxBytes: 1 })).toMatchObject({ stopped: 'memory', expanded: 0 });
    const stopped = verify(network, asked, { stop: () => true });
    expect(stopped).toMatchObject({ stopped: 'asked', verdicts: [{ status: 'not decided' }] });
  });

  test('the bound on states is exact: generated and plain stop at the same state', () => {
    for (const maxStates of [1, 100, 5000]) {
      const plain = verify(network, asked, { maxStates, successors: 'interpreted' });
      const { states, expanded, transitions, stopped } = verify(network, asked, { maxStates });
      expect({ states, expanded, transitions, stopped }).toMatchObject({ stopped: 'states' });
      expect([states, expanded, transitions]).toEqual([plain.states, plain.expanded, plain.transitions]);
    }
  });

  test('a table that would grow beyond the bound on memory does not grow', () => {
    const maxBytes = 1 << 19;
    const { stopped, bytes } = verify(network, asked, { maxBytes });
    expect(stopped).toBe('memory');
    expect(bytes).toBeLessThanOrEqual(maxBytes);
  });
});
