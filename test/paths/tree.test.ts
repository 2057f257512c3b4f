import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalPaths, pathsToTree, type Tree, treeToPaths } from '../../src/paths/index.ts';

test.each<[number[][], Tree]>([
  [[], []],
  [[[7, 7]], [7, 7]],
  // A branch, then the rest in line: both go on from 3 1.
  [
    [
      [3, 1, 5],
      [3, 1, 2, 2],
    ],
    [3, 1, [5], 2, 2],
  ],
  // A path that ends where another goes on.
  [
    [[1], [1, 2]],
    [1, [], 2],
  ],
  // No common first step.
  [
    [[1], [2], [3]],
    [[2], [3], 1],
  ],
])('%j is the tree %j', (paths, tree) => {
  expect(pathsToTree(paths)).toEqual(tree);
  expect(treeToPaths(tree)).toEqual(canonicalPaths(paths));
});

test('the branch with most paths is in line', () => {
  expect(
    pathsToTree([
      [1, 1],
      [2, 1],
      [2, 2],
    ]),
  ).toEqual([[1, 1], 2, [2], 1]);
});

const paths = fc.array(fc.array(fc.nat(3), { maxLength: 8 }), { maxLength: 30 });

test('any set of paths comes back sorted, without repetitions and empty paths', () => {
  fc.assert(
    fc.property(paths, (all) => {
      const tree = pathsToTree(all);
      expect(treeToPaths(tree)).toEqual(canonicalPaths(all));
      expect(pathsToTree(treeToPaths(tree))).toEqual(tree);
      expect(pathsToTree([...all].reverse())).toEqual(tree);
      expect(JSON.parse(JSON.stringify(tree))).toEqual(tree);
      const distinct = new Set(all.filter((path) => path.length > 0).map((path) => path.join()));
      expect(new Set(treeToPaths(tree).map((path) => path.join()))).toEqual(distinct);
    }),
    { seed: 8, numRuns: 500 },
  );
});

test('nesting is logarithmic in the number of paths, so that a comb of thousands is no deep tree', () => {
  const comb = Array.from({ length: 2000 }, (_, i) => [...Array<number>(i).fill(0), 1]);
  const depth = (tree: Tree): number =>
    1 +
    tree.reduce<number>((most, item) => (typeof item === 'number' ? most : Math.max(most, depth(item))), 0);
  const tree = pathsToTree(comb);
  expect(depth(tree)).toBeLessThanOrEqual(1 + Math.log2(2000));
  expect(treeToPaths(tree)).toHaveLength(2000);
});

test('what is no event number is refused', () => {
  expect(() => treeToPaths([1, 'x' as never])).toThrow('holds event numbers and arrays, not "x"');
  expect(() => treeToPaths([[-1]])).toThrow('not -1');
});
