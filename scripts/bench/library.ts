/** Our exploration and `@xstate/graph`'s adjacency map, side by side in one process, on the largest network that it finishes. */
import { getAdjacencyMap } from '@xstate/graph';
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { compose, explore, type Network, type NetworkDef, parallelMachine } from '../../src/lts/index.ts';
import { firstInstances } from './shrink.ts';

const MINUTE_MS = 60_000;
const SAMPLE_MS = 3_000;
/** The library slows down as its map grows: a prediction from its first seconds is too hopeful by about this. */
const SLOWS_BY = 1.15;

/** States and enabled transitions found, and how long that took. */
export interface Run {
  readonly states: number;
  readonly transitions: number;
  readonly milliseconds: number;
}

export interface Comparison {
  readonly network: string;
  readonly library: Run;
  /** Median of repeated explorations of the composed network, after a warm-up. */
  readonly ours: Run;
  /** The first exploration in its process, machines compiled and composed within the time. */
  readonly oursFromMachines: Run;
}

/** Enabled transitions a second. */
export function rate({ transitions, milliseconds }: Run): number {
  return (transitions / milliseconds) * 1000;
}

class OutOfTime extends Error {}

/**
 * The library on the network as one parallel machine. It is given its best: only events that `can` be taken
 * are tried (its default, all events in all states, is slower), and states are keyed by their value alone.
 *
 * @returns what it found, or null if it did not finish in time; `progress` then says how far it came.
 */
export function runLibrary(
  network: Network,
  limitMs: number,
  progress: { states: number; transitions: number } = { states: 0, transitions: 0 },
): Run | null {
  const { machine, events } = parallelMachine(network);
  const start = performance.now();
  const enabled = (snapshot: AnyMachineSnapshot): EventObject[] => {
    if (performance.now() - start > limitMs) throw new OutOfTime();
    const able = events.filter((event) => snapshot.can(event as never));
    progress.states++;
    progress.transitions += able.length;
    return able;
  };
  try {
    const map = getAdjacencyMap(machine, {
      events: enabled as never,
      serializeState: ((snapshot: AnyMachineSnapshot) => JSON.stringify(snapshot.value)) as never,
      serializeEvent: ((event: EventObject) => event.type) as never,
    });
    const milliseconds = performance.now() - start;
    const transitions = Object.values(map).reduce((n, state) => n + Object.keys(state.transitions).length, 0);
    return { states: Object.keys(map).length, transitions, milliseconds };
  } catch (error) {
    if (error instanceof OutOfTime) return null;
    throw error;
  }
}

/** Explores again and again, for about two seconds and at least nine times; the median. */
export function runOurs(network: Network): Run {
  const times: number[] = [];
  for (let total = 0; times.length < 9 || (total < 2000 && times.length < 200); ) {
    const start = performance.now();
    explore(network);
    times.push(performance.now() - start);
    total += times.at(-1)!;
  }
  const { states, transitions } = explore(network);
  const milliseconds = times.sort((a, b) => a - b)[times.length >> 1]!;
  return { states, transitions, milliseconds };
}

/** From machines to graph: compile, compose, generate code, explore. */
export function runFromMachines(def: NetworkDef, shrink: (network: Network) => Network): Run {
  const start = performance.now();
  // With a bound of its own the machines are compiled anew: that is part of what is measured.
  const { states, transitions } = explore(shrink(compose(def, { maxLocalStates: 10_000 })));
  return { states, transitions, milliseconds: performance.now() - start };
}

/**
 * Compares the two on a network.
 *
 * @returns null if the library does not finish within `limitMs`.
 * @throws Error if they find different numbers of states or enabled transitions: then nothing was measured.
 */
export function benchNetwork(network: Network, limitMs: number): Omit<Comparison, 'oursFromMachines'> | null {
  const ours = runOurs(network);
  const library = runLibrary(network, limitMs);
  if (library === null) return null;
  if (library.states !== ours.states || library.transitions !== ours.transitions) {
    throw new Error(
      `${network.name}: @xstate/graph found ${library.states} states and ${library.transitions} enabled transitions, we found ${ours.states} and ${ours.transitions}; the comparison means nothing`,
    );
  }
  return { network: network.name, library, ours };
}

/**
 * The largest size of a system that the library finishes within a minute. @param say told what is being tried
 * @throws Error when it finishes none, or the counts differ
 */
export function compareLibrary(def: NetworkDef, say: (text: string) => void): Comparison {
  // First of all, as the process is still cold.
  runFromMachines(def, (network) => network);
  for (const { network, keep, states } of sizes(compose(def))) {
    const sampled = { states: 0, transitions: 0 };
    const sample = runLibrary(network, SAMPLE_MS, sampled);
    const predicted = sample?.milliseconds ?? ((SAMPLE_MS * states) / sampled.states) * SLOWS_BY;
    say(
      `${network.name}: ${states} states; the library needs some ${(predicted / 1000).toFixed(0)} s${predicted > MINUTE_MS ? ', too long' : ''}`,
    );
    if (predicted > MINUTE_MS) continue;
    const compared = benchNetwork(network, MINUTE_MS);
    if (compared === null) continue;
    return { ...compared, oursFromMachines: runFromMachines(def, (whole) => firstInstances(whole, keep)) };
  }
  throw new Error(`${def.name}: the library finishes no size of it within a minute`);
}

/** The sizes of a network that stay small enough to try, largest first. */
function sizes(network: Network): { network: Network; keep: number; states: number }[] {
  const all = network.instances.map((_, dropped) => {
    const keep = network.instances.length - dropped;
    const smaller = firstInstances(network, keep);
    const graph = explore(smaller, { maxStates: 500_000 });
    return { network: smaller, keep, states: graph.complete ? graph.states : Number.POSITIVE_INFINITY };
  });
  return all.filter(({ states }) => states < Number.POSITIVE_INFINITY).sort((a, b) => b.states - a.states);
}
