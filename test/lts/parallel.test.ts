import { getAdjacencyMap } from '@xstate/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyMachineSnapshot } from 'xstate';
import { compose, explore, type Network, parallelMachine } from '../../src/lts/index.ts';
import { lockNetwork, philosophers } from './examples.ts';
import { networks } from './random.ts';

/** `source event target` of every enabled transition of the parallel machine, by `@xstate/graph`. */
function byLibrary(network: Network): { states: string[]; transitions: string[] } {
  const { machine, events, vector } = parallelMachine(network);
  const key = (snapshot: AnyMachineSnapshot) => vector(snapshot.value).join();
  const adjacency = getAdjacencyMap(machine, {
    events: events as never,
    serializeState: key as never,
    serializeEvent: ((event: { type: string }) => event.type) as never,
  }) as unknown as Record<
    string,
    { state: AnyMachineSnapshot; transitions: Record<string, { state: AnyMachineSnapshot }> }
  >;
  const transitions = Object.entries(adjacency).flatMap(([from, { state, transitions: all }]) =>
    events
      .filter((event) => state.can(event as never))
      .map(({ type }) => `${from} ${type} ${key(all[type]!.state)}`),
  );
  return { states: Object.keys(adjacency).sort(), transitions: transitions.sort() };
}

function byEngine(network: Network): { states: string[]; transitions: string[] } {
  const graph = explore(network);
  const states = Array.from({ length: graph.states }, (_, s) => graph.vector(s).join());
  const transitions = states.flatMap((from, s) =>
    graph.enabled(s).map((e) => `${from} e${e} ${states[graph.targets[graph.edge(s, e)]!]}`),
  );
  return { states: states.sort(), transitions: transitions.sort() };
}

describe('one parallel machine has the states and enabled transitions of the network', () => {
  test.each([lockNetwork(true), philosophers(3)])('$name', (def) => {
    const network = compose(def);
    expect(byLibrary(network)).toEqual(byEngine(network));
  });

  test('random networks', () => {
    fc.assert(
      fc.property(networks(3), (network) => {
        const expected = byEngine(network);
        fc.pre(expected.states.length < 200);
        expect(byLibrary(network)).toEqual(expected);
      }),
      { seed: 6, numRuns: 60 },
    );
  });
});
