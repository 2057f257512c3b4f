/** Dead specification: events that never happen, local states never entered, local transitions never taken. */
import type { Graph } from './graph.ts';
import { leafPaths, stateText } from './state-text.ts';
import type { LocalLts } from './types.ts';

export interface DeadState {
  readonly instance: string;
  readonly state: string;
}

export interface DeadTransition extends DeadState {
  readonly event: string;
}

/** In the order of events, of instances, of local states. */
export interface DeadParts {
  /** Labels of global events that no reachable state enables. */
  readonly events: readonly string[];
  /** Local states, and declared leaf states, that no reachable state of the network contains. */
  readonly states: readonly DeadState[];
  /** Steps that a machine offers and that the network never takes. */
  readonly transitions: readonly DeadTransition[];
}

/** What a system consists of, each part with whether it is ever used. Small: graphs need not be kept. */
export interface UsedParts {
  readonly events: ReadonlyMap<string, boolean>;
  readonly states: ReadonlyMap<string, readonly [DeadState, boolean]>;
  readonly transitions: ReadonlyMap<string, readonly [DeadTransition, boolean]>;
}

/** Which parts of the network occur in the explored part of the graph. */
export function usedParts(graph: Graph): UsedParts {
  const { instances, events } = graph.network;
  const fired = new Uint8Array(events.length);
  const entered = instances.map(({ lts }) => new Uint8Array(lts.states.length));
  const taken = instances.map(({ lts }) => new Uint8Array(lts.next.length));
  for (let state = 0; state < graph.states; state++) {
    for (let i = 0; i < instances.length; i++) entered[i]![graph.local(state, i)] = 1;
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
      const event = graph.labels[t]!;
      fired[event] = 1;
      for (const [i, e] of events[event]!.participants) {
        taken[i]![graph.local(state, i) * instances[i]!.lts.events.length + e] = 1;
      }
    }
  }
  const states = new Map<string, readonly [DeadState, boolean]>();
  const transitions = new Map<string, readonly [DeadTransition, boolean]>();
  instances.forEach(({ name, lts }, i) => {
    for (const local of lts.states) {
      const state = stateText(local);
      states.set(`${name}\n${local.key}`, [{ instance: name, state }, entered[i]![local.index] === 1]);
      // A leaf that some local state is in is judged by that state, here and in other variants.
      for (const leaf of leafPaths(local.value)) {
        states.set(`${name}\nleaf ${leaf}`, [{ instance: name, state: leaf }, true]);
      }
      eachStep(lts, local.index, (event, at) => {
        transitions.set(`${name}\n${local.key}\n${event}`, [
          { instance: name, state, event },
          taken[i]![at] === 1,
        ]);
      });
    }
    for (const leaf of lts.unreached ?? []) {
      states.set(`${name}\nleaf ${leaf}`, [{ instance: name, state: leaf }, false]);
    }
  });
  return { events: new Map(events.map(({ label }, e) => [label, fired[e] === 1])), states, transitions };
}

/** What one exploration never used. */
export function deadParts(graph: Graph): DeadParts {
  return deadInAll([usedParts(graph)]);
}

/**
 * What none of several explorations of one system (other options, platforms, variants of its machines) used.
 * Parts are matched by name; a part that exists only in some of them must be used in one of those.
 */
export function deadInAll(runs: readonly UsedParts[]): DeadParts {
  const events = new Map<string, boolean>();
  const states = new Map<string, readonly [DeadState, boolean]>();
  const transitions = new Map<string, readonly [DeadTransition, boolean]>();
  for (const run of runs) {
    for (const [key, used] of run.events) events.set(key, used || events.get(key) === true);
    for (const [key, [part, used]] of run.states)
      states.set(key, [part, used || states.get(key)?.[1] === true]);
    for (const [key, [part, used]] of run.transitions) {
      transitions.set(key, [part, used || transitions.get(key)?.[1] === true]);
    }
  }
  return {
    events: [...events].filter(([, used]) => !used).map(([label]) => label),
    states: [...states.values()].filter(([, used]) => !used).map(([part]) => part),
    transitions: [...transitions.values()].filter(([, used]) => !used).map(([part]) => part),
  };
}

function eachStep(lts: LocalLts, state: number, visit: (event: string, at: number) => void): void {
  lts.events.forEach(({ label }, e) => {
    const at = state * lts.events.length + e;
    if (lts.next[at]! >= 0) visit(label, at);
  });
}
