/** How mutants are made and compared, on a door: small enough to see all of it. */
import { describe, expect, test } from 'vitest';
import { and, assign, not, or, setup } from 'xstate';
import { build } from '../../machines/build.ts';
import { factsWith } from '../../machines/facts.ts';
import type { MachineFile } from '../../machines/machine-file.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { firstDifference } from '../../src/conformance/mutants/difference.ts';
import { type Mutant, mutantsOf } from '../../src/conformance/mutants/generate.ts';
import { guardText } from '../../src/conformance/mutants/guards.ts';
import {
  CompileError,
  compileMachine,
  compose,
  explore,
  type Graph,
  type LocalLts,
  type MachineSpec,
  stateText,
} from '../../src/lts/index.ts';
import { defaultOptions, PLATFORMS, V5 } from '../../src/series/index.ts';

const facts = factsWith(V5.patches, specFacts(PLATFORMS[0]!, defaultOptions(PLATFORMS[0]!)));
const stimulus = { kind: 'stimulus', actor: 'world', symbol: 'door' } as const;

const door: MachineFile = {
  name: 'door',
  machine: setup({
    types: { context: {} as { key: boolean } },
    guards: { hasKey: ({ context }) => context.key, quiet: () => true },
    actions: { findKey: assign({ key: true }) },
  }).createMachine({
    id: 'door',
    context: { key: false },
    initial: 'shut',
    states: {
      shut: {
        initial: 'locked',
        on: { look: { target: 'shut', actions: 'findKey' } },
        states: {
          locked: { on: { turn: { guard: and(['hasKey', 'quiet']), target: 'free' } } },
          free: { on: { push: '#door.open' } },
        },
      },
      open: { on: { push: 'shut.free' } },
    },
  }),
  alphabet: { look: stimulus, turn: stimulus, push: stimulus },
  without: { 1: [{ state: 'open', event: 'push', to: 'shut' }] },
};

const ALL = new Set([1]);
const lts = (file: MachineFile, patches = ALL) => compileMachine(build(file, patches, facts));
const steps = ({ states, events, next }: LocalLts) =>
  states.flatMap((state, s) =>
    events.flatMap(({ label }, e) => {
      const to = next[s * events.length + e]!;
      return to < 0 ? [] : [`${stateText(state)} ${label} ${stateText(states[to]!)}`];
    }),
  );
const mutants = mutantsOf(door);
const named = (id: string): Mutant => mutants.find((mutant) => mutant.id === id)!;

