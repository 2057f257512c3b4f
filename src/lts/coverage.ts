/** How often each step of each machine is taken in the explored part of a graph. */
import type { Graph } from './graph.ts';
import { stateText } from './state-text.ts';

export interface LocalStep {
  readonly state: string;
  readonly event: string;
  readonly target: string;
  /** Transitions of the graph in which some instance of the machine takes it. */
  readonly taken: number;
}

export interface MachineCoverage {
  readonly machine: string;
  /** Those that run the machine. */
  readonly instances: readonly string[];
  /** By local state, then by local event. */
  readonly steps: readonly LocalStep[];
}

/** One entry for each machine, in the order of its first instance; instances of one machine are added up. */
export function machineCoverage(graph: Graph): MachineCoverage[] {
  const { instances, events } = graph.network;
  const counts = instances.map(({ lts }) => new Float64Array(lts.next.length));
  for (let state = 0; state < graph.expanded; state++) {
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
      for (const [i, e] of events[graph.labels[t]!]!.participants) {
        counts[i]![graph.local(state, i) * instances[i]!.lts.events.length + e]! += 1;
      }
    }
  }
  const machines = new Map<
    string,
    { readonly instances: string[]; readonly steps: Map<string, LocalStep> }
  >();
  instances.forEach(({ name, lts }, i) => {
    const machine = machines.get(lts.name) ?? { instances: [], steps: new Map<string, LocalStep>() };
    machines.set(lts.name, machine);
    machine.instances.push(name);
    for (const state of lts.states) {
      lts.events.forEach(({ label }, e) => {
        const at = state.index * lts.events.length + e;
        const target = lts.states[lts.next[at]!];
        if (target === undefined) return;
        const key = `${state.key}\n${label}`;
        const taken = (machine.steps.get(key)?.taken ?? 0) + counts[i]![at]!;
        machine.steps.set(key, { state: stateText(state), event: label, target: stateText(target), taken });
      });
    }
  });
  return [...machines].map(([machine, { instances: names, steps }]) => ({
    machine,
    instances: names,
    steps: [...steps.values()],
  }));
}
