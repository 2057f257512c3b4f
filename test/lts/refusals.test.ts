/** What the compiler refuses: each with machine, state and feature named, and what to do instead. */

import { describe, expect, test } from 'vitest';
import { assign, createMachine, emit, fromPromise, raise, setup } from 'xstate';
import { CompileError, compileMachine } from '../../src/lts/index.ts';

const alphabet = { E: { kind: 'stimulus', actor: 'w', symbol: 's' } } as const;

/** Compiles a machine whose state `a` is the given one. */
function refusal(a: object, more: object = {}, implementations: object = {}): CompileError {
  const config = { id: 'm', context: {}, initial: 'a', states: { a, b: {} }, ...more };
  const machine = setup(implementations as never).createMachine(config as never);
  try {
    compileMachine({ name: 'm', machine: machine as never, alphabet }, { maxLocalStates: 50 });
  } catch (error) {
    expect(error).toBeInstanceOf(CompileError);
    return error as CompileError;
  }
  throw new Error('the machine was not refused');
}

const cases: [string, CompileError, RegExp][] = [
  ['E: {}', refusal({ on: { E: {} } }), /`E: \{\}`.*XState never enables it.*state itself as target/],
  ['E: undefined', refusal({ on: { E: undefined } }), /`E: \{\}`/],
  ['a guard with nothing behind it', refusal({ on: { E: { guard: () => true } } }), /`E: \{\}`/],
  ['a wildcard', refusal({ on: { '*': 'b' } }), /wildcard transition '\*'/],
  ['a partial wildcard', refusal({ on: { 'E.*': 'b' } }), /wildcard transition 'E\.\*'/],
  ['after', refusal({ after: { 10: 'b' } }), /`after`.*event of the alphabet/],
  ['invoke', refusal({ invoke: { src: fromPromise(async () => 1) } }), /`invoke`.*machine of its own/],
  [
    'an entry action',
    refusal({ entry: () => {} }),
    /action a function in `entry`.*model an effect as an event/,
  ],
  ['an exit action', refusal({ exit: 'log' }, {}, { actions: { log: () => {} } }), /action 'log' in `exit`/],
  ['an action without implementation', refusal({ exit: 'nope' }), /'nope', which nothing implements/],
  ['emit', refusal({ on: { E: { actions: emit({ type: 'x' }) } } }), /xstate\.emit in 'E'/],
  ['a delayed raise', refusal({ entry: raise({ type: 'E' }, { delay: 5 }) }), /delayed `raise` in `entry`/],
  ['a history state', refusal({ initial: 'x', states: { x: {}, h: { type: 'history' } } }), /history state/],
  ['an event outside the alphabet', refusal({ on: { F: 'b' } }), /'F', which is not in the alphabet.*has E/],
  ['a function in context', refusal({}, { context: { f: () => 1 } }), /context\.f is a function/],
  [
    'a Map in context',
    refusal({}, { context: { deep: [new Map()] } }),
    /context\.deep\[0\] is an instance of Map/,
  ],
  ['undefined in context', refusal({}, { context: { x: undefined } }), /context\.x is undefined/],
  ['NaN in context', refusal({}, { context: { x: Number.NaN } }), /context\.x is NaN/],
  [
    'a context without bound',
    refusal({ on: { E: { actions: assign({ n: ({ context }) => context.n + 1 }) } } }, { context: { n: 0 } }),
    /more than 50 local states.*Bound it with a guard/,
  ],
  [
    'a spawned actor',
    refusal({
      on: { E: { actions: assign(({ spawn }) => ({ ref: typeof spawn(fromPromise(async () => 1)) })) } },
    }),
    /spawned actor/,
  ],
  [
    'an action that throws',
    refusal({
      on: {
        E: {
          actions: assign(() => {
            throw new Error('boom');
          }),
        },
      },
    }),
    /boom/,
  ],
  ['a guard without implementation', refusal({ on: { E: { guard: 'nope', target: 'b' } } }), /nope/],
];

describe('refused', () => {
  test.each(cases)('%s', (_name, error, message) => {
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/machine 'm', state '/);
    expect(error.machine).toBe('m');
  });
});

test('the state is named by its path from the root', () => {
  expect(refusal({ initial: 'x', states: { x: { on: { E: {} } } } }).state).toBe('a.x');
});

test('an action that changes the context in place is found out', () => {
  const mutate = assign(({ context }) => {
    (context as { list: number[] }).list[0] = 1;
    return {};
  });
  expect(refusal({ on: { E: { actions: mutate } } }, { context: { list: [0] } }).message).toMatch(/in place/);
});

test('a guard that remembers is found out', () => {
  let n = 0;
  const flip = assign({ n: () => n++ % 2 });
  expect(refusal({ on: { E: { actions: flip } } }, { context: { n: 0 } }).message).toMatch(
    /two different results/,
  );
});

test('an event that the machine raises for itself needs no alphabet', () => {
  const machine = createMachine({
    initial: 'a',
    states: { a: { on: { E: { actions: raise({ type: 'inner' }) }, inner: 'b' } }, b: {} },
  });
  const lts = compileMachine({ name: 'm', machine, alphabet });
  expect([...lts.next]).toEqual([1, -1]);
});

test('a parameter needs a domain, and a name of its own', () => {
  const machine = createMachine({ initial: 'a', states: { a: {} } });
  const compile = (params: Record<string, []>) => () =>
    compileMachine({ name: 'm', machine, alphabet: { E: { ...alphabet.E, params } } });
  expect(compile({ n: [] })).toThrow(/'n' of 'E' has an empty domain/);
  expect(compile({ type: [] })).toThrow(/'type' of 'E' is the name of the event itself/);
});
