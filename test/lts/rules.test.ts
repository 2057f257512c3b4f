import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { checkActors, compose, deadInAll, deadParts, explore, usedParts } from '../../src/lts/index.ts';
import { lockNetwork } from './examples.ts';
import { networks } from './random.ts';

describe('one observation at a time', () => {
  test('is kept by the users of a lock: each acts for itself', () => {
    expect(checkActors(explore(compose(lockNetwork())))).toEqual([]);
  });

  test('is broken by code that may free or keep: the choice is missing', () => {
    const observation = { kind: 'observation', actor: 'worker', symbol: 'free_path' } as const;
    const machine = createMachine({
      initial: 'idle',
      states: { idle: { on: { start: 'busy' } }, busy: { on: { free: 'idle', keep: 'idle' } } },
    });
    const alphabet = {
      start: { kind: 'stimulus', actor: 'world', symbol: 'queue_work' },
      free: observation,
      keep: observation,
    } as const;
    const network = compose({
      name: 'n',
      instances: [{ name: 'w', spec: { name: 'm', machine, alphabet } }],
    });
    expect(checkActors(explore(network))).toEqual([
      {
        actor: 'worker',
        events: ['free', 'keep'],
        state: 1,
        path: [0],
        message:
          'worker has 2 enabled observations after start: free and keep; what decides between them must be a choice',
      },
    ]);
  });

  test('random networks: exactly the actors that a look at every state finds', () => {
    fc.assert(
      fc.property(networks(), (network) => {
        const graph = explore(network);
        const expected = new Set<string>();
        for (let s = 0; s < graph.states; s++) {
          const seen = graph
            .enabled(s)
            .map((e) => network.events[e]!)
            .filter(({ kind }) => kind === 'observation');
          for (const { actor } of seen) {
            const own = seen.filter((event) => event.actor === actor).map(({ label }) => label);
            if (own.length > 1) expected.add(own.join());
          }
        }
        expect(new Set(checkActors(graph).map(({ events }) => events.join()))).toEqual(expected);
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});

describe('dead specification', () => {
  const careful = explore(compose(lockNetwork()));
  const careless = explore(compose(lockNetwork(true)));

  test('lists what one network never does', () => {
    expect(deadParts(careful)).toEqual({
      events: ['barge[by=a]', 'leave[by=a]', 'barge[by=b]', 'leave[by=b]'],
      states: [
        { instance: 'a', state: 'barged' },
        { instance: 'b', state: 'barged' },
      ],
      transitions: [],
    });
  });

  test('of several runs: what is dead in all of them', () => {
    expect(deadInAll([usedParts(careful), usedParts(careless)])).toEqual({
      events: ['barge[by=a]', 'leave[by=a]'],
      states: [{ instance: 'a', state: 'barged' }],
      transitions: [],
    });
  });

  test('a step that one machine offers and another never takes', () => {
    const def = lockNetwork();
    const idle = createMachine({ initial: 'idle', states: { idle: {} } });
    const lazy = { name: 'lazy', machine: idle, alphabet: def.instances[0]!.spec.alphabet };
    const instances = def.instances.map((i) => (i.name === 'b' ? { ...i, spec: lazy } : i));
    const dead = deadParts(explore(compose({ name: 'one-user', instances })));
    expect(dead.events).toContain('acquire[by=b]');
    expect(dead.states).toContainEqual({ instance: 'lock', state: 'held {by=b}' });
    expect(dead.transitions).toEqual([
      { instance: 'lock', state: 'free {by=nobody}', event: 'acquire[by=b]' },
      { instance: 'lock', state: 'held {by=b}', event: 'release[by=b]' },
    ]);
  });
});
