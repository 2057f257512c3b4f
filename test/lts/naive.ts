/** The plainest explorer: vectors as text, a Map, every event tried everywhere. What the engine is held against. */
import type { Network } from '../../src/lts/index.ts';

export interface NaiveGraph {
  /** Vectors of local state indices as text, in breadth-first order. */
  readonly states: readonly string[];
  /** `source event target`, in the order of states and events. */
  readonly transitions: readonly string[];
  readonly depth: readonly number[];
}

export function naiveExplore(network: Network): NaiveGraph {
  const index = new Map<string, number>([[network.initial.join(','), 0]]);
  const states = [network.initial.join(',')];
  const depth = [0];
  const transitions: string[] = [];
  for (let s = 0; s < states.length; s++) {
    for (const event of network.events) {
      const vector = states[s]!.split(',').map(Number);
      const moves = event.participants.map(([i, e]) => {
        const { next, events } = network.instances[i]!.lts;
        return [i, next[vector[i]! * events.length + e]!] as const;
      });
      if (moves.some(([, target]) => target === -1)) continue;
      for (const [i, target] of moves) vector[i] = target;
      const key = vector.join(',');
      if (!index.has(key)) {
        index.set(key, states.length);
        states.push(key);
        depth.push(depth[s]! + 1);
      }
      transitions.push(`${s} ${event.index} ${index.get(key)}`);
    }
  }
  return { states, transitions, depth };
}
