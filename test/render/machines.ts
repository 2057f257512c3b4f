/** The small machines and the trace that the tests of the renderers draw. */
import { and, assign, createMachine, not, setup, stateIn } from 'xstate';
import type { Alphabet, EventKind, MachineSpec } from '../../src/lts/types.ts';
import type { Trace } from '../../src/render/index.ts';

function alphabet(kinds: Readonly<Record<string, EventKind>>): Alphabet {
  return Object.fromEntries(
    Object.entries(kinds).map(([type, kind]) => [type, { kind, actor: 'someone', symbol: `do_${type}` }]),
  );
}

/** A door with a lock inside it, and everything that a transition can be. */
export const door: MachineSpec = {
  name: 'door',
  machine: setup({
    types: { context: {} as { coats: number } },
    guards: { hasKey: () => true, jammed: () => false },
    actions: { count: assign({ coats: ({ context }) => context.coats + 1 }) },
  }).createMachine({
    id: 'door',
    context: { coats: 0 },
    initial: 'closed',
    on: { burn: '.ashes', sand: { actions: 'count' } },
    states: {
      closed: {
        description: 'The leaf is in its frame.',
        initial: 'unlocked',
        on: { paint: { actions: 'count' }, kick: 'open', reset: 'closed' },
        states: {
          unlocked: {
            on: {
              lock: { guard: 'hasKey', target: 'locked' },
              push: [{ guard: 'jammed', target: 'unlocked' }, { target: '#door.open' }],
            },
          },
          locked: {
            on: {
              unlock: [{ guard: and(['hasKey', not('jammed')]), target: 'unlocked' }, { target: 'locked' }],
              knock: 'locked',
            },
          },
        },
      },
      open: { on: { pull: 'closed', slam: 'closed', forbidden: {} } },
      ashes: { type: 'final' },
    },
  }),
  alphabet: alphabet({
    burn: 'stimulus',
    sand: 'stimulus',
    paint: 'observation',
    kick: 'stimulus',
    reset: 'stimulus',
    lock: 'observation',
    push: 'choice',
    unlock: 'observation',
    knock: 'stimulus',
    pull: 'observation',
    slam: 'choice',
  }),
};

/** Two regions, one of which waits for the other and ends; names that formats use themselves. */
export const lamp: MachineSpec = {
  name: 'lamp & <switch>',
  machine: createMachine({
    id: 'lamp',
    type: 'parallel',
    states: {
      state: {
        initial: 'end',
        states: {
          end: { on: { on: { guard: stateIn('#lamp.plug.in'), target: 'note' } } },
          note: { on: { off: 'end', pull: '#lamp.plug' } },
        },
      },
      plug: {
        initial: 'out',
        onDone: '.out',
        states: { out: { on: { in: 'in' } }, in: { on: { break: 'broken' } }, broken: { type: 'final' } },
      },
    },
  }),
  alphabet: alphabet({
    on: 'observation',
    off: 'observation',
    pull: 'stimulus',
    in: 'stimulus',
    break: 'choice',
  }),
};

/** No states at all. */
export const stone: MachineSpec = {
  name: 'stone',
  machine: setup({}).createMachine({ id: 'stone' }),
  alphabet: {},
};

export const machines: readonly MachineSpec[] = [door, lamp, stone];

export const burglary: Trace = {
  title: 'The door opens without a key',
  subtitle: 'old lock',
  steps: [
    {
      n: 1,
      actor: 'owner',
      event: 'lock[key=true]',
      symbol: 'do_lock',
      kind: 'observation',
      changed: [{ instance: 'door', from: 'closed.unlocked', to: 'closed.locked' }],
    },
    {
      n: 2,
      actor: 'world',
      event: 'night_falls',
      symbol: '',
      kind: 'stimulus',
      changed: [{ instance: 'owner', from: 'awake', to: 'asleep' }],
    },
    { n: 3, actor: 'burglar', event: 'knock', symbol: 'do_knock', kind: 'stimulus', changed: [] },
    {
      n: 4,
      actor: 'burglar',
      event: 'unlock[key=false]',
      symbol: 'do_unlock',
      kind: 'choice',
      changed: [
        { instance: 'door', from: 'closed.locked', to: 'closed.unlocked' },
        { instance: 'alarm', from: 'armed', to: 'fooled' },
      ],
    },
  ],
  verdict: { property: 'only-with-a-key', because: 'door is closed.unlocked & nobody had a <key>' },
};
