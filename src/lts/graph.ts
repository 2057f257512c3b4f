/** The explored graph: what properties, path generators, diagrams and reports read. */
import { digest } from './digest.ts';
import { type Layout, unpackOne } from './layout.ts';
import type { SuccessorMode } from './successors.ts';
import type { LocalState, Network, Path } from './types.ts';

/** Which bound stopped an exploration: on states, on memory, or one that was asked (time, an interrupt). */
export type StopReason = 'states' | 'memory' | 'asked';

/** What the exploration took. */
export interface ExploreCost {
  /** Length of the longest shortest path. */
  readonly depth: number;
  /** Of all tables and edges. */
  readonly bytes: number;
  /** Used share of the slots of the table of states. */
  readonly load: number;
}

/** What the explorer hands over. */
export interface GraphParts {
  readonly network: Network;
  readonly layout: Layout;
  /** Which successor function was used; the graph does not depend on it. */
  readonly successors: SuccessorMode;
  /** Number of states found; state 0 is the initial one, states are numbered breadth-first. */
  readonly states: number;
  /** States `0 … expanded-1` have their transitions; the rest were found after the bound was hit. */
  readonly expanded: number;
  readonly transitions: number;
  /** Why there is more to expand; null: there is not. */
  readonly stopped: StopReason | null;
  readonly cost: ExploreCost;
  /** Compressed sparse rows: the transitions of state `s` are `offsets[s] … offsets[s+1]-1`. */
  readonly offsets: Uint32Array;
  /** By transition: the state it leads to. */
  readonly targets: Uint32Array;
  /** By transition: its global event. Within a state in rising order, each event at most once. */
  readonly labels: Uint16Array | Uint32Array;
  /** By state: from where it was first found (-1 for state 0), and by which event. */
  readonly parent: Int32Array;
  readonly parentEvent: Int32Array;
  /** Packed local states, `layout.words` words per state. */
  readonly words: Int32Array;
}

export class Graph implements GraphParts {
  readonly network: Network;
  readonly layout: Layout;
  readonly successors: SuccessorMode;
  readonly states: number;
  readonly expanded: number;
  readonly transitions: number;
  readonly stopped: StopReason | null;
  readonly cost: ExploreCost;
  readonly offsets: Uint32Array;
  readonly targets: Uint32Array;
  readonly labels: Uint16Array | Uint32Array;
  readonly parent: Int32Array;
  readonly parentEvent: Int32Array;
  readonly words: Int32Array;
  #depth: Uint32Array | undefined;
  #hash: string | undefined;

  constructor(parts: GraphParts) {
    this.network = parts.network;
    this.layout = parts.layout;
    this.successors = parts.successors;
    this.states = parts.states;
    this.expanded = parts.expanded;
    this.transitions = parts.transitions;
    this.stopped = parts.stopped;
    this.cost = parts.cost;
    this.offsets = parts.offsets;
    this.targets = parts.targets;
    this.labels = parts.labels;
    this.parent = parts.parent;
    this.parentEvent = parts.parentEvent;
    this.words = parts.words;
  }

  /** True when no bound was hit: all that is reachable is here. */
  get complete(): boolean {
    return this.expanded === this.states;
  }

  /** By state: the length of the shortest path to it. */
  get depth(): Uint32Array {
    if (this.#depth === undefined) {
      this.#depth = new Uint32Array(this.states);
      // A parent has a smaller number than its children.
      for (let s = 1; s < this.states; s++) this.#depth[s] = this.#depth[this.parent[s]!]! + 1;
    }
    return this.#depth;
  }

  /** SHA-256 (hex) over the network's tables and the graph: see `digest`. Equal on every machine and run. */
  get hash(): string {
    this.#hash ??= digest(this);
    return this.#hash;
  }

  /** The local state index of an instance (by index) in a state. */
  local(state: number, instance: number): number {
    return unpackOne(this.layout.fields[instance]!, this.words, state * this.layout.words);
  }

  /** The local state of an instance (by index) in a state. */
  localState(state: number, instance: number): LocalState {
    return this.network.instances[instance]!.lts.states[this.local(state, instance)]!;
  }

  /** All local state indices of a state, in the order of the network's instances. */
  vector(state: number): number[] {
    return this.network.instances.map((_, i) => this.local(state, i));
  }

  /** The transition of a state with an event, as an index into `targets`; -1 if it is not enabled. */
  edge(state: number, event: number): number {
    for (let t = this.offsets[state]!; t < this.offsets[state + 1]!; t++)
      if (this.labels[t] === event) return t;
    return -1;
  }

  /** The events that are enabled in a state, in rising order. */
  enabled(state: number): number[] {
    return [...this.labels.subarray(this.offsets[state]!, this.offsets[state + 1]!)];
  }

  /** A shortest path from the initial state to a state. */
  pathTo(state: number): Path {
    const path: number[] = [];
    for (let s = state; this.parent[s]! >= 0; s = this.parent[s]!) path.push(this.parentEvent[s]!);
    return path.reverse();
  }
}
