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
import { type StateTest, stateTest } from './watch.ts';

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

interface Place {
  /** State before the last step, and that step; -1 when the state itself is the place. */
  readonly state: number;
  readonly event: number;
  readonly site: string;
}

const always: StateTest = () => true;

export class SafetyWatch {
  /** By event: 1 where `step` wants to hear of it. */
  readonly events: Uint8Array;
  /** Whether some state is known in which an invariant is false. */
  anyBad = false;
  readonly #network: Network;
  readonly #layout: Layout;
  readonly #properties: readonly SafetyProperty[];
  readonly #found = new Map<string, Place>();
  /** Invariants that are false somewhere, and properties of states that are looked for. */
  readonly #invariants: { readonly of: Invariant; readonly holds: StateTest; readonly bad: Set<number> }[] =
    [];
  readonly #situations: { readonly of: Possible; readonly when: StateTest }[] = [];
  readonly #steps: { readonly of: ForbiddenEvent | Possible; readonly when: (StateTest | null)[] }[] = [];
  readonly #stuck: { readonly of: DeadlockFree; readonly final: StateTest }[] = [];

  constructor(network: Network, layout: Layout, properties: readonly SafetyProperty[]) {
    this.#network = network;
    this.#layout = layout;
    this.#properties = properties;
    this.events = new Uint8Array(network.events.length);
    for (const property of properties) this.#prepare(property);
  }

  /** A state was found. */
  state(state: number, words: Int32Array, at: number): void {
    for (const { of, holds, bad } of this.#invariants) {
      if (holds(words, at)) continue;
      bad.add(state);
      this.anyBad = true;
      if (state === 0) this.#found.set(of.name, { state: 0, event: -1, site: '(initial state)' });
    }
    for (let i = this.#situations.length - 1; i >= 0; i--) {
      const { of, when } = this.#situations[i]!;
      if (!when(words, at)) continue;
      this.#found.set(of.name, { state, event: -1, site: '' });
      this.#situations.splice(i, 1);
    }
  }

  /** A state has no step. */
  stuck(state: number, words: Int32Array, at: number): void {
    for (const { of, final } of this.#stuck) {
      if (this.#found.has(of.name) || final(words, at)) continue;
      this.#found.set(of.name, { state, event: -1, site: '(deadlock)' });
    }
  }

  /** An event of `events` is taken from a state. */
  step(state: number, event: number, words: Int32Array, at: number): void {
    for (const { of, when } of this.#steps) {
      const test = when[event];
      if (test === null || test === undefined || this.#found.has(of.name) || !test(words, at)) continue;
      const site = of.kind === 'possible' ? '' : this.#site(of, event, words, at);
      this.#found.set(of.name, { state, event, site });
    }
  }

  /** A step, once some invariant is false somewhere: does it lead from where one holds to where it does not? */
  edge(state: number, event: number, target: number, words: Int32Array, at: number): void {
    for (const { of, bad } of this.#invariants) {
      if (!bad.has(target) || bad.has(state) || this.#found.has(of.name)) continue;
      this.#found.set(of.name, { state, event, site: this.#site(of, event, words, at) });
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

  #prepare(property: SafetyProperty): void {
    const test = (over: readonly string[], predicate: (...locals: LocalState[]) => boolean) => {
      const made = stateTest(this.#network, this.#layout, property, over, predicate);
      return typeof made === 'boolean' ? (made ? always : null) : made;
    };
    switch (property.kind) {
      case 'invariant': {
        const holds = test(property.over, (...locals) => property.holds(...locals) === true);
        if (holds !== always)
          this.#invariants.push({ of: property, holds: holds ?? (() => false), bad: new Set() });
        return;
      }
      case 'deadlock': {
        const { over = [], is = () => false } = property.final ?? {};
        this.#stuck.push({ of: property, final: test(over, is) ?? (() => false) });
        return;
      }
      case 'forbidden': {
        const when = this.#network.events.map((event) =>
          property.event(event)
            ? test(property.over ?? [], (...locals) => property.when?.(event, ...locals) ?? true)
            : null,
        );
        this.#follow(property, when);
        return;
      }
      case 'possible': {
        const situation = test(property.over ?? [], (...locals) => property.when?.(...locals) ?? true);
        const { event } = property;
        if (event !== undefined) {
          this.#follow(
            property,
            this.#network.events.map((e) => (event(e) ? situation : null)),
          );
        } else if (situation !== null) this.#situations.push({ of: property, when: situation });
      }
    }
  }

  #follow(of: ForbiddenEvent | Possible, when: (StateTest | null)[]): void {
    this.#steps.push({ of, when });
    when.forEach((test, event) => {
      if (test !== null) this.events[event] = 1;
    });
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
