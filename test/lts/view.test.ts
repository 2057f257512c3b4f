import { describe, expect, test } from 'vitest';
import {
  compose,
  describePath,
  describeStep,
  explore,
  runPath,
  stateText,
  stateView,
  valueText,
} from '../../src/lts/index.ts';
import { lockNetwork, philosophers } from './examples.ts';

const graph = explore(compose(lockNetwork(true)));
const [acquireA, acquireB, bargeB] = ['acquire[by=a]', 'acquire[by=b]', 'barge[by=b]'].map((label) =>
  graph.network.events.findIndex((event) => event.label === label),
) as [number, number, number];

describe('local states as text', () => {
  test.each([
    ['idle', 'idle'],
    [{ mapping: 'publishing' }, 'mapping.publishing'],
    [{ x: 'y', z: 'w' }, '{x.y, z.w}'],
    [{ a: { b: 'c', d: { e: 'f' } } }, 'a.{b.c, d.e.f}'],
    [{ a: {}, b: 'c' }, '{a, b.c}'],
  ])('%j is %s', (value, text) => {
    expect(valueText(value)).toBe(text);
  });

  test('the context follows, sorted, when there is one', () => {
    const context = { n: 2, by: 'a', list: [1, { z: 1, y: null }] };
    expect(stateText({ value: 'held', context })).toBe('held {by=a, list=[1,{"y":null,"z":1}], n=2}');
    expect(stateText({ value: 'held', context: {} })).toBe('held');
  });
});

test('a state by instance name', () => {
  const state = graph.targets[graph.edge(0, acquireA)]!;
  const view = stateView(graph, state);
  expect(stateText(view.local('lock'))).toBe('held {by=a}');
  expect(() => view.local('lok')).toThrow(
    "there is no instance 'lok' in network 'two-users'; it has a, b, lock",
  );
});

test('a path as a numbered table: who acted, what happened, what changed', () => {
  const path = [acquireA, bargeB];
  expect(describePath(graph.network, path)).toEqual([
    {
      n: 1,
      actor: 'a',
      event: 'acquire[by=a]',
      symbol: 'mutex_lock',
      kind: 'observation',
      changed: [
        { instance: 'a', from: 'outside', to: 'inside' },
        { instance: 'lock', from: 'free {by=nobody}', to: 'held {by=a}' },
      ],
    },
    {
      n: 2,
      actor: 'world',
      event: 'barge[by=b]',
      symbol: 'barge',
      kind: 'stimulus',
      changed: [{ instance: 'b', from: 'outside', to: 'barged' }],
    },
  ]);
  expect(describeStep(graph, path, 1)).toEqual(describePath(graph.network, path)[1]);
  expect(() => describeStep(graph, path, 2)).toThrow('the path has 2 steps; there is no step 3');
});

describe('a path that cannot be taken', () => {
  test('names the step, the event, and who blocks it', () => {
    expect(() => runPath(graph.network, [acquireA, acquireB])).toThrow(
      'step 2 of 2, acquire[by=b], cannot be taken: it is not offered by lock in held {by=a}',
    );
  });

  test('names an event number that does not exist', () => {
    expect(() => runPath(graph.network, [99])).toThrow(
      "step 1 of 1 is event number 99, but network 'two-users' has the events 0 to 7",
    );
  });
});

test('every shortest path of a graph leads to its state', () => {
  const table = explore(compose(philosophers(3)));
  for (let s = 0; s < table.states; s++) {
    const run = runPath(table.network, table.pathTo(s));
    expect(run).toHaveLength(table.depth[s]! + 1);
    expect(run.at(-1)).toEqual(table.vector(s));
  }
});
