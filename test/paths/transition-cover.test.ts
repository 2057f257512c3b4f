import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compose, explore, type Path, runPath } from '../../src/lts/index.ts';
import { coverage, transitionCover } from '../../src/paths/index.ts';
import { lockNetwork, philosophers } from '../lts/examples.ts';
import { networks } from '../lts/random.ts';

const steps = (paths: readonly Path[]) => paths.reduce((sum, path) => sum + path.length, 0);

test('two users of a lock: one tour of four steps takes every transition once', () => {
  const graph = explore(compose(lockNetwork()));
  const paths = transitionCover(graph);
  expect(paths.map((path) => path.map((e) => graph.network.events[e]!.label))).toEqual([
    ['acquire[by=a]', 'release[by=a]', 'acquire[by=b]', 'release[by=b]'],
  ]);
  expect(coverage(graph, paths)).toEqual({ covered: 4, total: 4 });
});

test('a deadlock costs a reset, and nothing else does', () => {
  const graph = explore(compose(philosophers(3)));
  const paths = transitionCover(graph);
  const intoDeadlock = [...graph.targets].filter((t) => graph.enabled(t).length === 0).length;
  expect(coverage(graph, paths)).toEqual({ covered: graph.transitions, total: graph.transitions });
  expect(paths.length).toBeLessThanOrEqual(intoDeadlock + 1);
});

test('thousands of transitions take less than twice as many steps', () => {
  const graph = explore(compose(philosophers(8)));
  expect(graph.transitions).toBeGreaterThan(3000);
  const paths = transitionCover(graph);
  expect(coverage(graph, paths).covered).toBe(graph.transitions);
  expect(steps(paths)).toBeLessThan(2 * graph.transitions);
});

test('random graphs, with sinks and one-way parts: all is covered, every path runs, and again the same', () => {
  fc.assert(
    fc.property(networks(), fc.option(fc.integer({ min: 1, max: 20 })), (network, maxSteps) => {
      const graph = explore(network);
      const options = maxSteps === null ? {} : { maxSteps };
      const paths = transitionCover(graph, options);
      // Counted on the local tables, without the graph's own rows.
      const taken = new Set(
        paths.flatMap((path) => {
          const states = runPath(network, path);
          return path.map((event, i) => `${states[i]!.join()} ${event}`);
        }),
      );
      expect(taken.size).toBe(graph.transitions);
      expect(coverage(graph, paths)).toEqual({ covered: graph.transitions, total: graph.transitions });
      expect(transitionCover(explore(network), options)).toEqual(paths);
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('no path takes a step after its last new transition', () => {
  const graph = explore(compose(philosophers(3)));
  for (const [i, path] of transitionCover(graph).entries()) {
    const all = transitionCover(graph);
    const shorter = all.map((other, j) => (i === j ? path.slice(0, -1) : other));
    expect(coverage(graph, shorter).covered).toBeLessThan(graph.transitions);
  }
});

describe('coverage', () => {
  const graph = explore(compose(lockNetwork()));

  test('counts a transition once', () => {
    expect(coverage(graph, [[0, 1, 0, 1], [0]])).toEqual({ covered: 2, total: 4 });
    expect(coverage(graph, [])).toEqual({ covered: 0, total: 4 });
  });

  test('refuses a step that is not enabled', () => {
    expect(() => coverage(graph, [[0], [0, 4]])).toThrow(
      'path 2, step 2: acquire[by=b] is not enabled in state 1',
    );
    expect(() => coverage(graph, [[99]])).toThrow('path 1, step 1: event number 99 is not enabled');
  });
});

test('of an incomplete graph, what is there is covered', () => {
  const graph = explore(compose(philosophers(4)), { maxStates: 20 });
  expect(coverage(graph, transitionCover(graph)).covered).toBe(graph.transitions);
});
