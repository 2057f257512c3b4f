/** Random networks, made of tables: what the explorer sees of any machines. */
import fc from 'fast-check';
import type { GlobalEvent, LocalLts, Network } from '../../src/lts/index.ts';

/** A machine by its table: `next[state * events + event]`, -1 where the event is not enabled. */
export function lts(name: string, states: number, events: number, next: readonly number[]): LocalLts {
  return {
    name,
    alphabet: {},
    events: Array.from({ length: events }, (_, e) => ({ type: `e${e}`, params: {}, label: `e${e}` })),
    states: Array.from({ length: states }, (_, index) => ({
      index,
      key: `s${index}`,
      value: `s${index}`,
      context: {},
      final: false,
    })),
    initial: 0,
    next: Int32Array.from(next.slice(0, states * events)),
  };
}

/** A local table, in which about half of the steps are not enabled. */
const machine = (maxStates: number) =>
  fc.tuple(fc.integer({ min: 1, max: maxStates }), fc.integer({ min: 1, max: 4 })).chain(([states, events]) =>
    fc
      .array(fc.integer({ min: -states, max: states - 1 }), {
        minLength: states * events,
        maxLength: states * events,
      })
      .map((steps) =>
        lts(
          'm',
          states,
          events,
          steps.map((step) => Math.max(step, -1)),
        ),
      ),
  );

/**
 * Up to six instances of up to `maxStates` local states each, and events among any of them; an instance takes
 * part in several events with one local event, or in none.
 */
export const networks = (maxStates = 5, maxParticipants = 4): fc.Arbitrary<Network> =>
  fc.array(machine(maxStates), { minLength: 1, maxLength: 6 }).chain((machines) => {
    const part = fc.tuple(fc.nat(machines.length - 1), fc.nat(3));
    const participants = fc.uniqueArray(part, {
      minLength: 1,
      maxLength: maxParticipants,
      selector: ([i]) => i,
    });
    return fc.array(participants, { minLength: 1, maxLength: 12 }).map((events) => ({
      name: 'random',
      instances: machines.map((one, i) => ({ name: `i${i}`, lts: one })),
      events: events.map(
        (parts, index): GlobalEvent => ({
          index,
          type: `g${index}`,
          params: {},
          label: `g${index}`,
          kind: index % 2 === 0 ? 'observation' : 'stimulus',
          actor: `actor${index % 3}`,
          symbol: 's',
          participants: parts
            .map(([i, e]): [number, number] => [i, e % machines[i]!.events.length])
            .sort(([a], [b]) => a - b),
        }),
      ),
      initial: machines.map(() => 0),
    }));
  });

/** The network beside a copy of itself that moves with it: the same graph, twice the fields. */
export function doubled(network: Network): Network {
  const n = network.instances.length;
  return {
    ...network,
    instances: [
      ...network.instances,
      ...network.instances.map(({ name, lts }) => ({ name: `${name}'`, lts })),
    ],
    events: network.events.map((event) => ({
      ...event,
      participants: [...event.participants, ...event.participants.map(([i, e]) => [i + n, e] as const)],
    })),
    initial: [...network.initial, ...network.initial],
  };
}
