/** States and steps for people: who acted, what happened, what changed. */
import { listOf, PathError } from './errors.ts';
import type { Graph } from './graph.ts';
import { stateText } from './state-text.ts';
import type { EventKind, LocalState, Network, Path, StateView } from './types.ts';

/** One step of a path. */
export interface StepView {
  /** 1 for the first step. */
  readonly n: number;
  readonly actor: string;
  /** Label of the global event. */
  readonly event: string;
  readonly symbol: string;
  readonly kind: EventKind;
  /** The instances whose local state is another after the step, in the order of the network. */
  readonly changed: readonly Change[];
}

export interface Change {
  readonly instance: string;
  readonly from: string;
  readonly to: string;
}

/** Local states by instance name, from local state indices in the order of the network. */
export function viewOf(network: Network, locals: ArrayLike<number>): StateView {
  return {
    local(name: string): LocalState {
      const i = network.instances.findIndex((instance) => instance.name === name);
      const instance = network.instances[i];
      if (instance === undefined) {
        const names = listOf(network.instances.map((known) => known.name));
        throw new RangeError(`there is no instance '${name}' in network '${network.name}'; it has ${names}`);
      }
      return instance.lts.states[locals[i]!]!;
    },
  };
}

/** A state of the graph, by instance name. */
export function stateView(graph: Graph, state: number): StateView {
  return viewOf(graph.network, graph.vector(state));
}

/** One step from local state indices, or the participants that block it (instance indices). */
export function takeStep(
  network: Network,
  locals: readonly number[],
  event: number,
): { readonly next: number[] } | { readonly blockedBy: number[] } {
  const next = [...locals];
  const blockedBy: number[] = [];
  for (const [i, e] of network.events[event]!.participants) {
    const { lts } = network.instances[i]!;
    const target = lts.next[locals[i]! * lts.events.length + e]!;
    if (target < 0) blockedBy.push(i);
    else next[i] = target;
  }
  return blockedBy.length > 0 ? { blockedBy } : { next };
}

/**
 * Runs a path from the initial state, on the local tables alone (no graph is needed).
 *
 * @returns the local state indices before the first step and after each: `path.length + 1` vectors.
 * @throws PathError at a step that is not an event of the network, or that some participant does not offer.
 */
export function runPath(network: Network, path: Path): number[][] {
  const states: number[][] = [[...network.initial]];
  path.forEach((event, i) => {
    const at = `step ${i + 1} of ${path.length}`;
    const known = network.events[event];
    if (known === undefined) {
      throw new PathError(
        `${at} is event number ${event}, but network '${network.name}' has the events 0 to ${network.events.length - 1}`,
      );
    }
    const locals = states[i]!;
    const step = takeStep(network, locals, event);
    if ('blockedBy' in step) {
      const who = step.blockedBy.map((instance) => {
        const { name, lts } = network.instances[instance]!;
        return `${name} in ${stateText(lts.states[locals[instance]!]!)}`;
      });
      throw new PathError(`${at}, ${known.label}, cannot be taken: it is not offered by ${who.join(', ')}`);
    }
    states.push(step.next);
  });
  return states;
}

/** All steps of a path, described. @throws PathError as `runPath`. */
export function describePath(network: Network, path: Path): StepView[] {
  const states = runPath(network, path);
  return path.map((e, i) => {
    const { actor, label, symbol, kind } = network.events[e]!;
    const [before, after] = [states[i]!, states[i + 1]!];
    const changed = network.instances.flatMap(({ name, lts }, instance): Change[] => {
      const [from, to] = [before[instance]!, after[instance]!];
      if (from === to) return [];
      return [{ instance: name, from: stateText(lts.states[from]!), to: stateText(lts.states[to]!) }];
    });
    return { n: i + 1, actor, event: label, symbol, kind, changed };
  });
}

/** Step `i` (from 0) of a path, described. For all steps `describePath` is cheaper. */
export function describeStep({ network }: { readonly network: Network }, path: Path, i: number): StepView {
  const step = describePath(network, path.slice(0, i + 1))[i];
  if (step === undefined) throw new PathError(`the path has ${path.length} steps; there is no step ${i + 1}`);
  return step;
}
