import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  check,
  compose,
  explore,
  type ForbiddenEvent,
  type Graph,
  type Invariant,
  type Possible,
  type Property,
  runPath,
  unwitnessed,
  viewOf,
} from '../../src/lts/index.ts';
import { lockNetwork, philosophers } from './examples.ts';
import { naiveExplore } from './naive.ts';
import { networks } from './random.ts';

const careful = explore(compose(lockNetwork()));
const careless = explore(compose(lockNetwork(true)));

const works = (state: { value: unknown }) => state.value !== 'outside';
const exclusion: Invariant = {
  name: 'exclusion',
  kind: 'invariant',
  doc: 'Never two at work.',
  over: ['a', 'b'],
  holds: (a, b) => !(works(a) && works(b)) || `a is ${a.value} while b is ${b.value}`,
};
const bWorks: Possible = {
  name: 'b works',
  kind: 'possible',
  doc: 'b gets to work.',
  witnesses: 'exclusion',
  over: ['b'],
  when: works,
  expected: true,
};
const noBarging: ForbiddenEvent = {
  name: 'no barging',
  kind: 'forbidden',
  doc: 'Nobody barges in while another is inside.',
  event: ({ type }) => type === 'barge',
  over: ['a'],
  when: (_event, a) => a.value === 'inside',
  because: (event, a) => `${event.label} while a is ${a.value}`,
};
const barged: Possible = {
  name: 'barged',
  kind: 'possible',
  doc: 'Somebody barges in.',
  witnesses: 'no barging',
  event: ({ type }) => type === 'barge',
  expected: false,
};

/** The labels of a verdict's path. */
const labels = (graph: Graph, path: readonly number[] | null) =>
  path?.map((e) => graph.network.events[e]!.label);
const one = (graph: Graph, ...properties: Property[]) => check(graph, properties)[0]!;

describe('an invariant', () => {
  test('holds with careful users, and its witness shows that it is not vacuous', () => {
    expect(check(careful, [exclusion, bWorks])).toEqual([
      {
        name: 'exclusion',
        kind: 'invariant',
        doc: 'Never two at work.',
        status: 'holds',
        steps: null,
        path: null,
        because: null,
        counterexamples: [],
      },
      {
        name: 'b works',
        kind: 'possible',
        doc: 'b gets to work.',
        status: 'holds',
        steps: 1,
        path: [4],
        because: 'the situation is reached',
        counterexamples: [],
        witnesses: 'exclusion',
      },
    ]);
  });

  test('fails with a careless one: a shortest counterexample, and what was false', () => {
    const verdict = one(careless, exclusion);
    expect(verdict).toMatchObject({ status: 'fails', steps: 2, because: 'a is inside while b is barged' });
    expect(labels(careless, verdict.path)).toEqual(['acquire[by=a]', 'barge[by=b]']);
  });
});

describe('one shortest counterexample for each site', () => {
  const sites = (property: Property) =>
    one(careless, property).counterexamples.map(({ site, steps, path, because }) => [
      site,
      steps,
      labels(careless, path),
      because,
    ]);

  test('by default a site is the symbol of the step that breaks the property', () => {
    expect(sites(exclusion)).toEqual([
      ['barge', 2, ['acquire[by=a]', 'barge[by=b]'], 'a is inside while b is barged'],
      ['mutex_lock', 2, ['barge[by=b]', 'acquire[by=a]'], 'a is inside while b is barged'],
    ]);
    const nobodyWorks: Property = {
      ...exclusion,
      name: 'rest',
      holds: (a, b) => !(works(a) || works(b)) || 'work',
    };
    expect(sites(nobodyWorks).map(([site, steps]) => [site, steps])).toEqual([
      ['mutex_lock', 1],
      ['barge', 1],
    ]);
  });

  test('a step between two states that both break it is no site', () => {
    // a at work breaks it; what b does then is nobody's fault.
    const aRests: Property = {
      ...exclusion,
      name: 'a rests',
      over: ['a', 'b'],
      holds: (a) => !works(a) || 'a works',
    };
    expect(sites(aRests).map(([site]) => site)).toEqual(['mutex_lock']);
  });

  test('a property may name its sites, from the local states before the step', () => {
    const site = (event: { label: string }, a: { value: unknown }) => `${event.label} with a ${a.value}`;
    expect(sites({ ...exclusion, site }).map(([at]) => at)).toEqual([
      'barge[by=b] with a inside',
      'acquire[by=a] with a outside',
    ]);
    expect(sites({ ...noBarging, site }).map(([at]) => at)).toEqual(['barge[by=b] with a inside']);
  });

  test('a property that is false at once is broken by no step', () => {
    const never: Property = { ...exclusion, name: 'never', holds: () => 'no' };
    expect(sites(never)).toEqual([['(initial state)', 0, [], 'no']]);
  });
});