describe('the mutants of a machine', () => {
  test('each transition dropped, led to each other state, each guard negated, whole and by parts', () => {
    expect(mutants.map(({ id, change }) => `${id}: ${change}`)).toEqual([
      'door/shut/look/drop: no transition to shut',
      'door/shut/look/retarget:shut.locked: to shut.locked, not shut',
      'door/shut/look/retarget:shut.free: to shut.free, not shut',
      'door/shut/look/retarget:open: to open, not shut',
      'door/shut.locked/turn/drop: no transition to shut.free',
      'door/shut.locked/turn/retarget:shut: to shut, not shut.free',
      'door/shut.locked/turn/retarget:shut.locked: to shut.locked, not shut.free',
      'door/shut.locked/turn/retarget:open: to open, not shut.free',
      'door/shut.locked/turn/negate: if not(and(hasKey, quiet))',
      'door/shut.locked/turn/negate:1: if and(not(hasKey), quiet)',
      'door/shut.locked/turn/negate:2: if and(hasKey, not(quiet))',
      'door/shut.free/push/drop: no transition to open',
      'door/shut.free/push/retarget:shut: to shut, not open',
      'door/shut.free/push/retarget:shut.locked: to shut.locked, not open',
      'door/shut.free/push/retarget:shut.free: to shut.free, not open',
      'door/open/push/drop: no transition to shut.free',
      'door/open/push/retarget:shut: to shut, not shut.free',
      'door/open/push/retarget:shut.locked: to shut.locked, not shut.free',
      'door/open/push/retarget:open: to open, not shut.free',
    ]);
  });

  test('a mutant is the machine with that one fault', () => {
    expect(steps(lts(door))).toEqual([
      'shut.locked {key=false} look shut.locked {key=true}',
      'shut.locked {key=true} look shut.locked {key=true}',
      'shut.locked {key=true} turn shut.free {key=true}',
      'shut.free {key=true} look shut.locked {key=true}',
      'shut.free {key=true} push open {key=true}',
      'open {key=true} push shut.free {key=true}',
    ]);
    expect(steps(lts(named('door/shut.locked/turn/negate:1').file))).toEqual([
      'shut.locked {key=false} look shut.locked {key=true}',
      'shut.locked {key=false} turn shut.free {key=false}',
      'shut.locked {key=true} look shut.locked {key=true}',
      'shut.free {key=false} look shut.locked {key=true}',
      'shut.free {key=false} push open {key=false}',
      'open {key=false} push shut.free {key=false}',
    ]);
    // The action of a retargeted transition stays.
    expect(steps(lts(named('door/shut/look/retarget:open').file))).toContain(
      'shut.locked {key=false} look open {key=true}',
    );
  });

  test('what is different without a patch is put back into the mutant', () => {
    const { file } = named('door/open/push/retarget:open');
    expect(steps(lts(file))).toContain('open {key=true} push open {key=true}');
    expect(steps(lts(file, new Set()))).toEqual(steps(lts(door, new Set())));
    expect(steps(lts(door, new Set()))).toContain('open {key=true} push shut.locked {key=true}');
  });

  test('guards made of others are read as the literal has them', () => {
    expect(guardText(or(['a', and(['b', not('c')])]))).toBe('or(a, and(b, not(c)))');
    expect(guardText(not({ type: 'below', params: { limit: 3 } }))).toBe('not(below)');
  });

  test('a mutant that goes round without an event is refused, not waited for', () => {
    const machine = setup({}).createMachine({
      id: 'spring',
      initial: 'bent',
      states: { bent: { always: 'loose' }, loose: { always: 'rest' }, rest: { on: { bend: 'bent' } } },
    });
    const spring: MachineFile = { name: 'spring', machine, alphabet: { bend: stimulus } };
    const loop = mutantsOf(spring).find(({ id }) => id === 'spring/loose/(always)/retarget:bent')!;
    expect(() => lts(loop.file)).toThrow(CompileError);
    expect(() => lts(loop.file)).toThrow(/more than 1000 microsteps/);
  });
});

describe('the first difference of two graphs', () => {
  /** Two doors that are pushed together. */
  const graphOf = (file: MachineFile): Graph => {
    const spec = (): MachineSpec => build(file, ALL, facts);
    return explore(
      compose({
        name: 'doors',
        instances: [
          {
            name: 'left',
            spec: spec(),
            sync: { look: { type: 'look', door: 1 }, turn: { type: 'turn', door: 1 } },
          },
          {
            name: 'right',
            spec: spec(),
            sync: { look: { type: 'look', door: 2 }, turn: { type: 'turn', door: 2 } },
          },
        ],
      }),
    );
  };
  const original = graphOf(door);
  const labels = (graph: Graph, path: readonly number[]) =>
    path.map((event) => graph.network.events[event]!.label);

  test('is the shortest way to where other events are enabled', () => {
    const mutant = graphOf(named('door/shut.locked/turn/drop').file);
    const { path, what } = firstDifference(original, mutant)!;
    expect([labels(mutant, path), what]).toEqual([['look[door=1]'], 'events']);
  });

  test('or to where an instance is in another state', () => {
    const mutant = graphOf(named('door/open/push/retarget:shut.locked').file);
    const { path, what } = firstDifference(original, mutant)!;
    expect([path.length, labels(mutant, path).at(-1), what]).toEqual([6, 'push', 'state']);
  });

  test('is there exactly when some state differs in its local states, its events or where they lead', () => {
    const seen = mutants.map(({ id, file }) => {
      const mutant = graphOf(file);
      const difference = firstDifference(original, mutant);
      expect(difference === null, id).toBe(described(original) === described(mutant));
      return difference === null;
    });
    expect(seen).toContain(true);
    expect(seen).toContain(false);
  });

  /** The whole graph by names: what it is, whatever its numbers are. */
  function described(graph: Graph): string {
    const name = (state: number) =>
      graph.network.instances.map((_, i) => graph.localState(state, i).key).join(' ');
    const lines: string[] = [];
    for (let state = 0; state < graph.states; state++)
      for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++)
        lines.push(`${name(state)} ${graph.labels[t]} ${name(graph.targets[t]!)}`);
    return [name(0), ...lines.sort()].join('\n');
  }
});
