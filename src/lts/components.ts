/** Strongly connected components of a part of a graph (Tarjan, without recursion). */
import type { Graph } from './graph.ts';

/** By state its component, -1 outside the part; components are numbered in the order in which they are closed. */
export interface Components {
  readonly of: Int32Array;
  readonly count: number;
}

/**
 * @param inside by state: 1 when it belongs to the part
 * @param uses whether an event's transitions belong to the part
 */
export function componentsOf(graph: Graph, inside: Uint8Array, uses: (event: number) => boolean): Components {
  const { offsets, targets, labels, expanded } = graph;
  const n = inside.length;
  const of = new Int32Array(n).fill(-1);
  const order = new Int32Array(n).fill(-1);
  const low = new Int32Array(n);
  const stack: number[] = [];
  const onStack = new Uint8Array(n);
  // The states whose edges are being followed, and where in them we are.
  const trail: number[] = [];
  const next: number[] = [];
  let clock = 0;
  let count = 0;
  const open = (state: number) => {
    order[state] = clock;
    low[state] = clock;
    clock++;
    stack.push(state);
    onStack[state] = 1;
    trail.push(state);
    next.push(offsets[state]!);
  };
  for (let root = 0; root < expanded; root++) {
    if (inside[root] !== 1 || order[root]! >= 0) continue;
    open(root);
    while (trail.length > 0) {
      const state = trail[trail.length - 1]!;
      const t = next[next.length - 1]!;
      if (t < offsets[state + 1]!) {
        next[next.length - 1] = t + 1;
        const target = targets[t]!;
        if (inside[target] !== 1 || target >= expanded || !uses(labels[t]!)) continue;
        if (order[target]! < 0) open(target);
        else if (onStack[target] === 1) low[state] = Math.min(low[state]!, order[target]!);
        continue;
      }
      trail.pop();
      next.pop();
      if (trail.length > 0) {
        const above = trail[trail.length - 1]!;
        low[above] = Math.min(low[above]!, low[state]!);
      }
      if (low[state] !== order[state]) continue;
      for (;;) {
        const member = stack.pop()!;
        onStack[member] = 0;
        of[member] = count;
        if (member === state) break;
      }
      count++;
    }
  }
  return { of, count };
}
