/** Where two graphs of one system part: the shortest way to the first thing that an observer could tell. */
import type { Graph, Path } from '../../lts/index.ts';

export interface Difference {
  /** From the initial state, possible in both; events as the second graph numbers them. */
  readonly path: Path;
  /** `events`: other events are enabled after the path; `state`: an instance is in another local state. */
  readonly what: 'events' | 'state';
}

/**
 * The first difference, breadth-first, of two graphs; null when they are the same, state by state: local states,
 * enabled events, and where they lead. Local states are told apart by their keys, events by their labels, never by
 * their numbers.
 *
 * Both graphs number their states breadth-first in the order of events. So as long as nothing differs, equal
 * states have equal numbers, and one scan of both is enough.
 */
export function firstDifference(a: Graph, b: Graph): Difference | null {
  const names = ({ network }: Graph) => network.instances.map(({ name }) => name).join();
  if (names(a) !== names(b)) return { path: [], what: 'state' };
  const inB = translation(a, b);
  const same = sameLocals(a, b);
  if (!same(0)) return { path: [], what: 'state' };
  const expanded = Math.min(a.expanded, b.expanded);
  let known = 1;
  for (let state = 0; state < expanded; state++) {
    const from = a.offsets[state]!;
    const out = a.offsets[state + 1]! - from;
    // Equal so far, so that both tables have had the same number of entries.
    if (b.offsets[state + 1]! - from !== out) return { path: b.pathTo(state), what: 'events' };
    for (let t = from; t < from + out; t++)
      if (inB[a.labels[t]!] !== b.labels[t]) return { path: b.pathTo(state), what: 'events' };
    for (let t = from; t < from + out; t++) {
      const target = a.targets[t]!;
      // A number that was known has been compared; a new one is the next in both.
      if (b.targets[t] === target && (target < known || same(target))) {
        if (target === known) known++;
        continue;
      }
      return { path: [...b.pathTo(state), b.labels[t]!], what: 'state' };
    }
  }
  // Only a bound can end one before the other.
  return null;
}

/** By event of one graph: the event of the other with the same label, -1 where it has none. */
export function translation({ network: from }: Graph, { network: to }: Graph): Int32Array {
  if (from.events === to.events) return Int32Array.from(from.events.keys());
  const byLabel = new Map(to.events.map(({ label }, index) => [label, index]));
  return Int32Array.from(from.events, ({ label }) => byLabel.get(label) ?? -1);
}

/** Whether two states of the same number are the same local states. */
function sameLocals(a: Graph, b: Graph): (state: number) => boolean {
  const numbersInB = a.network.instances.map(({ lts }, i) => {
    const byKey = new Map(b.network.instances[i]!.lts.states.map(({ key, index }) => [key, index]));
    return Int32Array.from(lts.states, ({ key }) => byKey.get(key) ?? -1);
  });
  return (state) => numbersInB.every((inB, i) => inB[a.local(state, i)] === b.local(state, i));
}
