/**
 * Leads-to under weak fairness, on the explored graph: a counterexample is a lasso, a stem and a loop.
 *
 * A run violates it when from some state on it stays where `to` is false. What it repeats for ever lies in one
 * strongly connected component of those states; it is fair when each fair set either is disabled somewhere in the
 * component or has a step inside it. More states and steps can only help, so whole components are judged. (Manna
 * and Pnueli, Temporal Verification of Reactive Systems; Lichtenstein and Pnueli 1985.)
 */
import { byCombination } from './combos.ts';
import { componentsOf } from './components.ts';
import type { Graph } from './graph.ts';
import type { Found } from './search.ts';
import type { LeadsTo, Path } from './types.ts';

/** The lasso with the shortest stem, and of those through that component a short loop; null: it holds. */
export function lasso(graph: Graph, property: LeadsTo): Found | null {
  const { name, over, from, to, fair } = property;
  const { offsets, targets, labels, expanded } = graph;
  const { events } = graph.network;
  const isFrom = byCombination(graph, name, over, (locals) => from(...locals) === true);
  const isTo = byCombination(graph, name, over, (locals) => to(...locals) === true);
  const fairEvents = fair.map(({ event }) => events.map((e) => event(e) === true));
  const stemOnly = events.map((e) => property.onlyOnStem?.(e) === true);
  const recurs = property.recurring && events.map((e) => property.recurring?.(e) === true);

  // Where the obligation is open: from a state where `from` is true and `to` is not, until `to` is.
  const open = new Uint8Array(graph.states);
  const parent = new Int32Array(graph.states).fill(-1);
  const queue: number[] = [];
  for (let state = 0; state < graph.states; state++) {
    if (!isFrom(state) || isTo(state)) continue;
    open[state] = 1;
    queue.push(state);
  }
  for (const state of queue) {
    if (state >= expanded) continue;
    for (let t = offsets[state]!; t < offsets[state + 1]!; t++) {
      const target = targets[t]!;
      if (open[target] === 1 || isTo(target)) continue;
      open[target] = 1;
      parent[target] = t;
      queue.push(target);
    }
  }

  const { of, count } = componentsOf(graph, open, (e) => !stemOnly[e]);
  const judged = fairEvents.map(() => new Uint8Array(count));
  const again = new Uint8Array(count);
  const enabled = new Uint8Array(fair.length);
  for (const state of queue) {
    const c = of[state]!;
    if (c < 0) continue;
    enabled.fill(0);
    for (let t = offsets[state]!; t < offsets[state + 1]!; t++) {
      const e = labels[t]!;
      const stays = of[targets[t]!] === c && stemOnly[e] !== true;
      if (stays && recurs?.[e] === true) again[c] = 1;
      for (let f = 0; f < fair.length; f++) {
        if (fairEvents[f]![e] !== true) continue;
        enabled[f] = 1;
        if (stays) judged[f]![c] = 1;
      }
    }
    for (let f = 0; f < fair.length; f++) if (enabled[f] === 0) judged[f]![c] = 1;
  }
  const bad = (c: number) =>
    c >= 0 && judged.every((done) => done[c] === 1) && (recurs === undefined || again[c] === 1);
  const depths = graph.depth;
  let best = -1;
  let bestLength = Number.POSITIVE_INFINITY;
  const stems = stemLengths(graph, queue, parent, depths);
  for (const state of queue) {
    if (!bad(of[state]!) || stems[state]! >= bestLength) continue;
    best = state;
    bestLength = stems[state]!;
  }
  if (best < 0) return null;
  const stem = stemTo(graph, best, parent);
  const loop = new Loop(graph, of, of[best]!, stemOnly).through(
    best,
    fairEvents,
    recurs === undefined ? [] : [recurs],
  );
  const idle = loop.length === 0;
  return {
    path: stem,
    loop,
    site: idle ? '(nothing more happens)' : '(loop)',
    because: idle
      ? 'nothing that must happen is left to do, and what should come has not come'
      : 'whoever must go on does, and what should come never comes',
  };
}

