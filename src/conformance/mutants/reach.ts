/** Whether a mutant's tables differ only where the system never comes, told from the original's graph alone. */
import type { GlobalEvent, Graph, LocalLts, Network } from '../../lts/index.ts';

/**
 * True only when the networks behave alike, state by state: in every local state that the original visits, the
 * mutated instances are the same and lead to the same, except with events that the instances which were not mutated
 * never offer there. By induction from the initial state, both then reach the same states by the same steps. False
 * says nothing.
 *
 * @param original complete
 * @param network with the same instances, some of them mutated
 */
export function unaffected(original: Graph, network: Network): boolean {
  if (!original.complete || !sameEvents(original.network, network)) return false;
  const mutated = network.instances.flatMap(({ lts }, i) =>
    lts === original.network.instances[i]!.lts ? [] : [i],
  );
  return mutated.every((i) => sameWhereVisited(original, network, i, mutated));
}

function sameEvents(a: Network, b: Network): boolean {
  if (a.events === b.events) return true;
  const text = ({ events, instances }: Network) =>
    JSON.stringify([
      instances.map(({ name }) => name),
      events.map(({ label, participants }) => [label, participants]),
    ]);
  return text(a) === text(b);
}

function sameWhereVisited(original: Graph, network: Network, i: number, mutated: readonly number[]): boolean {
  const was = original.network.instances[i]!.lts;
  const is = network.instances[i]!.lts;
  if (
    was.events.length !== is.events.length ||
    was.events.some(({ label }, e) => label !== is.events[e]!.label)
  )
    return false;
  const inMutant = numbering(was, is);
  if (inMutant[was.initial] !== is.initial) return false;
  const events = eventsOf(original.network, i);
  for (const local of visited(original, i)) {
    const there = inMutant[local]!;
    if (there < 0 || was.states[local]!.final !== is.states[there]!.final) return false;
    for (const [event, e] of events) {
      const to = was.next[local * was.events.length + e]!;
      const now = is.next[there * is.events.length + e]!;
      // A target that the mutant does not have is no missing transition.
      const same = to < 0 ? now < 0 : now >= 0 && inMutant[to] === now;
      if (same) continue;
      if (offered(original, i, local, event, mutated)) return false;
    }
  }
  return true;
}

/** By local state of one machine: the state of the other with the same key, -1 where it has none. */
function numbering(from: LocalLts, to: LocalLts): Int32Array {
  const byKey = new Map(to.states.map(({ key, index }) => [key, index]));
  return Int32Array.from(from.states, ({ key }) => byKey.get(key) ?? -1);
}

/** The global events of an instance, each with its local event. */
function eventsOf({ events }: Network, i: number): (readonly [GlobalEvent, number])[] {
  return events.flatMap((event) =>
    event.participants.flatMap(([who, e]) => (who === i ? [[event, e] as const] : [])),
  );
}

/** By graph and instance: which local states are visited. What is asked again for every mutant. */
const VISITED = new WeakMap<Graph, Map<number, ReadonlySet<number>>>();

function visited(graph: Graph, i: number): ReadonlySet<number> {
  const ofGraph = VISITED.get(graph) ?? new Map<number, ReadonlySet<number>>();
  VISITED.set(graph, ofGraph);
  const known = ofGraph.get(i);
  if (known !== undefined) return known;
  const locals = new Set<number>();
  for (let state = 0; state < graph.states; state++) locals.add(graph.local(state, i));
  ofGraph.set(i, locals);
  return locals;
}

/** Whether all participants but those mutated can take an event in some state that has instance `i` in `local`. */
function offered(
  graph: Graph,
  i: number,
  local: number,
  { participants }: GlobalEvent,
  mutated: readonly number[],
): boolean {
  const others = participants.filter(([who]) => !mutated.includes(who));
  const offers = (state: number) =>
    others.every(([who, e]) => {
      const { next, events } = graph.network.instances[who]!.lts;
      return next[graph.local(state, who) * events.length + e]! >= 0;
    });
  for (let state = 0; state < graph.states; state++)
    if (graph.local(state, i) === local && offers(state)) return true;
  return false;
}
