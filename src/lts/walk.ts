/** A walk through a machine in which the world answers as well as it can: the deterministic way to a decision. */
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  initialTransition,
  transition,
} from 'xstate';
import { eventLabel } from './canonical.ts';
import { localEvents } from './compile.ts';
import type { LocalEvent, MachineSpec, Params } from './types.ts';

/** A walk's end: the state reached and how. */
export interface Walked {
  /** Dotted path of the state, e.g. `done.well`. */
  readonly state: string;
  readonly context: Readonly<Record<string, unknown>>;
  /** `event → state` for every step after the request. */
  readonly steps: readonly string[];
  /** What the machine says of the state, if it does. */
  readonly description: string | undefined;
  /** The parts of the context that guards looked at: with the same values there, the walk is the same. */
  readonly read: ReadonlySet<string>;
}

/** Which answer the world gives among those that are possible now: the index, or -1 to stop here. */
export type Answer = (possible: readonly LocalEvent[], state: string) => number;

/** The first: alphabets list good news first. */
export const FIRST: Answer = () => 0;

const LONGEST = 100;

/** Walks one machine again and again; what it works out about the machine is kept. */
export class Walker {
  readonly #machine: AnyStateMachine;
  readonly #events: ReadonlyMap<string, readonly LocalEvent[]>;
  readonly #spec: MachineSpec;
  readonly #start: AnyMachineSnapshot;
  #read = new Set<string>();

  constructor(spec: MachineSpec) {
    this.#spec = spec;
    this.#machine = recording(spec.machine, (name) => this.#read.add(name));
    this.#start = initialTransition(this.#machine, spec.input as never)[0];
    const events = new Map<string, LocalEvent[]>();
    for (const event of localEvents(spec.name, spec.alphabet)) {
      events.set(event.type, [...(events.get(event.type) ?? []), event]);
    }
    this.#events = events;
  }

  /**
   * The walk that a request begins, until `stop` says so or nothing more happens but further requests.
   * @param request the first event, with its payload
   * @throws Error when the machine does not take the request, when observations leave a choice, or when the walk does not end
   */
  walk(
    request: { readonly type: string } & Params,
    stop: (state: string) => boolean,
    answer: Answer = FIRST,
  ): Walked {
    const { type, ...params } = request;
    const read = new Set<string>();
    this.#read = read;
    let snapshot = this.#take(this.#start, { type, params, label: eventLabel(type, params) });
    const steps: string[] = [];
    while (!stop(stateName(snapshot))) {
      if (steps.length > LONGEST) throw new Error(`${this.#spec.name}: the walk of ${type} does not end`);
      const possible = this.#possible(snapshot);
      const observed = possible.filter((event) => this.#spec.alphabet[event.type]!.kind === 'observation');
      const chosen = observed.length > 0 ? observed[0]! : possible[answer(possible, stateName(snapshot))];
      if (observed.length > 1) {
        throw new Error(`${this.#spec.name} has ${observed.map(({ label }) => label).join(' and ')} at once`);
      }
      if (chosen === undefined) break;
      snapshot = this.#take(snapshot, chosen);
      steps.push(`${chosen.label} → ${stateName(snapshot)}`);
    }
    const nodes = snapshot._nodes.filter((node) => Object.keys(node.states).length === 0);
    return {
      state: stateName(snapshot),
      context: snapshot.context as Record<string, unknown>,
      steps,
      description: nodes[0]?.description,
      read,
    };
  }

  #possible(snapshot: AnyMachineSnapshot): LocalEvent[] {
    const types = [...new Set(snapshot._nodes.flatMap((node) => [...node.transitions.keys()] as string[]))];
    return types
      .filter((type) => this.#spec.alphabet[type]?.kind !== 'stimulus')
      .flatMap((type) => this.#events.get(type) ?? [])
      .filter((event) => snapshot.can(payload(event)));
  }

  #take(snapshot: AnyMachineSnapshot, event: LocalEvent): AnyMachineSnapshot {
    if (!snapshot.can(payload(event))) {
      throw new Error(`${this.#spec.name} does not take ${event.label} in ${stateName(snapshot)}`);
    }
    return transition(this.#machine, snapshot, payload(event))[0];
  }
}

type Guard = ((args: { context: object }, params: unknown) => boolean) & { readonly check?: unknown };

/** The machine, with every plain guard telling which parts of the context it looks at. */
function recording(machine: AnyStateMachine, read: (name: string) => void): AnyStateMachine {
  const guards = Object.entries(machine.implementations.guards as Record<string, Guard>)
    // What `and`, `or` and `not` make asks the plain ones by name.
    .filter(([, guard]) => guard.check === undefined)
    .map(([name, guard]) => {
      const asked: Guard = (args, params) =>
        guard(
          { ...args, context: new Proxy(args.context, { get: (from, key) => lookAt(from, key, read) }) },
          params,
        );
      return [name, asked];
    });
  return machine.provide({ guards: Object.fromEntries(guards) } as never) as unknown as AnyStateMachine;
}

function lookAt(context: object, key: string | symbol, read: (name: string) => void): unknown {
  if (typeof key === 'string') read(key);
  return Reflect.get(context, key);
}

const payload = ({ type, params }: LocalEvent): EventObject => ({ ...params, type });

function stateName(snapshot: AnyMachineSnapshot): string {
  const leaf = snapshot._nodes.filter((node) => Object.keys(node.states).length === 0);
  return leaf.map((node) => node.path.join('.')).join(', ');
}
