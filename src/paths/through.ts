/** A shortest path through what was seen of a run: some events in their order, with others between them. */
import type { GlobalEvent, Graph, Path } from '../lts/index.ts';

export interface Through {
  /** In their order: whether an event is the one that was seen. */
  readonly seen: readonly ((event: GlobalEvent) => boolean)[];
  /** Whether an event may have happened unseen. */
  readonly unseen: (event: GlobalEvent) => boolean;
}

export interface Passage {
  readonly path: Path;
  /** By step of the path: the number of what was seen, or -1 for a step that is filled in. */
  readonly matched: readonly number[];
  /** How many of what was seen the path takes; fewer than all: no path takes more, in this order. */
  readonly reached: number;
}

/**
 * Breadth-first over pairs of a state and how much was matched so far: the result is a shortest path of those that
 * match most. Of equally short ones the one with the smaller event numbers from its beginning on.
 */
export function pathThrough(graph: Graph, { seen, unseen }: Through): Passage {
  const { network, states, offsets, targets, labels } = graph;
  const fills = network.events.map(unseen);
  const fits = seen.map((is) => network.events.map(is));
  const nodes = states * (seen.length + 1);
  const from = new Int32Array(nodes).fill(-2);
  const by = new Int32Array(nodes);
  const queue = new Int32Array(nodes);
  let [head, tail, best] = [0, 1, 0];
  from[0] = -1;
  for (; head < tail; head++) {
    const node = queue[head]!;
    const [state, done] = [node % states, Math.floor(node / states)];
    if (done > Math.floor(best / states)) best = node;
    if (done === seen.length) break;
    for (let t = offsets[state]!; t < offsets[state + 1]!; t++) {
      const event = labels[t]!;
      for (const next of [
        fits[done]![event] ? (done + 1) * states + targets[t]! : -1,
        fills[event] ? done * states + targets[t]! : -1,
      ]) {
        if (next < 0 || from[next] !== -2) continue;
        from[next] = node;
        by[next] = event;
        queue[tail++] = next;
      }
    }
  }
  return trace(best, states, from, by);
}

function trace(end: number, states: number, from: Int32Array, by: Int32Array): Passage {
  const path: number[] = [];
  const matched: number[] = [];
  for (let node = end; from[node]! >= 0; node = from[node]!) {
    const before = Math.floor(from[node]! / states);
    path.push(by[node]!);
    matched.push(Math.floor(node / states) > before ? before : -1);
  }
  return { path: path.reverse(), matched: matched.reverse(), reached: Math.floor(end / states) };
}