describe('a forbidden event', () => {
  test('is the last step of its counterexample', () => {
    const verdict = one(careless, noBarging);
    expect(verdict).toMatchObject({ status: 'fails', steps: 2, because: 'barge[by=b] while a is inside' });
    expect(labels(careless, verdict.path)).toEqual(['acquire[by=a]', 'barge[by=b]']);
  });

  test('that no witness shows is not reachable, which is no failure', () => {
    expect(check(careful, [noBarging, barged]).map(({ status }) => status)).toEqual([
      'not reachable',
      'not reachable',
    ]);
    expect(one(careful, noBarging).status).toBe('holds');
  });
});

describe('a deadlock', () => {
  const free: Property = { name: 'free', kind: 'deadlock', doc: '' };

  test('of philosophers: everybody holds a left fork', () => {
    const graph = explore(compose(philosophers(3)));
    const verdict = one(graph, free);
    expect(verdict).toMatchObject({ status: 'fails', steps: 3 });
    expect(verdict.because).toBe(
      'no event is enabled in p0=waiting, p1=waiting, p2=waiting, f0=taken, f1=taken, f2=taken',
    );
    expect(one(careful, free).status).toBe('holds');
  });

  test('is none where the network is final', () => {
    const graph = explore(compose(philosophers(3)));
    const over = ['p0', 'p1'];
    const final = (value: string) => ({
      over,
      is: (...all: { value: unknown }[]) => all.every((p) => p.value === value),
    });
    expect(one(graph, { ...free, final: final('waiting') }).status).toBe('holds');
    expect(one(graph, { ...free, final: final('eating') }).status).toBe('fails');
  });
});

describe('possible', () => {
  test('fails when it is expected and nothing shows it', () => {
    expect(one(careful, { ...barged, expected: true })).toMatchObject({
      status: 'fails',
      steps: null,
      because: 'nothing that is reachable shows it',
    });
  });

  test('may ask for an event in a situation', () => {
    const inside = { over: ['a'], when: (a: { value: unknown }) => a.value === 'inside' };
    expect(one(careless, { ...barged, ...inside }).steps).toBe(2);
    expect(one(careless, barged).steps).toBe(1);
  });
});

test('when a bound was hit, what was found counts and the rest is not decided', () => {
  const part = explore(compose(lockNetwork(true)), { maxStates: 2 });
  expect(part.complete).toBe(false);
  const far: Possible = { ...bWorks, name: 'far', over: ['a', 'b'], when: (a, b) => works(a) && works(b) };
  const statuses = check(part, [exclusion, bWorks, barged, far]).map(({ status }) => status);
  expect(statuses).toEqual(['not decided', 'holds', 'holds', 'not decided']);
  expect(one(explore(compose(lockNetwork(true)), { maxStates: 4 }), exclusion).status).toBe('fails');
});

