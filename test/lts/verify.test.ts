/** A search without a graph says what `check` says of the graph. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { defaultSubject, networkOf, propertiesOf } from '../../src/conformance/subject.ts';
import {
  check,
  compose,
  explore,
  type Network,
  runPath,
  type SafetyProperty,
  verify,
} from '../../src/lts/index.ts';
import { BASELINE, PLATFORMS, V5 } from '../../src/series/index.ts';
import { lockNetwork } from './examples.ts';
import { networks } from './random.ts';

function compare(network: Network, properties: readonly SafetyProperty[]): void {
  const graph = explore(network);
  const verified = verify(network, properties);
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
  const [verdict] = verify(network, [property]).verdicts;
  expect(verdict).toMatchObject({ status: 'fails', steps: 2 });
  compare(network, [property]);
});

test('random networks', () => {
  fc.assert(
    fc.property(networks(4), fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)), (network, [a, b, e]) => {
      const over = network.instances.slice(0, 2).map(({ name }) => name);
      const here = (...l: { index: number }[]) => l.every(({ index }, i) => index !== [a, b][i]);
      compare(network, [
        { name: 'invariant', kind: 'invariant', doc: '', over, holds: (...l) => here(...l) || 'no' },
        { name: 'false', kind: 'invariant', doc: '', over, holds: () => 'no' },
        {
          name: 'forbidden',
          kind: 'forbidden',
          doc: '',
          over,
          event: ({ index }) => index % 4 === e,
          when: (_, ...l) => here(...l),
        },
        { name: 'never', kind: 'forbidden', doc: '', event: ({ index }) => index === e },
        { name: 'ends', kind: 'deadlock', doc: '', final: { over, is: here } },
        {
          name: 'happens',
          kind: 'possible',
          doc: '',
          witnesses: 'never',
          event: ({ index }) => index === e,
          expected: false,
        },
        {
          name: 'seen',
          kind: 'possible',
          doc: '',
          witnesses: 'ends',
          over,
          when: (...l) => !here(...l),
          expected: true,
        },
      ]);
    }),
    { numRuns: 400, seed: 11 },
  );
});

test('the first system, v5 and the baseline', () => {
  for (const system of SYSTEMS.slice(0, 1)) {
    for (const series of [V5, BASELINE]) {
      const subject = defaultSubject(system, series, PLATFORMS[0]!);
      compare(
        networkOf(subject),
        propertiesOf(subject).filter((property) => property.kind !== 'leads-to'),
      );
    }
  }
}, 120_000);

test('bounds stop the search, and say which', () => {
  const network = networkOf(defaultSubject(SYSTEMS[0]!, V5, PLATFORMS[0]!));
  const properties = [{ name: 'no deadlock', kind: 'deadlock', doc: '' }] as const;
  expect(verify(network, properties, { maxStates: 100 })).toMatchObject({ stopped: 'states' });
  expect(verify(network, properties, { maxBytes: 1 })).toMatchObject({ stopped: 'memory', expanded: 0 });
  const stopped = verify(network, properties, { stop: () => true });
  expect(stopped).toMatchObject({ stopped: 'asked', verdicts: [{ status: 'not decided' }] });
});
