/** Breadth-first exploration of a network on packed states. */
import { Graph, type StopReason } from './graph.ts';
import { type Layout, layoutOf } from './layout.ts';
import { mostSteps, planOf } from './plan.ts';
import { type SuccessorMode, type Successors, successorsOf } from './successors.ts';
import { StateTable } from './table.ts';
import type { Network } from './types.ts';
import { packed } from './visited.ts';

/** Bounds stop the expansion only: what was found is in the graph, and the graph says that it is not complete. */
export interface ExploreBounds {
  /** No more states are expanded once there are more than this. Default 10 million. */
  readonly maxStates?: number;
  /** No more are expanded when tables would grow beyond this. Default: as much as there is. */
  readonly maxBytes?: number;
}

export interface ExploreOptions extends ExploreBounds {
  /** Called now and then, and once at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Asked now and then; true stops the expansion. */
  readonly stop?: () => boolean;
  /** Which successor function; by default generated, and interpreted where code generation is forbidden. */
  readonly successors?: SuccessorMode;
}

export interface Progress {
  /** States found so far. */
  readonly states: number;
  /** States whose transitions are known. */
  readonly expanded: number;
  readonly transitions: number;
  /** Length of the paths that are being made longer. */
  readonly depth: number;
  /** What the tables and the edges take. */
  readonly bytes: number;
  /** Used share of the slots of the table of states. */
  readonly load: number;
}

/** States between two moments where the exploration may be stopped. */
const SLICE = 1 << 14;
/** Room at the start; all of it grows by doubling. */
const STATES = 1 << 14;
const TRANSITIONS = 1 << 16;

/**
 * Explores everything that is reachable. States are numbered in breadth-first order, the initial state is 0;
 * the transitions of a state are in the order of event indices. So the graph is a function of the network.
 */
export function explore(network: Network, options: ExploreOptions = {}): Graph {
  const steps = exploreSteps(network, options);
  let step = steps.next(false);
  while (step.done !== true) {
    options.onProgress?.(step.value);
    step = steps.next(options.stop?.() === true);
  }
  options.onProgress?.({ ...step.value.cost, ...counts(step.value) });
  return step.value;
}

/** The same in slices: a generator that yields now and then, and stops when it is sent `true`. */
export function* exploreSteps(
  network: Network,
  options: ExploreBounds & Pick<ExploreOptions, 'successors'> = {},
): Generator<Progress, Graph, boolean> {
  const { maxStates = 10_000_000, maxBytes = Number.POSITIVE_INFINITY } = options;
  const explorer = new Explorer(network, maxStates, maxBytes, options.successors);
  while (explorer.advance()) if (yield explorer.progress()) explorer.stop();
  return explorer.graph();
}

const counts = ({ states, expanded, transitions }: Graph) => ({ states, expanded, transitions });

class Explorer {
  readonly #network: Network;
  readonly #layout: Layout;
  readonly #mode: SuccessorMode;
  readonly #successors: Successors;
  readonly #maxStates: number;
  readonly #maxBytes: number;
  readonly #table: StateTable;
  /** Successors of a state at most. */
  readonly #fanOut: number;
  #offsets = new Uint32Array(STATES);
  #targets = new Uint32Array(TRANSITIONS);
  #labels: Uint16Array | Uint32Array;
  #parent = new Int32Array(STATES);
  #parentEvent = new Int32Array(STATES);
  #head = 0;
  #transitions = 0;
  #depth = 0;
  #levelEnd = 1;
  #stopped: StopReason | null = null;

