/**
 * Safety verdicts without a graph: states are judged while they are found, and edges are not kept. For what a person
 * waits for, and for systems whose edges would not fit. Verdicts and shortest paths are those of `check` on the
 * explored graph.
 */
import { PropertyError } from './errors.ts';
import { layoutOf } from './layout.ts';
import type { SuccessorMode } from './successors.ts';
import type { Network, Path } from './types.ts';
import { FastSearch, tuningOf } from './verify-fast.ts';
import { searchPlain } from './verify-plain.ts';
import { type SafetyProperty, SafetyWatch, type Watched } from './verify-watch.ts';

export interface VerifyOptions {
  /** No more states are expanded once there are more than this. Default: no such bound. */
  readonly maxStates?: number;
  /** Nothing more is expanded once the tables take more bytes than this, or would while they grow. */
  readonly maxBytes?: number;
  /** Asked now and then; true stops the search. */
  readonly stop?: () => boolean;
  readonly onProgress?: (progress: VerifyProgress) => void;
  /**
   * Leave out steps that change no verdict (see `ample.ts`): for who wants verdicts only. When something is violated,
   * the full search follows, so that the counterexample is a shortest one. Default: false.
   */
  readonly reduce?: boolean;
  /** By default generated, and plain where code generation is forbidden. */
  readonly successors?: SuccessorMode;
}

export interface VerifyProgress {
  readonly states: number;
  readonly expanded: number;
  readonly transitions: number;
  /** Length of the paths that are being made longer. */
  readonly depth: number;
  /** What the tables take. */
  readonly bytes: number;
  /** Used share of the slots of the table of states. */
  readonly load: number;
}

export interface Verified extends VerifyProgress {
  /** Why the search stopped before its end; null: everything that is reachable was seen. */
  readonly stopped: null | 'states' | 'memory' | 'asked';
  /**
   * Whether steps were left out: then states, transitions and depth are those of the reduced search, and a witness is
   * one, not the shortest.
   */
  readonly reduced: boolean;
  readonly verdicts: readonly Watched[];
  /** 32-bit words of a packed state. */
  readonly words: number;
}

/** What a search keeps to. */
export interface Limits {
  readonly maxStates: number;
  readonly maxBytes: number;
}

/** What a search comes back with. */
export interface Searched {
  readonly progress: VerifyProgress;
  readonly stopped: Verified['stopped'];
  readonly pathTo: (state: number) => Path;
}

/**
 * Judges safety properties and `possible`s in one breadth-first search.
 *
 * Memory: a slot and a half to three of 4 bytes a state, what leads to it, 6 bytes, and the packed words of the states
 * that are yet to be expanded; of all states where a packed state does not fit into a slot (see `visited.ts`).
 *
 * @throws PropertyError for a leads-to, which needs the graph, and as `check` does
 */
export function verify(
  network: Network,
  properties: readonly SafetyProperty[],
  options: VerifyOptions = {},
): Verified {
  const search = verifySteps(network, properties, options);
  let step = search.next(false);
  while (step.done !== true) {
    options.onProgress?.(step.value);
    step = search.next(options.stop?.() === true);
  }
  options.onProgress?.(step.value);
  return step.value;
}

/**
 * The same in slices: a generator that yields now and then, and stops when it is sent `true`.
 * @throws as `verify`
 */
export function* verifySteps(
  network: Network,
  properties: readonly SafetyProperty[],
  options: Omit<VerifyOptions, 'stop' | 'onProgress'> = {},
): Generator<VerifyProgress, Verified, boolean> {
  for (const { name, kind } of properties as readonly { name: string; kind: string }[]) {
    if (kind === 'leads-to') throw new PropertyError(name, 'a leads-to needs the explored graph');
  }
  const layout = layoutOf(network);
  const limits = {
    maxStates: options.maxStates ?? Number.POSITIVE_INFINITY,
    maxBytes: options.maxBytes ?? Number.POSITIVE_INFINITY,
  };
  const fast = (watch: SafetyWatch, reduce: boolean): FastSearch | null => {
    if (options.successors === 'interpreted' || !FastSearch.can(network, layout)) return null;
    try {
      return new FastSearch(network, layout, watch, limits, { ...tuningOf(layout), reduce });
    } catch (error) {
      if (options.successors === 'generated' || !(error instanceof EvalError)) throw error;
      return null;
    }
  };
  const search = function* (reduce: boolean): Generator<VerifyProgress, Verified, boolean> {
    const watch = new SafetyWatch(network, layout, properties);
    const generated = fast(watch, reduce);
    const { progress, stopped, pathTo } = yield* generated?.run(network.initial) ??
      searchPlain(network, layout, watch, limits);
    const verdicts = watch.verdicts(stopped === null, pathTo);
    return { ...progress, stopped, words: layout.words, reduced: reduce && generated !== null, verdicts };
  };
  const first = yield* search(options.reduce === true);
  if (!first.reduced || first.stopped === 'asked' || !first.verdicts.some(isViolated)) return first;
  const full = yield* search(false);
  // It may be bounded before it comes to what the reduced one found.
  return full.verdicts.some(isViolated) ? full : first;
}

const isViolated = ({ kind, status }: Watched): boolean => kind !== 'possible' && status === 'fails';
