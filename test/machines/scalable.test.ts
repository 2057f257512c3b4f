/** The system for measurement: its size is a matter of two numbers, and at every size it keeps its properties. */
import { expect, test } from 'vitest';
import { MEASURED_SYSTEMS } from '../../machines/systems/index.ts';
import { DEFAULT_SIZE, MEASURED, scaled, scaledProperties } from '../../machines/systems/scalable.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { check, checkActors, compose, explore } from '../../src/lts/index.ts';
import { defaultOptions, PLATFORMS, V5 } from '../../src/series/index.ts';

const facts = specFacts(PLATFORMS[0]!, defaultOptions(PLATFORMS[0]!));
const graphOf = (pools: number, mappings: number) =>
  explore(compose(scaled({ pools, mappings }, V5.patches, facts)));

test.each([
  [1, 1, 10, 12],
  [2, 3, 2523, 8679],
  [3, 3, 6954, 25002],
  [2, 4, 22045, 98508],
  [3, 4, 120505, 560172],
])(
  '%i pools, %i mappings: %i states, %i transitions, every property holds',
  (pools, mappings, states, transitions) => {
    const graph = graphOf(pools, mappings);
    expect([graph.states, graph.transitions]).toEqual([states, transitions]);
    expect(checkActors(graph)).toEqual([]);
    const verdicts = check(graph, scaledProperties({ pools, mappings }));
    expect(verdicts.filter(({ status }) => status !== 'holds')).toEqual([]);
  },
);

test('the default is the system that is listed; the smallest measured one has about a hundred thousand states', () => {
  const [system] = MEASURED_SYSTEMS;
  expect(explore(compose(system!.network(V5.patches, facts))).states).toBe(22045);
  expect(DEFAULT_SIZE).toEqual({ pools: 2, mappings: 4 });
  expect(MEASURED['1e5']).toEqual({ pools: 3, mappings: 4 });
});
