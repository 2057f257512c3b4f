import { getAdjacencyMap } from '@xstate/graph';
import { describe, expect, test } from 'vitest';
import { type AnyMachineSnapshot, assign, createMachine, raise, setup } from 'xstate';
import { canonicalJson } from '../../src/lts/canonical.ts';
import { compileMachine, type MachineSpec, stateText } from '../../src/lts/index.ts';
import { lock, user } from './examples.ts';

test('a lock with a holder has three local states, and only the holder may release it', () => {
  const lts = compileMachine(lock);
  expect(lts.states.map(stateText)).toEqual(['free {by=nobody}', 'held {by=a}', 'held {by=b}']);
  expect(lts.events.map(({ label }) => label)).toEqual([
    'acquire[by=a]',
    'acquire[by=b]',
    'release[by=a]',
    'release[by=b]',
  ]);
  // Rows are states, columns events.
  expect([...lts.next]).toEqual([1, 2, -1, -1, -1, -1, 0, -1, -1, -1, -1, 0]);
});

/** Nested and parallel states, raise, always, onDone, entry and exit, a counter, a top-level final state. */
const everything: MachineSpec = {
  name: 'everything',
  input: { limit: 2 },
  machine: setup({
    types: { context: {} as { n: number; limit: number }, input: {} as { limit: number } },
    guards: { full: ({ context }) => context.n >= context.limit },
    actions: { count: assign({ n: ({ context }) => context.n + 1 }), reset: assign({ n: 0 }) },
  }).createMachine({
    context: ({ input }) => ({ n: 0, limit: input.limit }),
    initial: 'counting',
    states: {
      counting: {
        exit: 'reset',
        on: { tick: { actions: 'count' }, skip: { target: 'both' } },
        always: { guard: 'full', target: 'both' },
      },
      both: {
        type: 'parallel',
        states: {
          left: { initial: 'off', states: { off: { on: { go: 'on' } }, on: { type: 'final' } } },
          right: {
            initial: 'off',
            states: {
              off: { on: { go: { target: 'on', actions: raise({ type: 'inner' }) }, tick: 'on' } },
              on: { type: 'final' },
            },
          },
          echo: {
            initial: 'quiet',
            states: { quiet: { on: { inner: 'heard' } }, heard: { on: { back: 'quiet' } } },
          },
        },
        onDone: 'never',
        on: { stop: 'end', back: 'counting' },
      },
      never: {},
      end: { type: 'final' },
    },
  }),
  alphabet: Object.fromEntries(
    ['tick', 'skip', 'go', 'back', 'stop'].map((type) => [
      type,
      { kind: 'stimulus', actor: 'world', symbol: type },
    ]),
  ) as MachineSpec['alphabet'],
};

const snapshotKey = (s: AnyMachineSnapshot) => canonicalJson({ value: s.value, context: s.context });

describe.each([lock, user(true), everything])('$name, compiled, is what XState does', (spec) => {
  const lts = compileMachine(spec);
  const events = lts.events.map(({ type, params }) => ({ type, ...params }));
  const oracle = getAdjacencyMap(spec.machine, {
    events: events as never,
    input: spec.input as never,
    serializeState: snapshotKey as never,
    serializeEvent: ((event: unknown) => canonicalJson(event)) as never,
  }) as unknown as Record<
    string,
    { state: AnyMachineSnapshot; transitions: Record<string, { state: AnyMachineSnapshot }> }
  >;

  test('the same local states', () => {
    expect(lts.states.map(({ key }) => key).sort()).toEqual(Object.keys(oracle).sort());
  });

  test('the same step, or none, for every state and event', () => {
    for (const state of lts.states) {
      const { state: snapshot, transitions } = oracle[state.key]!;
      expect(state.final).toBe(snapshot.status === 'done');
      events.forEach((event, e) => {
        const target = lts.next[state.index * events.length + e]!;
        const enabled = snapshot.status === 'active' && snapshot.can(event as never);
        const expected = enabled ? snapshotKey(transitions[canonicalJson(event)]!.state) : null;
        expect(target < 0 ? null : lts.states[target]!.key).toBe(expected);
      });
    }
  });
});

test('a declared leaf that cannot be entered is named', () => {
  expect(compileMachine(everything).unreached).toEqual(['never']);
});

test('an event that is accepted without effect is a step to the same state', () => {
  const machine = createMachine({ initial: 'a', states: { a: { on: { poke: 'a' } } } });
  const lts = compileMachine({
    name: 'm',
    machine,
    alphabet: { poke: { kind: 'stimulus', actor: 'w', symbol: 's' } },
  });
  expect([...lts.next]).toEqual([0]);
});