/** Length of the stem to each open state: to where the obligation begins, then on while it is open. */
function stemLengths(
  graph: Graph,
  queue: readonly number[],
  parent: Int32Array,
  depths: Uint32Array,
): Map<number, number> & Record<number, number> {
  const lengths: Record<number, number> = {};
  for (const state of queue) {
    const t = parent[state]!;
    lengths[state] = t < 0 ? depths[state]! : lengths[sourceOf(graph, t)]! + 1;
  }
  return lengths as never;
}

function stemTo(graph: Graph, state: number, parent: Int32Array): Path {
  const tail: number[] = [];
  let at = state;
  while (parent[at]! >= 0) {
    tail.push(graph.labels[parent[at]!]!);
    at = sourceOf(graph, parent[at]!);
  }
  return [...graph.pathTo(at), ...tail.reverse()];
}

/** The state that a transition (an index into `targets`) leaves. */
function sourceOf({ offsets, expanded }: Graph, t: number): number {
  let low = 0;
  let high = expanded - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle]! <= t) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Finds a loop in one component that shows that it is fair. */
class Loop {
  readonly #graph: Graph;
  readonly #of: Int32Array;
  readonly #component: number;
  readonly #stemOnly: readonly boolean[];

  constructor(graph: Graph, of: Int32Array, component: number, stemOnly: readonly boolean[]) {
    this.#graph = graph;
    this.#of = of;
    this.#component = component;
    this.#stemOnly = stemOnly;
  }

  /** From a state and back to it, past a step of each set or a state where it is disabled. */
  through(start: number, fair: readonly (readonly boolean[])[], must: readonly (readonly boolean[])[]): Path {
    const loop: number[] = [];
    const passed = [start];
    let at = start;
    const visit = (wanted: (state: number, event: number | null) => boolean) => {
      const found = this.#walk(at, wanted);
      for (const event of found.events) {
        loop.push(event);
        at = this.#graph.targets[this.#graph.edge(at, event)]!;
        passed.push(at);
      }
    };
    for (const set of must) {
      if (!loop.some((event) => set[event] === true))
        visit((_, event) => event !== null && set[event] === true);
    }
    for (const set of fair) {
      if (loop.some((event) => set[event] === true) || passed.some((state) => this.#disabled(state, set)))
        continue;
      visit((state, event) => (event === null ? this.#disabled(state, set) : set[event] === true));
    }
    visit((state) => state === start);
    return loop;
  }

  #disabled(state: number, set: readonly boolean[]): boolean {
    const { offsets, labels } = this.#graph;
    for (let t = offsets[state]!; t < offsets[state + 1]!; t++) if (set[labels[t]!] === true) return false;
    return true;
  }

  /** The shortest way, within the component, to a state (event null) or over a step that is wanted. */
  #walk(from: number, wanted: (state: number, event: number | null) => boolean): { events: number[] } {
    if (wanted(from, null)) return { events: [] };
    const { offsets, targets, labels } = this.#graph;
    const before = new Map<number, { state: number; event: number }>([[from, { state: -1, event: -1 }]]);
    const back = (state: number): number[] => {
      const events: number[] = [];
      for (let s = state; before.get(s)!.state >= 0; s = before.get(s)!.state)
        events.push(before.get(s)!.event);
      return events.reverse();
    };
    for (const state of before.keys()) {
      for (let t = offsets[state]!; t < offsets[state + 1]!; t++) {
        const target = targets[t]!;
        const event = labels[t]!;
        if (this.#of[target] !== this.#component || this.#stemOnly[event] === true) continue;
        if (wanted(target, event)) return { events: [...back(state), event] };
        if (before.has(target)) continue;
        before.set(target, { state, event });
        if (wanted(target, null)) return { events: back(target) };
      }
    }
    throw new Error('a component that was judged fair has no fair loop');
  }
}
