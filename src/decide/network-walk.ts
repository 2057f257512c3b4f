/** A walk through a composed system in which the world answers as well as it can: one task, one request. */
import { type AnyMachineSnapshot, type EventObject, getMicrosteps } from 'xstate';
import { compose, type GlobalEvent, type Network, type NetworkDef, type Params } from '../lts/index.ts';

export interface NetworkWalk {
  /** The events after the request, in order; the last is the one that ends the walk. */
  readonly events: readonly GlobalEvent[];
  /** What machines say of the transitions that were taken, in order. */
  readonly said: readonly string[];
}

const LONGEST = 100;

/** Walks one network again and again, each time from its beginning. */
export class NetworkWalker {
  readonly #def: NetworkDef;
  readonly #network: Network;

  constructor(def: NetworkDef) {
    this.#def = def;
    this.#network = compose(def);
  }

  /**
   * What one actor does after a request, until an event ends it. Where the world has a choice it takes the event
   * that is declared first: alphabets list good news first.
   * @throws Error when the network does not take the request, or when the walk comes to no end
   */
  walk(request: { readonly type: string } & Params, ends: (event: GlobalEvent) => boolean): NetworkWalk {
    const { type, ...params } = request;
    const state = [...this.#network.initial];
    const first = this.#network.events.find(
      (event) =>
        event.type === type && Object.entries(params).every(([name, value]) => event.params[name] === value),
    );
    if (first === undefined || !this.#can(state, first)) {
      throw new Error(`'${this.#network.name}' does not take ${JSON.stringify(request)}`);
    }
    const said = this.#take(state, first);
    const events: GlobalEvent[] = [];
    for (;;) {
      const next = this.#network.events.find(
        (event) => event.kind !== 'stimulus' && event.actor === first.actor && this.#can(state, event),
      );
      if (next === undefined || events.length > LONGEST) {
        throw new Error(`'${this.#network.name}': ${first.label} comes to no end`);
      }
      said.push(...this.#take(state, next));
      events.push(next);
      if (ends(next)) return { events, said };
    }
  }

  #can(state: readonly number[], { participants }: GlobalEvent): boolean {
    return participants.every(([i, e]) => {
      const { next, events } = this.#network.instances[i]!.lts;
      return next[state[i]! * events.length + e]! >= 0;
    });
  }

  /** Takes an event, and tells what the machines say of it. */
  #take(state: number[], { participants }: GlobalEvent): string[] {
    return participants.flatMap(([i, e]) => {
      const { lts } = this.#network.instances[i]!;
      const { value, context } = lts.states[state[i]!]!;
      const { type, params } = lts.events[e]!;
      const { machine } = this.#def.instances[i]!.spec;
      const before = machine.resolveState({ value, context } as never) as AnyMachineSnapshot;
      state[i] = lts.next[state[i]! * lts.events.length + e]!;
      return descriptions(machine, before, { ...params, type });
    });
  }
}

interface Taken {
  readonly description?: string;
  readonly actions: readonly { readonly type?: string; readonly event?: unknown }[];
}

/** The descriptions of the transitions that an event takes, and of those of the events that they raise. */
function descriptions(
  machine: NetworkDef['instances'][number]['spec']['machine'],
  before: AnyMachineSnapshot,
  event: EventObject,
): string[] {
  const between = getMicrosteps(machine, before, event as never).map(([snapshot]) => snapshot);
  const waiting = [event];
  const said: string[] = [];
  let at = before;
  for (let step = 0; waiting.length > 0; step++) {
    const next = waiting.shift()!;
    const taken = (machine.getTransitionData(at as never, next as never) ?? []) as unknown as Taken[];
    for (const { description, actions } of taken) {
      if (description !== undefined) said.push(description);
      for (const action of actions) {
        if (action.type === 'xstate.raise') waiting.push(action.event as EventObject);
      }
    }
    // An event that nothing takes makes no step.
    if (taken.length > 0) at = between[step] ?? at;
    else step--;
  }
  return said;
}
