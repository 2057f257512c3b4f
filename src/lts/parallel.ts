/**
 * A network as ONE parallel XState machine, for comparison with tools that explore machines: a region per
 * instance (its compiled LTS, flat), each event in each participant's region, guarded by `stateIn` on the
 * other participants. XState broadcasts an event to all regions and evaluates every guard before any region
 * moves, so the guards make the rendezvous.
 */
import { type AnyStateMachine, and, createMachine, type EventObject, or, stateIn } from 'xstate';
import type { LocalLts, Network } from './types.ts';

export interface ParallelMachine {
  readonly machine: AnyStateMachine;
  /** By global event index: what to send. */
  readonly events: readonly EventObject[];
  /** The local state indices that a state value of the machine stands for, in the order of the network. */
  vector(value: unknown): number[];
}

const region = (instance: number): string => `r${instance}`;
const state = (local: number): string => `s${local}`;

/** See the head of this file. Equal states, and equal enabled transitions, as `explore` on the network. */
export function parallelMachine(network: Network): ParallelMachine {
  const events = network.events.map(({ index }) => ({ type: `e${index}` }));
  const guards = network.events.map(({ participants }) =>
    participants.map(([i, e]) => {
      const { lts } = network.instances[i]!;
      const states = offering(lts, e);
      // Offered in every state: nothing to wait for.
      return states.length === lts.states.length ? null : inOneOf(i, states);
    }),
  );
  const regions = network.instances.map(({ lts }, i) => {
    const taking = network.events.flatMap((event) => {
      const own = event.participants.findIndex(([instance]) => instance === i);
      if (own < 0) return [];
      const others = guards[event.index]!.filter((guard, j) => j !== own && guard !== null);
      return [
        { type: events[event.index]!.type, e: event.participants[own]![1], guard: conjunction(others) },
      ];
    });
    const states = lts.states.map(({ index }) => {
      const on = taking.flatMap(({ type, e, guard }) => {
        const target = lts.next[index * lts.events.length + e]!;
        if (target < 0) return [];
        return [[type, { target: state(target), ...(guard === null ? {} : { guard }) }]];
      });
      return [state(index), { on: Object.fromEntries(on) }];
    });
    return [region(i), { initial: state(network.initial[i]!), states: Object.fromEntries(states) }];
  });
  const machine = createMachine({
    id: 'network',
    type: 'parallel',
    states: Object.fromEntries(regions),
  } as never) as unknown as AnyStateMachine;
  const vector = (value: unknown): number[] =>
    network.instances.map((_, i) => Number((value as Record<string, string>)[region(i)]!.slice(1)));
  return { machine, events, vector };
}

/** The local states in which a local event is enabled. */
function offering(lts: LocalLts, event: number): number[] {
  return lts.states.flatMap(({ index }) => (lts.next[index * lts.events.length + event]! < 0 ? [] : [index]));
}

function inOneOf(instance: number, states: readonly number[]): unknown {
  if (states.length === 0) return () => false;
  const guards = states.map((local) => stateIn({ [region(instance)]: state(local) }));
  return guards.length === 1 ? guards[0] : or(guards as never);
}

function conjunction(guards: readonly unknown[]): unknown {
  return guards.length === 0 ? null : guards.length === 1 ? guards[0] : and(guards as never);
}
