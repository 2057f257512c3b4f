/** Small machines that several tests use: a lock, its users, philosophers and forks. */
import { assign, setup } from 'xstate';
import type { LeadsTo, MachineSpec, NetworkDef } from '../../src/lts/index.ts';

/** Free or held, and by whom. */
export const lock: MachineSpec = {
  name: 'lock',
  machine: setup({
    types: { context: {} as { by: string }, events: {} as { type: 'acquire' | 'release'; by: string } },
    guards: { holder: ({ context, event }) => context.by === event.by },
    actions: { hold: assign({ by: ({ event }) => event.by }), drop: assign({ by: 'nobody' }) },
  }).createMachine({
    context: { by: 'nobody' },
    initial: 'free',
    states: {
      free: { on: { acquire: { target: 'held', actions: 'hold' } } },
      held: { on: { release: { guard: 'holder', target: 'free', actions: 'drop' } } },
    },
  }),
  alphabet: {
    acquire: {
      kind: 'observation',
      actor: { param: 'by' },
      symbol: 'mutex_lock',
      params: { by: ['a', 'b'] },
    },
    release: {
      kind: 'observation',
      actor: { param: 'by' },
      symbol: 'mutex_unlock',
      params: { by: ['a', 'b'] },
    },
  },
};

/** Works outside, then inside. `careless` users may work without the lock. */
export function user(careless: boolean): MachineSpec {
  return {
    name: careless ? 'careless-user' : 'user',
    machine: setup({ guards: { careless: () => careless } }).createMachine({
      initial: 'outside',
      states: {
        outside: { on: { acquire: 'inside', barge: { guard: 'careless', target: 'barged' } } },
        inside: { on: { release: 'outside' } },
        barged: { on: { leave: 'outside' } },
      },
    }),
    alphabet: {
      acquire: { kind: 'observation', actor: { param: 'by' }, symbol: 'mutex_lock' },
      release: { kind: 'observation', actor: { param: 'by' }, symbol: 'mutex_unlock' },
      barge: { kind: 'stimulus', actor: 'world', symbol: 'barge' },
      leave: { kind: 'stimulus', actor: 'world', symbol: 'leave' },
    },
  };
}

/** Two users and a lock; `b` is careless if asked for. */
/** That b comes to work, if these are fair. */
export const getsIn = (...fair: LeadsTo['fair']): LeadsTo => ({
  name: 'b gets in',
  kind: 'leads-to',
  doc: 'b comes to work.',
  over: ['b'],
  from: (b) => b.value === 'outside',
  to: (b) => b.value === 'inside',
  fair,
});

export function lockNetwork(careless = false): NetworkDef {
  return {
    name: 'two-users',
    instances: [
      { name: 'a', spec: user(false), index: { by: 'a' } },
      { name: 'b', spec: user(careless), index: { by: 'b' } },
      { name: 'lock', spec: lock },
    ],
  };
}

/** A philosopher who takes left, then right, and never gives up: the classical deadlock. */
const philosopher: MachineSpec = {
  name: 'philosopher',
  machine: setup({}).createMachine({
    initial: 'thinking',
    states: {
      thinking: { on: { take_left: 'waiting' } },
      waiting: { on: { take_right: 'eating' } },
      eating: { on: { put: 'thinking' } },
    },
  }),
  alphabet: {
    take_left: { kind: 'stimulus', actor: 'world', symbol: 'take' },
    take_right: { kind: 'stimulus', actor: 'world', symbol: 'take' },
    put: { kind: 'observation', actor: { param: 'of' }, symbol: 'put' },
  },
};

const fork: MachineSpec = {
  name: 'fork',
  machine: setup({}).createMachine({
    initial: 'free',
    states: { free: { on: { take: 'taken' } }, taken: { on: { give: 'free' } } },
  }),
  alphabet: {
    take: { kind: 'stimulus', actor: 'world', symbol: 'take' },
    give: { kind: 'stimulus', actor: 'world', symbol: 'give' },
  },
};

/** `n` philosophers, `n` forks. Each fork is one philosopher's left and another's right: one to many. */
export function philosophers(n: number): NetworkDef {
  const seats = Array.from({ length: n }, (_, of) => of);
  return {
    name: `table-of-${n}`,
    instances: [
      ...seats.map((of) => ({ name: `p${of}`, spec: philosopher, index: { of } })),
      ...seats.map((of) => {
        const other = (of + 1) % n;
        return {
          name: `f${of}`,
          spec: fork,
          sync: {
            take: [
              { type: 'take_left', of },
              { type: 'take_right', of: other },
            ],
            give: [
              { type: 'put', of },
              { type: 'put', of: other },
            ],
          },
        };
      }),
    ],
  };
}
