import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { successorSource } from '../../src/lts/codegen.ts';
import {
  compose,
  explore,
  type Graph,
  type InstanceDef,
  layoutOf,
  type MachineSpec,
} from '../../src/lts/index.ts';
import { lockNetwork, philosophers } from './examples.ts';
import { naiveExplore } from './naive.ts';
import { doubled, networks } from './random.ts';

/** A graph, written as the naive explorer writes its own. */
function plain(graph: Graph) {
  const transitions: string[] = [];
  for (let s = 0; s < graph.states; s++) {
    for (const event of graph.enabled(s))
      transitions.push(`${s} ${event} ${graph.targets[graph.edge(s, event)]}`);
  }
  return {
    states: Array.from({ length: graph.states }, (_, s) => graph.vector(s).join(',')),
    transitions,
    depth: [...graph.depth],
  };
}

test('two users of a lock: nobody, a, or b is inside', () => {
  const graph = explore(compose(lockNetwork()));
  expect([graph.states, graph.transitions, graph.complete]).toEqual([3, 4, true]);
  expect(graph.vector(0)).toEqual([0, 0, 0]);
  expect(graph.enabled(0).map((e) => graph.network.events[e]!.label)).toEqual([
    'acquire[by=a]',
    'acquire[by=b]',
  ]);
  expect(graph.pathTo(2).map((e) => graph.network.events[e]!.label)).toEqual(['acquire[by=b]']);
});

test('a table of five is explored as by the plainest loop', () => {
  const network = compose(philosophers(5));
  expect(plain(explore(network))).toEqual(naiveExplore(network));
});

describe('random networks', () => {
  test('generated and interpreted successors agree with the naive explorer, state by state', () => {
    fc.assert(
      fc.property(networks(), (network) => {
        const expected = naiveExplore(network);
        expect(plain(explore(network, { successors: 'generated' }))).toEqual(expected);
        expect(plain(explore(network, { successors: 'interpreted' }))).toEqual(expected);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  test('the same with fields that need several words', () => {
    fc.assert(
      fc.property(networks(40), (network) => {
        const wide = doubled(doubled(network));
        const expected = naiveExplore(wide);
        fc.pre(expected.states.length < 1000);
        expect(plain(explore(wide))).toEqual(expected);
        expect(plain(explore(wide, { successors: 'interpreted' }))).toEqual(expected);
      }),
      { seed: 2, numRuns: 60 },
    );
  });
});

test('no field straddles two words, and none is lost', () => {
  fc.assert(
    fc.property(networks(40), (network) => {
      const { words, fields } = layoutOf(doubled(doubled(network)));
      const used = Array.from({ length: words }, () => 0n);
      for (const { word, shift, bits, mask } of fields) {
        expect(shift + bits).toBeLessThanOrEqual(32);
        const field = BigInt(mask) << BigInt(shift);
        expect(used[word]! & field).toBe(0n);
        used[word]! |= field;
      }
    }),
    { seed: 3, numRuns: 100 },
  );
});

test('a machine with hundreds of local states: one generated function per local state', () => {
  const alphabet = Object.fromEntries(
    ['up', 'jump'].map((type) => [type, { kind: 'stimulus', actor: 'w', symbol: type } as const]),
  );
  const size = 150;
  const step = (by: number) =>
    assign({ n: ({ context }: { context: { n: number } }) => (context.n + by) % size }) as never;
  const machine = setup({ types: { context: {} as { n: number } } }).createMachine({
    context: { n: 0 },
    on: { up: { actions: step(1) }, jump: { actions: step(7) } },
  });
  const counter = { name: 'counter', machine, alphabet } as MachineSpec;
  const hand = (name: string, own: string): InstanceDef => ({
    name,
    spec: counter,
    index: { hand: name },
    sync: { [own]: { type: own, hand: 'both' } },
  });
  const network = compose({ name: 'clock', instances: [hand('a', 'up'), hand('b', 'up')] });
  expect(successorSource(network, layoutOf(network)).source).toMatch(/function p\ds149\(/);
  const expected = naiveExplore(network);
  expect(expected.states).toHaveLength(size * size);
  expect(plain(explore(network))).toEqual(expected);
});

describe('the bound', () => {
  const network = compose(philosophers(4));
  const whole = explore(network);

  test('a network of exactly that many states is complete', () => {
    expect(explore(network, { maxStates: whole.states }).complete).toBe(true);
  });

  test('it only stops expansion: what is there agrees with the whole graph', () => {
    const part = explore(network, { maxStates: 20 });
    expect(part.complete).toBe(false);
    expect(part.states).toBeGreaterThan(20);
    expect(part.expanded).toBeLessThan(part.states);
    for (let s = 0; s < part.states; s++) {
      expect(part.vector(s)).toEqual(whole.vector(s));
      expect(part.enabled(s)).toEqual(s < part.expanded ? whole.enabled(s) : []);
    }
  });

  test('progress ends with what was found', () => {
    const seen: unknown[] = [];
    explore(network, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({
      states: whole.states,
      expanded: whole.states,
      transitions: whole.transitions,
    });
  });
});

describe('the hash', () => {
  test('is the same for the same system, composed again and explored either way', () => {
    const hash = explore(compose(lockNetwork())).hash;
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(explore(compose(lockNetwork()), { successors: 'interpreted' }).hash).toBe(hash);
  });

  test('changes with a machine, a name, an actor, and a bound', () => {
    const def = lockNetwork();
    const renamed = { ...def, instances: def.instances.map((i) => ({ ...i, name: `${i.name}x` })) };
    const spec = def.instances[0]!.spec;
    const { barge } = spec.alphabet;
    const acted = { ...spec, alphabet: { ...spec.alphabet, barge: { ...barge!, actor: 'somebody' } } };
    const other = {
      ...def,
      instances: def.instances.map((i) => (i.spec.name === 'lock' ? i : { ...i, spec: acted })),
    };
    const hashes = [def, lockNetwork(true), renamed, other].map((d) => explore(compose(d)).hash);
    expect(new Set([...hashes, explore(compose(def), { maxStates: 1 }).hash]).size).toBe(5);
  });
});

test('where code generation is forbidden, the interpreter explores the same graph', () => {
  const script = `
    import { compose, explore } from '${new URL('../../src/lts/index.ts', import.meta.url).href}';
    import { philosophers } from '${new URL('./examples.ts', import.meta.url).href}';
    const graph = explore(compose(philosophers(3)));
    let refused = '';
    try { explore(graph.network, { successors: 'generated' }); } catch (error) { refused = error.name; }
    console.log(JSON.stringify([graph.successors, graph.hash, refused]));`;
  const args = [
    '--disallow-code-generation-from-strings',
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    script,
  ];
  const cwd = new URL('../..', import.meta.url);
  const output = execFileSync(process.execPath, args, { cwd, encoding: 'utf8' });
  const hash = explore(compose(philosophers(3))).hash;
  expect(JSON.parse(output)).toEqual(['interpreted', hash, 'EvalError']);
});
