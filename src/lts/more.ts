/** Several counterexamples of one property that differ in what matters. */
import type { Graph } from './graph.ts';
import { foundAt, type Place, stuck, taken, violated } from './search.ts';
import type { Counterexample, DeadlockFree, ForbiddenEvent, Invariant } from './types.ts';

/** Every place in breadth-first order where a safety property is violated. */
export function violations(
  graph: Graph,
  property: Invariant | ForbiddenEvent | DeadlockFree,
): Generator<Place> {
  switch (property.kind) {
    case 'invariant':
      return violated(graph, property);
    case 'forbidden':
      return taken(graph, property);
    case 'deadlock':
      return stuck(graph, property);
  }
}

/**
 * At most so many counterexamples, shortest first, each a shortest path to its last step, no two with the same last
 * step. Those whose last step stands at another site come before those that only take another event there, and these
 * before those that take the same event in another state.
 */
export function moreCounterexamples(
  graph: Graph,
  property: Invariant | ForbiddenEvent | DeadlockFree,
  most: number,
): Counterexample[] {
  const sites = new Map<string, Place>();
  const events = new Map<string, Place>();
  const rest: Place[] = [];
  for (const place of violations(graph, property)) {
    const key = `${place.site}\n${place.event}`;
    if (!sites.has(place.site)) sites.set(place.site, place);
    else if (!events.has(key) && sites.get(place.site)!.event !== place.event) events.set(key, place);
    else if (rest.length < most) rest.push(place);
  }
  return [...sites.values(), ...events.values(), ...rest]
    .slice(0, most)
    .map((place) => foundAt(graph, place))
    .sort((a, b) => a.path.length - b.path.length)
    .map(({ site, path, because }) => ({ site, path, because, steps: path.length }));
}
