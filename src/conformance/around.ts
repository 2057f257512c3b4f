/**
 * Ways around divergences: a path ends where simulator and machines part, and what lies behind it on that path
 * is not executed. What can be reached without passing a diverging transition is tried by another way, so that
 * in the end exactly those transitions are left out that a divergence keeps out of reach.
 */
import type { Graph, Path } from '../lts/index.ts';

/**
 * For each transition that was not executed: a shortest path to it and over it that takes no diverging one.
 * Transitions that cannot be reached so, and the diverging ones themselves, have none.
 */
export function pathsAround(graph: Graph, executed: Uint8Array, diverging: ReadonlySet<number>): Path[] {
  const from = new Int32Array(graph.states).fill(-1);
  const by = new Int32Array(graph.states);
  const queue = [0];
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head]!;
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
      const target = graph.targets[t]!;
      if (diverging.has(t) || target === 0 || from[target]! >= 0) continue;
      from[target] = state;
      by[target] = graph.labels[t]!;
      queue.push(target);
    }
  }
  const wayTo = (state: number): number[] => {
    const path: number[] = [];
    for (let at = state; at !== 0; at = from[at]!) path.unshift(by[at]!);
    return path;
  };
  const paths: Path[] = [];
  for (const state of queue) {
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++)
      if (executed[t] === 0 && !diverging.has(t)) paths.push([...wayTo(state), graph.labels[t]!]);
  }
  return paths;
}
