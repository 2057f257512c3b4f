/** Step sequences as a short text: equal exactly when the sequences are. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StepGraph } from '../../../src/conformance/matrix/digest.ts';

type Edges = readonly (readonly [from: number, label: string, to: number])[];

function digest(edges: Edges): string {
  const graph = new StepGraph();
  for (const [from, label, to] of edges) graph.add(from, to, label);
  return graph.digest();
}

test('an example: a state more for the same sequences does not matter, another label does', () => {
  const joined: Edges = [
    [0, 'map', 1],
    [0, 'alloc', 1],
    [1, 'free', 2],
  ];
  const split: Edges = [
    [0, 'alloc', 3],
    [0, 'map', 1],
    [1, 'free', 2],
    [3, 'free', 4],
  ];
  expect(digest(split)).toBe(digest(joined));
  expect(digest([[0, 'map', 1]])).not.toBe(digest([[0, 'alloc', 1]]));
  expect(digest([[0, 'map', 1]])).not.toBe(
    digest([
      [0, 'map', 1],
      [1, 'free', 2],
    ]),
  );
});

test('what recurs for ever is compared too', () => {
  const once: Edges = [
    [0, 'a', 1],
    [1, 'b', 0],
  ];
  const twice: Edges = [
    [0, 'a', 1],
    [1, 'b', 2],
    [2, 'a', 3],
    [3, 'b', 0],
  ];
  const other: Edges = [
    [0, 'a', 1],
    [1, 'b', 2],
    [2, 'a', 3],
    [3, 'c', 0],
  ];
  expect(digest(twice)).toBe(digest(once));
  expect(digest(other)).not.toBe(digest(once));
});

describe('random deterministic graphs', () => {
  const graphs = (back: boolean) =>
    fc
      .array(
        fc.tuple(
          fc.integer({ min: 0, max: 6 }),
          fc.constantFrom('a', 'b', 'c'),
          fc.integer({ min: 0, max: 7 }),
        ),
        { maxLength: 16 },
      )
      .map((all) => {
        const seen = new Set<string>();
        return all.filter(([from, label, to]) => {
          if (!back && to <= from) return false;
          const key = `${from} ${label}`;
          return !seen.has(key) && seen.add(key) !== undefined;
        });
      });

  /** All words up to a length, by walking: the definition that the digest is held against. */
  function words(edges: Edges, length: number): string {
    const out: string[] = [];
    const walk = (state: number, word: string, left: number): void => {
      out.push(word);
      if (left === 0) return;
      for (const [from, label, to] of edges) if (from === state) walk(to, word + label, left - 1);
    };
    walk(0, '', length);
    return out.sort().join();
  }

  test.each([false, true])('equal digests, equal sequences; and the other way round (loops: %s)', (back) => {
    fc.assert(
      fc.property(graphs(back), graphs(back), (a, b) => {
        // Two deterministic graphs of at most 8 states differ within 16 steps or not at all; 9 tell most apart.
        if (digest(a) === digest(b)) expect(words(b, 9)).toBe(words(a, 9));
        else if (!back) expect(words(b, 9)).not.toBe(words(a, 9));
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  test('numbers of states and the order of transitions say nothing', () => {
    fc.assert(
      fc.property(graphs(true), fc.array(fc.nat(), { minLength: 16, maxLength: 16 }), (edges, keys) => {
        const shuffled = edges.map((edge, i) => [keys[i]!, edge] as const).sort(([x], [y]) => x - y);
        const renamed = shuffled.map(
          ([, [from, label, to]]) => [from === 0 ? 0 : 8 - from, label, to === 0 ? 0 : 8 - to] as const,
        );
        expect(digest(renamed)).toBe(digest(edges));
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});
