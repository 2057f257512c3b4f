/** One finder per kind of property: the first place, in breadth-first order, where it is decided. */
import { byCombination } from './combos.ts';
import { PropertyError } from './errors.ts';
import type { Graph } from './graph.ts';
import { stateText } from './state-text.ts';
import type {
  DeadlockFree,
  ForbiddenEvent,
  Invariant,
  Judgement,
  LocalState,
  Path,
  Possible,
} from './types.ts';

/** A shortest path to what was looked for, and what to say there. */
export interface Found {
  readonly path: Path;
  readonly because: string;
  /** Where the last step stands; see `Invariant.site`. */
  readonly site: string;
  /** Of a leads-to: what is repeated for ever after the path. */
  readonly loop?: Path;
}

/** A step that violates a property, or a state that does (then `event` is -1). */
export interface Place {
  readonly state: number;
  readonly event: number;
  readonly site: string;
  readonly because: () => string;
}

/** The first place of each site. */
export function firstOfEachSite(graph: Graph, places: Iterable<Place>): Found[] {
  const found = new Map<string, Found>();
  for (const place of places) {
    if (!found.has(place.site)) found.set(place.site, foundAt(graph, place));
  }
  return [...found.values()];
}

/** A place with a shortest path to it. */
export function foundAt(graph: Graph, { state, event, site, because }: Place): Found {
  const path = graph.pathTo(state);
  return { path: event < 0 ? path : [...path, event], because: because(), site };
}

/** Where a step stands, by its event and the state before it. */
function sites(
  graph: Graph,
  name: string,
  over: readonly string[],
  site: Invariant['site'],
): (event: number, state: number) => string {
  const known = new Map<number, (state: number) => string>();
  return (e, state) => {
    let of = known.get(e);
    if (of === undefined) {
      const event = graph.network.events[e]!;
      of = byCombination(graph, name, over, (locals) => site?.(event, ...locals) ?? event.symbol);
      known.set(e, of);
    }
    return of(state);
  };
}

/**
 * Steps from a state where the invariant holds to one where it is false, in breadth-first order. A graph that
 * is false in its initial state has one violation, of no step.
 */
export function* violated(graph: Graph, { name, over, holds, site }: Invariant): Generator<Place> {
  const judge = byCombination(graph, name, over, (locals) => holds(...locals));
  const say = (judgement: Judgement) =>
    typeof judgement === 'string' && judgement !== '' ? judgement : 'the invariant is false';
  const first = judge(0);
  if (first !== true) {
    yield { state: 0, event: -1, because: () => say(first), site: '(initial state)' };
    return;
  }
  // Most invariants hold, and there are fewer states than steps.
  let wrong = 0;
  while (wrong < graph.states && judge(wrong) === true) wrong++;
  if (wrong === graph.states) return;
  const siteOf = sites(graph, name, over, site);
  for (let state = 0; state < graph.expanded; state++) {
    if (judge(state) !== true) continue;
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
      const judgement = judge(graph.targets[t]!);
      if (judgement === true) continue;
      const event = graph.labels[t]!;
      yield { state, event, because: () => say(judgement), site: siteOf(event, state) };
    }
  }
}

/** Steps with a forbidden event, where it is forbidden, in breadth-first order. */
export function* taken(graph: Graph, property: ForbiddenEvent): Generator<Place> {
  const { name, over = [], when, because, site } = property;
  const { events } = graph.network;
  const judges = events.map((event) =>
    property.event(event)
      ? byCombination(graph, name, over, (locals) => when === undefined || when(event, ...locals) === true)
      : null,
  );
  if (judges.every((judge) => judge === null)) return;
  const siteOf = sites(graph, name, over, site);
  for (let state = 0; state < graph.expanded; state++) {
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
      const e = graph.labels[t]!;
      if (judges[e]?.(state) !== true) continue;
      const event = events[e]!;
      const say = () =>
        because === undefined
          ? `${event.label} happens`
          : byCombination(graph, name, over, (locals) => because(event, ...locals))(state);
      yield { state, event: e, because: say, site: siteOf(e, state) };
    }
  }
}

/** States without a step that are not excepted as final, in breadth-first order. */
export function* stuck(graph: Graph, { name, final }: DeadlockFree): Generator<Place> {
  const excepted = byCombination(graph, name, final?.over ?? [], (locals) => final?.is(...locals) === true);
  for (let state = 0; state < graph.expanded; state++) {
    if (graph.offsets[state + 1]! > graph.offsets[state]! || excepted(state)) continue;
    const because = () => {
      const at = graph.network.instances.map(
        (instance, i) => `${instance.name}=${stateText(graph.localState(state, i))}`,
      );
      return `no event is enabled in ${at.join(', ')}`;
    };
    yield { state, event: -1, because, site: '(deadlock)' };
  }
}

/** A witness: a state where `when` is true, or a step with `event` (from a state where `when` is true). */
export function reached(graph: Graph, { name, event, over = [], when }: Possible): Found | null {
  if (event === undefined && when === undefined) {
    throw new PropertyError(name, 'give an event, a situation (over and when), or both');
  }
  const situation = byCombination(
    graph,
    name,
    over,
    (locals: LocalState[]) => when === undefined || when(...locals),
  );
  if (event === undefined) {
    for (let state = 0; state < graph.states; state++) {
      if (situation(state))
        return { path: graph.pathTo(state), because: 'the situation is reached', site: '' };
    }
    return null;
  }
  const wanted = graph.network.events.map((candidate) => event(candidate));
  if (!wanted.includes(true)) return null;
  for (let state = 0; state < graph.expanded; state++) {
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
      const e = graph.labels[t]!;
      if (wanted[e] !== true || !situation(state)) continue;
      return {
        path: [...graph.pathTo(state), e],
        because: `${graph.network.events[e]!.label} happens`,
        site: '',
      };
    }
  }
  return null;
}