  constructor(network: Network, maxStates: number, maxBytes: number, mode?: SuccessorMode) {
    this.#network = network;
    this.#maxStates = maxStates;
    this.#maxBytes = maxBytes;
    this.#layout = layoutOf(network);
    const chosen = successorsOf(network, this.#layout, mode);
    this.#mode = chosen.mode;
    this.#successors = chosen.successors;
    this.#fanOut = mostSteps(planOf(network, this.#layout));
    this.#labels =
      network.events.length < 1 << 16 ? new Uint16Array(TRANSITIONS) : new Uint32Array(TRANSITIONS);
    this.#table = new StateTable(this.#layout.words, STATES);
    this.#table.reserve(1);
    this.#table.intern(packed(this.#layout, network.initial), 0);
    this.#parent[0] = -1;
    this.#parentEvent[0] = -1;
  }

  stop(): void {
    this.#stopped = 'asked';
  }

  /** Expands a slice of states. @returns whether there is more to do */
  advance(): boolean {
    if (this.#stopped !== null) return false;
    const table = this.#table;
    const W = this.#layout.words;
    const stride = W + 1;
    // The interpreter writes one successor beyond those that are enabled.
    const out = new Int32Array((this.#fanOut + 1) * stride);
    const end = this.#head + SLICE;
    while (this.#head < table.count && this.#head < end) {
      if (table.count > this.#maxStates) this.#stopped = 'states';
      // Room for the largest fan-out, so that the inner loop never asks.
      else if (!this.#room()) this.#stopped = 'memory';
      if (this.#stopped !== null) return false;
      const head = this.#head;
      if (head === this.#levelEnd) {
        this.#depth++;
        this.#levelEnd = table.count;
      }
      const used = this.#successors(table.words, head * W, out);
      this.#insert(head, out, used, stride);
      this.#head = head + 1;
      this.#offsets[head + 1] = this.#transitions;
    }
    return this.#head < table.count;
  }

  #insert(head: number, out: Int32Array, used: number, stride: number): void {
    const table = this.#table;
    const targets = this.#targets;
    const labels = this.#labels;
    let t = this.#transitions;
    for (let k = 0; k < used; k += stride) {
      const known = table.count;
      const target = table.intern(out, k + 1);
      const event = out[k]!;
      if (target === known) {
        this.#parent[target] = head;
        this.#parentEvent[target] = event;
      }
      targets[t] = target;
      labels[t] = event;
      t++;
    }
    this.#transitions = t;
  }

  progress(): Progress {
    return {
      states: this.#table.count,
      expanded: this.#head,
      transitions: this.#transitions,
      depth: this.#depth,
      bytes: this.#bytes,
      load: this.#table.load,
    };
  }

  get #bytes(): number {
    const arrays = [this.#offsets, this.#targets, this.#labels, this.#parent, this.#parentEvent];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, this.#table.bytes);
  }

  /** @returns false when there is no more memory */
  #room(): boolean {
    const states = this.#table.count + this.#fanOut;
    const transitions = this.#transitions + this.#fanOut;
    const table = this.#table.growth(this.#fanOut);
    if (
      table === 0 &&
      states <= this.#parent.length &&
      this.#head + 2 <= this.#offsets.length &&
      transitions <= this.#targets.length
    )
      return true;
    if (this.#bytes + table > this.#maxBytes) return false;
    try {
      this.#table.reserve(this.#fanOut);
      this.#offsets = this.#grown(this.#offsets, this.#head + 2);
      this.#targets = this.#grown(this.#targets, transitions);
      this.#labels = this.#grown(this.#labels, transitions);
      this.#parent = this.#grown(this.#parent, states);
      this.#parentEvent = this.#grown(this.#parentEvent, states);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /**
   * The same array, or a copy with room for at least `needed` entries, and at least twice the old room.
   * @throws RangeError when both do not fit into memory
   */
  #grown<T extends Uint16Array | Uint32Array | Int32Array>(old: T, needed: number): T {
    if (needed <= old.length) return old;
    const length = Math.max(needed, old.length * 2);
    if (this.#bytes + length * old.BYTES_PER_ELEMENT > this.#maxBytes)
      throw new RangeError('more than allowed');
    const bigger = new (old.constructor as new (length: number) => T)(length);
    bigger.set(old as never);
    return bigger;
  }

  graph(): Graph {
    const states = this.#table.count;
    const cost = { depth: this.#depth, bytes: this.#bytes, load: this.#table.load };
    const offsets = new Uint32Array(states + 1).fill(this.#transitions);
    offsets.set(this.#offsets.subarray(0, this.#head + 1));
    return new Graph({
      network: this.#network,
      layout: this.#layout,
      successors: this.#mode,
      states,
      expanded: this.#head,
      transitions: this.#transitions,
      stopped: this.#stopped,
      cost,
      offsets,
      targets: this.#targets.slice(0, this.#transitions),
      labels: this.#labels.slice(0, this.#transitions),
      parent: this.#parent.slice(0, states),
      parentEvent: this.#parentEvent.slice(0, states),
      words: this.#table.words.slice(0, states * this.#layout.words),
    });
  }
}
