/** What a search without a graph asks of each state and step, and the verdicts that come of it. */
import type { Layout } from './layout.ts';
import { unpackOne } from './layout.ts';
import type {
  DeadlockFree,
  ForbiddenEvent,
  Invariant,
  LeadsTo,
  LocalState,
  Network,
  Path,
  Possible,
  Property,
  VerdictStatus,
} from './types.ts';
import { type StateTest, stateTest, WORTH_OF_ALL } from './watch.ts';

export type SafetyProperty = Exclude<Property, LeadsTo>;

/** A verdict of a search without a graph. */
export interface Watched {
  readonly name: string;
  readonly kind: SafetyProperty['kind'];
  readonly status: VerdictStatus;
  /** Length of the shortest counterexample, or of the shortest witness; null if there is none. */
  readonly steps: number | null;
  readonly path: Path | null;
  /** Where the last step stands; see `Invariant.site`. Empty for a witness. */
  readonly site: string | null;
}

/** Looked for in states: an invariant that is false, a situation. */
export interface StateWatch {
  readonly of: Invariant | Possible;
  readonly found: StateTest;
}

/** Looked for in steps: by event, when it is of interest in the state that it is taken from. */
export interface StepWatch {
  readonly of: ForbiddenEvent | Possible;
  readonly found: readonly (StateTest | null)[];
}

/** A step that was taken: from a state (-1: none, this is the initial one) whose words are `words[at …]`. */
export interface Taken {
  readonly source: number;
  readonly event: number;
  readonly words: Int32Array;
  readonly at: number;
}

interface Place {
  /** The state that the path leads to, and one more step from there; -1 when the state itself is the place. */
  readonly state: number;
  readonly event: number;
  readonly site: string;
}

/**
 * Every property is looked for until it is found once. States come in breadth-first order, so the first place is at
 * the end of a shortest path; and the first state in which an invariant is false was entered from one in which it
 * held.
 */
export class SafetyWatch {
  readonly onState: readonly StateWatch[];
  readonly onStep: readonly StepWatch[];
  readonly onStuck: readonly { readonly of: DeadlockFree; readonly final: StateTest }[];
  /** Names of what was found. */
  readonly found: ReadonlyMap<string, Place>;
  readonly #found = new Map<string, Place>();
  readonly #network: Network;
  readonly #layout: Layout;
  readonly #properties: readonly SafetyProperty[];

  constructor(network: Network, layout: Layout, properties: readonly SafetyProperty[]) {
    this.#network = network;
    this.#layout = layout;
    this.#properties = properties;
    this.found = this.#found;
    const budget = { left: WORTH_OF_ALL };
    const onState: StateWatch[] = [];
    const onStep: StepWatch[] = [];
    const onStuck: { of: DeadlockFree; final: StateTest }[] = [];
    this.onState = onState;
    this.onStep = onStep;
    this.onStuck = onStuck;
    for (const property of properties) {
      const test = (over: readonly string[], predicate: (...locals: LocalState[]) => boolean) =>
        stateTest(network, layout, property, over, predicate, budget);
      if (property.kind === 'invariant') {
        const found = test(property.over, (...locals) => property.holds(...locals) !== true);
        onState.push({ of: property, found });
      } else if (property.kind === 'deadlock') {
        const { over = [], is = () => false } = property.final ?? {};
        onStuck.push({ of: property, final: test(over, (...locals) => is(...locals) === true) });
      } else if (property.kind === 'possible' && property.event === undefined) {
        const found = test(property.over ?? [], (...locals) => property.when?.(...locals) ?? true);
        onState.push({ of: property, found });
      } else {
        const found = network.events.map((event) =>
          property.event?.(event) === true
            ? test(property.over ?? [], (...locals) =>
                property.kind === 'possible'
                  ? (property.when?.(...locals) ?? true)
                  : (property.when?.(event, ...locals) ?? true),
              )
            : null,
        );
        onStep.push({ of: property, found });
      }
    }
  }

  /** A state was found, by a step. @param which positions in `onState` */
  state(which: Iterable<number>, state: number, words: Int32Array, at: number, by: Taken): void {
    for (const i of which) {
      const { of, found } = this.onState[i]!;
      if (this.#found.has(of.name) || !found.is(words, at)) continue;
      const initial = by.source < 0;
      const site =
        of.kind === 'possible' ? '' : initial ? '(initial state)' : this.#site(of, by.event, by.words, by.at);
      this.#found.set(of.name, { state, event: -1, site });
    }
  }

  /** A state has no step. */
  stuck(state: number, words: Int32Array, at: number): void {
    for (const { of, final } of this.onStuck) {
      if (this.#found.has(of.name) || final.is(words, at)) continue;
      this.#found.set(of.name, { state, event: -1, site: '(deadlock)' });
    }
  }

  /** A step was taken. @param which positions in `onStep` */
  step(which: Iterable<number>, { source, event, words, at }: Taken): void {
    for (const i of which) {
      const { of, found } = this.onStep[i]!;
      if (this.#found.has(of.name) || found[event]?.is(words, at) !== true) continue;
      const site = of.kind === 'possible' ? '' : this.#site(of, event, words, at);
      this.#found.set(of.name, { state: source, event, site });
    }
  }

  /** One for each property, in their order. */
  verdicts(complete: boolean, pathTo: (state: number) => Path): Watched[] {
    return this.#properties.map((property) => {
      const { name, kind } = property;
      const place = this.#found.get(name);
      const path =
        place === undefined ? null : [...pathTo(place.state), ...(place.event < 0 ? [] : [place.event])];
      return {
        name,
        kind,
        status: this.#status(property, place !== undefined, complete),
        steps: path?.length ?? null,
        path,
        site: place?.site ?? null,
      };
    });
  }

  #status(property: SafetyProperty, found: boolean, complete: boolean): VerdictStatus {
    if (property.kind === 'possible') {
      if (found) return 'holds';
      if (!complete) return 'not decided';
      return property.expected ? 'fails' : 'not reachable';
    }
    if (found) return 'fails';
    if (!complete) return 'not decided';
    const witnesses = this.#properties.filter((p) => p.kind === 'possible' && p.witnesses === property.name);
    return witnesses.length === 0 || witnesses.some(({ name }) => this.#found.has(name))
      ? 'holds'
      : 'not reachable';
  }

  #site(property: Invariant | ForbiddenEvent, event: number, words: Int32Array, at: number): string {
    const global = this.#network.events[event]!;
    const locals = (property.over ?? []).map((name) => {
      const i = this.#network.instances.findIndex((instance) => instance.name === name);
      return this.#network.instances[i]!.lts.states[unpackOne(this.#layout.fields[i]!, words, at)]!;
    });
    return property.site?.(global, ...locals) ?? global.symbol;
  }
}
