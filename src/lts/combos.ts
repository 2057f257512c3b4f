/** Remembered answers by combination of local states: a predicate over few instances is asked once for each. */
import { listOf, PropertyError } from './errors.ts';
import type { Graph } from './graph.ts';
import type { LocalState, Network } from './types.ts';

/** The index of an instance. @throws PropertyError naming what is accepted. */
export function instanceIndex(network: Network, name: string, property: string): number {
  const index = network.instances.findIndex((instance) => instance.name === name);
  if (index < 0) {
    throw new PropertyError(
      property,
      `there is no instance '${name}' in network '${network.name}'; it has ${listOf(network.instances.map((i) => i.name))}`,
    );
  }
  return index;
}

/** Up to so many combinations, answers stand in an array; beyond, in a map by number, and then by text. */
const MAX_ARRAY = 1 << 16;
const MAX_NUMERIC = Number.MAX_SAFE_INTEGER;
const UNKNOWN = Symbol('not asked yet');

/**
 * A function of the state that calls `answer` once per combination of the local states of the instances in
 * `over`, with those local states in that order.
 *
 * @throws PropertyError for an unknown instance, or (when called) if `answer` throws, naming the local states.
 */
export function byCombination<T>(
  graph: Graph,
  property: string,
  over: readonly string[],
  answer: (locals: LocalState[]) => T,
): (state: number) => T {
  const instances = over.map((name) => instanceIndex(graph.network, name, property));
  const fields = instances.map((i) => graph.layout.fields[i]!);
  const sizes = instances.map((i) => graph.network.instances[i]!.lts.states.length);
  const combinations = sizes.reduce((product, size) => product * size, 1);
  const ask = (state: number): T => {
    const locals = instances.map((i) => graph.localState(state, i));
    try {
      return answer(locals);
    } catch (error) {
      const at = locals.map((local, j) => `${over[j]} in ${local.key}`).join(', ');
      throw new PropertyError(property, `its predicate throws with ${at}: ${String(error)}`);
    }
  };
  const { words } = graph;
  const W = graph.layout.words;
  const number = (state: number): number => {
    let key = 0;
    for (let j = 0; j < fields.length; j++) {
      const { word, shift, mask } = fields[j]!;
      key = key * sizes[j]! + ((words[state * W + word]! >>> shift) & mask);
    }
    return key;
  };
  if (combinations <= MAX_ARRAY) {
    let known: (T | typeof UNKNOWN)[] | undefined;
    return (state) => {
      // Many of these functions are never called; only those that are take room.
      known ??= new Array<T | typeof UNKNOWN>(combinations).fill(UNKNOWN);
      const key = number(state);
      const answered = known[key]!;
      if (answered !== UNKNOWN) return answered as T;
      const fresh = ask(state);
      known[key] = fresh;
      return fresh;
    };
  }
  const key =
    combinations <= MAX_NUMERIC
      ? number
      : (state: number) => instances.map((i) => graph.local(state, i)).join();
  const known = new Map<number | string, T>();
  return (state) => {
    const at = key(state);
    if (known.has(at)) return known.get(at)!;
    const fresh = ask(state);
    known.set(at, fresh);
    return fresh;
  };
}