describe('mistakes in properties are said', () => {
  test.each<[string, Property[], RegExp]>([
    [
      'an unknown instance',
      [{ ...exclusion, over: ['a', 'c'] }],
      /'exclusion': there is no instance 'c'.*has a, b, lock/,
    ],
    ['a name given twice', [exclusion, exclusion], /'exclusion': two properties have this name/],
    [
      'nothing to look for',
      [{ name: 'p', kind: 'possible', doc: '', witnesses: 'x', expected: true }],
      /'p': give an event/,
    ],
    [
      'a predicate that throws',
      [
        {
          ...exclusion,
          holds: () => {
            throw new Error('boom');
          },
        },
      ],
      /its predicate throws with a in \{.*boom/,
    ],
  ])('%s', (_name, properties, message) => {
    expect(() => check(careful, properties)).toThrow(message);
  });

  test('a property without witness, a witness without property', () => {
    expect(unwitnessed([exclusion, bWorks])).toEqual([]);
    expect(unwitnessed([noBarging, bWorks])).toEqual([
      "no 'possible' shows that 'no barging' is not vacuous",
      "'b works' witnesses 'exclusion', which is no safety property of this list",
    ]);
  });
});

test('answers are the same over few instances and over any number of combinations', () => {
  const graph = explore(compose(philosophers(5)));
  const eats = (p: { value: unknown }) => p.value === 'eating';
  const two = (...all: { value: unknown }[]) => all.filter(eats).length < 2 || 'two eat';
  const all = graph.network.instances.map(({ name }) => name);
  const everybody = ['p0', 'p1', 'p2', 'p3', 'p4'];
  const of = (over: string[]) => one(graph, { name: 'x', kind: 'invariant', doc: '', over, holds: two }).path;
  expect(of(everybody)).toHaveLength(4);
  // More combinations than an array is made for, and more than a number can count (of 20 times the forks).
  const forks = all.filter((name) => name.startsWith('f'));
  const twenty = Array.from({ length: 20 }, () => forks).flat();
  expect(of([...everybody, ...forks, ...forks, ...forks])).toEqual(of(everybody));
  expect(of([...everybody, ...twenty])).toEqual(of(everybody));
});

test('on random networks every kind agrees with a look at every state', () => {
  fc.assert(
    fc.property(
      networks(),
      fc.nat(5),
      fc.nat(5),
      fc.nat(4),
      fc.nat(4),
      fc.nat(11),
      (network, i, j, x, y, e) => {
        const graph = explore(network);
        const naive = naiveExplore(network);
        const [p, q] = [i % network.instances.length, j % network.instances.length];
        const over = [`i${p}`, `i${q}`];
        const event = network.events[e % network.events.length]!;
        const hit = (locals: readonly number[]) => locals[p] === x && locals[q] === y;
        const vectors = naive.states.map((state) => state.split(',').map(Number));
        const sources = naive.transitions.map((t) => t.split(' ').map(Number) as [number, number, number]);
        const first = (depths: number[]) => (depths.length === 0 ? null : Math.min(...depths));
        const deep = (wanted: (locals: number[], state: number) => boolean) =>
          first(naive.depth.filter((_, s) => wanted(vectors[s]!, s)));
        const events = (wanted: (locals: number[]) => boolean) =>
          first(
            sources
              .filter(([s, label]) => label === event.index && wanted(vectors[s]!))
              .map(([s]) => naive.depth[s]! + 1),
          );
        const properties: Property[] = [
          {
            name: 'i',
            kind: 'invariant',
            doc: '',
            over,
            holds: (a, b) => !(a.index === x && b.index === y) || 'hit',
          },
          {
            name: 'f',
            kind: 'forbidden',
            doc: '',
            event: (g) => g === event,
            over,
            when: (_g, a, b) => a!.index === x && b!.index === y,
          },
          { name: 'd', kind: 'deadlock', doc: '' },
          {
            name: 'pe',
            kind: 'possible',
            doc: '',
            witnesses: 'f',
            event: (g) => g === event,
            expected: true,
          },
          {
            name: 'ps',
            kind: 'possible',
            doc: '',
            witnesses: 'i',
            over,
            when: (a, b) => a.index === x && b.index === y,
            expected: true,
          },
        ];
        const verdicts = check(graph, properties);
        expect(verdicts.map(({ steps }) => steps)).toEqual([
          deep(hit),
          events(hit),
          deep((_locals, s) => !sources.some(([source]) => source === s)),
          events(() => true),
          deep(hit),
        ]);
        // Every path runs, and ends where the property says.
        for (const { name, path } of verdicts) {
          if (path === null) continue;
          const end = runPath(network, path).at(name === 'f' ? -2 : -1)!;
          if (name === 'i' || name === 'f' || name === 'ps') expect(hit(end)).toBe(true);
          expect(viewOf(network, end).local(`i${p}`).index).toBe(end[p]);
        }
      },
    ),
    { seed: 4, numRuns: 300 },
  );
});
