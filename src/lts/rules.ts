/** The rule of observations: what the code under test does not decide is a choice. */
import type { Graph } from './graph.ts';
import type { Path } from './types.ts';

/** An actor with several enabled observations in one reachable state. */
export interface ActorDiagnostic {
  readonly actor: string;
  /** Labels of the observations, in the order of events. */
  readonly events: readonly string[];
  readonly state: number;
  /** A shortest path to the state. */
  readonly path: Path;
  readonly message: string;
}

/**
 * Every actor may have at most one enabled observation in a reachable state; several mean that a decision is
 * missing as a `choice`. One diagnostic for each actor and set of events, at its first state in breadth-first
 * order; an empty list means that the system keeps the rule in all states that were expanded.
 */
export function checkActors(graph: Graph): ActorDiagnostic[] {
  const { events } = graph.network;
  const actors = [...new Set(events.filter(({ kind }) => kind === 'observation').map(({ actor }) => actor))];
  const actorOf = events.map(({ kind, actor }) => (kind === 'observation' ? actors.indexOf(actor) : -1));
  const counts = new Uint32Array(actors.length);
  const reported = new Set<string>();
  const diagnostics: ActorDiagnostic[] = [];
  for (let state = 0; state < graph.expanded; state++) {
    counts.fill(0);
    let worst = 0;
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
      const actor = actorOf[graph.labels[t]!]!;
      if (actor >= 0) worst = Math.max(worst, ++counts[actor]!);
    }
    if (worst < 2) continue;
    counts.forEach((count, a) => {
      if (count < 2) return;
      const enabled = graph.enabled(state).filter((event) => actorOf[event] === a);
      const key = enabled.join(',');
      if (reported.has(key)) return;
      reported.add(key);
      diagnostics.push(diagnose(graph, state, actors[a]!, enabled));
    });
  }
  return diagnostics;
}

function diagnose(graph: Graph, state: number, actor: string, enabled: readonly number[]): ActorDiagnostic {
  const labels = (path: Path) => path.map((event) => graph.network.events[event]!.label);
  const path = graph.pathTo(state);
  const events = labels(enabled);
  const after = path.length === 0 ? 'in the initial state' : `after ${labels(path).join(', ')}`;
  const message = `${actor} has ${events.length} enabled observations ${after}: ${events.join(' and ')}; what decides between them must be a choice`;
  return { actor, events, state, path, message };
}
