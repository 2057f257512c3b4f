/** Breadth-first exploration of a network on packed states. */
import { Graph } from './graph.ts';
import { layoutOf, pack } from './layout.ts';
import { type SuccessorMode, successorsOf } from './successors.ts';
import { StateTable } from './table.ts';
import type { Network } from './types.ts';

export interface ExploreOptions {
  /** No more states are expanded once there are more than this. Default 10 million. */
  readonly maxStates?: number;
  /** Called now and then, and once at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Which successor function; by default generated, and interpreted where code generation is forbidden. */
  readonly successors?: SuccessorMode;
}

export interface Progress {
  /** States found so far. */
  readonly states: number;
  /** States whose transitions are known. */
  readonly expanded: number;
  readonly transitions: number;
}

const PROGRESS_EVERY = 1 << 15;
/** Room at the start; all of it grows by doubling. */
const STATES = 1 << 14;
const TRANSITIONS = 1 << 16;

/**
 * Explores everything that is reachable. States are numbered in breadth-first order, the initial state is 0;
 * the transitions of a state are in the order of event indices. So the graph is a function of the network.
 *
 * The bound only stops the expansion: `complete` is then false, `expanded` says how many of the states
 * have their transitions, and nothing that was found is left out.
 */
export function explore(network: Network, options: ExploreOptions = {}): Graph {
  const maxStates = options.maxStates ?? 10_000_000;
  const layout = layoutOf(network);
  const { mode, successors } = successorsOf(network, layout, options.successors);
  const W = layout.words;
  const stride = W + 1;
  const fanOut = network.events.length;

  const table = new StateTable(W, STATES);
  const out = new Int32Array(Math.max(1, fanOut) * stride);
  let offsets = new Uint32Array(STATES);
  let targets = new Uint32Array(TRANSITIONS);
  let labels = fanOut < 1 << 16 ? new Uint16Array(TRANSITIONS) : new Uint32Array(TRANSITIONS);
  let parent = new Int32Array(STATES);
  let parentEvent = new Int32Array(STATES);

  const first = new Int32Array(W);
  pack(layout, network.initial, first);
  table.reserve(1);
  table.intern(first, 0);
  parent[0] = -1;
  parentEvent[0] = -1;

  let head = 0;
  let transitions = 0;
  while (head < table.count && table.count <= maxStates) {
    // Room for the largest fan-out, so that the inner loop never asks.
    table.reserve(fanOut);
    if (head + 2 > offsets.length) offsets = grown(offsets, head + 2);
    if (transitions + fanOut > targets.length) {
      targets = grown(targets, transitions + fanOut);
      labels = grown(labels, transitions + fanOut);
    }
    if (table.count + fanOut > parent.length) {
      parent = grown(parent, table.count + fanOut);
      parentEvent = grown(parentEvent, table.count + fanOut);
    }
    const end = successors(table.words, head * W, out);
    for (let k = 0; k < end; k += stride) {
      const known = table.count;
      const target = table.intern(out, k + 1);
      const event = out[k]!;
      if (target === known) {
        parent[target] = head;
        parentEvent[target] = event;
      }
      targets[transitions] = target;
      labels[transitions] = event;
      transitions++;
    }
    head++;
    offsets[head] = transitions;
    if (options.onProgress !== undefined && head % PROGRESS_EVERY === 0) {
      options.onProgress({ states: table.count, expanded: head, transitions });
    }
  }
  const states = table.count;
  options.onProgress?.({ states, expanded: head, transitions });
  const offsetsOfAll = new Uint32Array(states + 1).fill(transitions);
  offsetsOfAll.set(offsets.subarray(0, head + 1));
  return new Graph({
    network,
    layout,
    successors: mode,
    states,
    expanded: head,
    transitions,
    offsets: offsetsOfAll,
    targets: targets.slice(0, transitions),
    labels: labels.slice(0, transitions),
    parent: parent.slice(0, states),
    parentEvent: parentEvent.slice(0, states),
    words: table.words.slice(0, states * W),
  });
}

type Grown = Uint16Array | Uint32Array | Int32Array;

/** A copy with room for at least `needed` entries, and at least twice the old room. */
function grown<T extends Grown>(old: T, needed: number): T {
  const bigger = new (old.constructor as new (length: number) => T)(Math.max(needed, old.length * 2));
  bigger.set(old as never);
  return bigger;
}
