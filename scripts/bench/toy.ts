/** A network of any size for measurements: philosophers at a round table, a fork between any two. */
import { setup } from 'xstate';
import type { MachineSpec, NetworkDef } from '../../src/lts/index.ts';

const philosopher: MachineSpec = {
  name: 'philosopher',
  machine: setup({}).createMachine({
    initial: 'thinking',
    states: {
      thinking: { on: { hunger: 'hungry' } },
      hungry: { on: { take_left: 'holding' } },
      holding: { on: { take_right: 'eating', give_up: 'leaving' } },
      eating: { on: { put_right: 'leaving' } },
      leaving: { on: { put_left: 'thinking' } },
    },
  }),
  alphabet: {
    hunger: { kind: 'stimulus', actor: 'world', symbol: 'hunger' },
    take_left: { kind: 'choice', actor: { param: 'of' }, symbol: 'take' },
    take_right: { kind: 'choice', actor: { param: 'of' }, symbol: 'take' },
    give_up: { kind: 'stimulus', actor: 'world', symbol: 'give_up' },
    put_right: { kind: 'observation', actor: { param: 'of' }, symbol: 'put' },
    put_left: { kind: 'observation', actor: { param: 'of' }, symbol: 'put' },
  },
};

const fork: MachineSpec = {
  name: 'fork',
  machine: setup({}).createMachine({
    initial: 'free',
    states: { free: { on: { take: 'taken' } }, taken: { on: { put: 'free' } } },
  }),
  alphabet: {
    take: { kind: 'choice', actor: 'fork', symbol: 'take' },
    put: { kind: 'observation', actor: 'fork', symbol: 'put' },
  },
};

/** `2n` instances: `n` philosophers and `n` forks. */
export function toyNetwork(n: number): NetworkDef {
  const seats = Array.from({ length: n }, (_, of) => of);
  return {
    name: `table-of-${n}`,
    instances: [
      ...seats.map((of) => ({ name: `philosopher${of}`, spec: philosopher, index: { of } })),
      ...seats.map((of) => {
        const right = (of + n - 1) % n;
        return {
          name: `fork${of}`,
          spec: fork,
          sync: {
            take: [
              { type: 'take_left', of },
              { type: 'take_right', of: right },
            ],
            put: [
              { type: 'put_left', of },
              { type: 'put_right', of: right },
            ],
          },
        };
      }),
    ],
  };
}
