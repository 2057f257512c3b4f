/**
 * Sets of paths as prefix trees in JSON: an array is a run of event numbers, and arrays inside it are
 * branches from that point. `[3,1,[4,4],[5],2]` is three paths: 3 1 4 4, 3 1 5 and 3 1 2. An empty branch
 * says that a path ends there although others go on. The branch with most paths is written in line, so
 * nesting is at most logarithmic in the number of paths.
 */
import type { Path } from '../lts/index.ts';

export type Tree = readonly (number | Tree)[];

type MutableTree = (number | MutableTree)[];

/** Lexicographic order by event numbers; a path comes before those that it is a prefix of. */
export function comparePaths(a: Path, b: Path): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** The order that suites keep: lexicographic, each path once, none empty. */
export function canonicalPaths(paths: readonly Path[]): Path[] {
  const sorted = paths.filter((path) => path.length > 0).sort(comparePaths);
  return sorted.filter((path, i) => i === 0 || comparePaths(sorted[i - 1]!, path) !== 0);
}

/** The tree of a set of paths. Equal sets give equal trees; empty paths and repetitions are dropped. */
export function pathsToTree(paths: readonly Path[]): Tree {
  const root: MutableTree = [];
  const all = canonicalPaths(paths);
  if (all.length > 0) build(all, 0, all.length, 0, root);
  return root;
}

/** Writes the paths `from … to-1`, which agree up to `depth`, into `into`. Recursion only into branches. */
function build(paths: readonly Path[], from: number, to: number, depth: number, into: MutableTree): void {
  let [first, last, at] = [from, to, depth];
  for (;;) {
    // Sorted: a path that ends here is the first.
    if (paths[first]!.length === at) {
      first++;
      if (first === last) return;
      into.push([]);
    }
    const groups: [number, number][] = [];
    for (let start = first; start < last; ) {
      let end = start + 1;
      while (end < last && paths[end]![at] === paths[start]![at]) end++;
      groups.push([start, end]);
      start = end;
    }
    const heavy = groups.reduce((best, group) => (group[1] - group[0] > best[1] - best[0] ? group : best));
    for (const group of groups) {
      if (group === heavy) continue;
      const branch: MutableTree = [paths[group[0]]![at]!];
      into.push(branch);
      build(paths, group[0], group[1], at + 1, branch);
    }
    into.push(paths[heavy[0]]![at]!);
    [first, last, at] = [heavy[0], heavy[1], at + 1];
  }
}

/** The paths of a tree, in the canonical order. @throws TypeError where it is not a tree of event numbers. */
export function treeToPaths(tree: Tree): Path[] {
  const paths: number[][] = [];
  const visit = (node: Tree, prefix: readonly number[]): void => {
    const path = [...prefix];
    for (const item of node) {
      if (Array.isArray(item)) visit(item, path);
      else if (typeof item === 'number' && Number.isInteger(item) && item >= 0) path.push(item);
      else throw new TypeError(`a tree of paths holds event numbers and arrays, not ${JSON.stringify(item)}`);
    }
    paths.push(path);
  };
  if (tree.length > 0) visit(tree, []);
  return canonicalPaths(paths);
}

/** Counts for the head of a suite: paths, and steps of all of them together. */
export function countSteps(paths: readonly Path[]): { readonly paths: number; readonly steps: number } {
  return { paths: paths.length, steps: paths.reduce((sum, path) => sum + path.length, 0) };
}
