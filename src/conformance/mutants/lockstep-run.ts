/** A mutant in lockstep with the simulator of the same series, until they disagree. */
import type { Graph, Path } from '../../lts/index.ts';
import { transitionCover } from '../../paths/index.ts';
import { bindingOf, kernelFor } from '../bindings.ts';
import { Bound, Lockstep, type Mismatch } from '../lockstep.ts';
import type { Subject } from '../subject.ts';
import { translation } from './difference.ts';

export interface Disagreement {
  /** The way to it, from the initial state. */
  readonly path: Path;
  /** Number of the step after which they disagree; 0 is the initial state. */
  readonly step: number;
  readonly mismatch: Mismatch;
}

/**
 * Runs the transition cover of a graph on the simulator of a subject until the first disagreement; null when
 * there is none.
 *
 * @param first a path of the graph to begin with, for where the disagreement is likely
 * @param excused disagreements that do not count: the next path is tried; by default there are none
 */
export function firstDisagreement(
  subject: Subject,
  graph: Graph,
  first: Path,
  excused: (disagreement: Disagreement) => boolean = () => false,
): Disagreement | null {
  const bound = new Bound(graph.network, bindingOf(subject.system.name));
  const counts = (path: Path): Disagreement | null => {
    const found = onPath(subject, graph, bound, path);
    return found === null || excused(found) ? null : found;
  };
  const found = counts(first);
  if (found !== null) return found;
  for (const path of transitionCover(graph)) {
    const disagreement = counts(path);
    if (disagreement !== null) return disagreement;
  }
  return null;
}

/**
 * As far as a path is possible in a graph: where the simulator does otherwise, null where it does not.
 *
 * @param of the graph that numbers the path's events
 */
export function disagreementOn(
  subject: Subject,
  graph: Graph,
  path: Path,
  of: Graph = graph,
): Disagreement | null {
  const here = translation(of, graph);
  const possible: number[] = [];
  for (let state = 0, step = 0; step < path.length; step++) {
    const event = here[path[step]!]!;
    const transition = event < 0 ? -1 : graph.edge(state, event);
    if (transition < 0) break;
    possible.push(event);
    state = graph.targets[transition]!;
  }
  return onPath(subject, graph, new Bound(graph.network, bindingOf(subject.system.name)), possible);
}

function onPath(subject: Subject, graph: Graph, bound: Bound, path: Path): Disagreement | null {
  const run = new Lockstep(bound, kernelFor(subject));
  const { network, offsets, labels, targets } = graph;
  let state = 0;
  for (let step = 0; ; step++) {
    const event = step === 0 ? null : network.events[path[step - 1]!]!;
    const offered = () => run.compareOffers(labels.subarray(offsets[state]!, offsets[state + 1]!));
    const mismatch =
      (event === null ? null : run.take(event)) ??
      run.compareState(event, graph.vector(state)) ??
      // Of a state beyond the bound it is not known what is enabled there.
      (state < graph.expanded ? offered() : null);
    if (mismatch !== null) return { path: path.slice(0, step), step, mismatch };
    if (step === path.length) return null;
    state = targets[graph.edge(state, path[step]!)]!;
  }
}
