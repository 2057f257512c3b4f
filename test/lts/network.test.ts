import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import {
  compose,
  type EventDecl,
  type InstanceDef,
  type MachineSpec,
  undeclaredEvents,
  unreachableRendezvous,
} from '../../src/lts/index.ts';
import { lockNetwork, philosophers } from './examples.ts';

const plain: EventDecl = { kind: 'stimulus', actor: 'w', symbol: 's' };

/** A machine with one state that takes all its events, which have the given parameters. */
function box(events: Record<string, Partial<EventDecl>>): MachineSpec {
  const types = Object.keys(events);
  return {
    name: 'box',
    machine: createMachine({
      initial: 'on',
      states: { on: { on: Object.fromEntries(types.map((type) => [type, 'on'])) } },
    }),
    alphabet: Object.fromEntries(types.map((type) => [type, { ...plain, ...events[type] }])),
  };
}

const net = (...instances: InstanceDef[]) => compose({ name: 'net', instances });

/** By event: who takes part, and with which local event. */
function participants(...instances: InstanceDef[]): Record<string, string> {
  const network = net(...instances);
  return Object.fromEntries(
    network.events.map((event) => [
      event.label,
      event.participants
        .map(([i, e]) => `${network.instances[i]!.name}.${network.instances[i]!.lts.events[e]!.label}`)
        .join(' '),
    ]),
  );
}

test('two users and a lock: the index of an instance makes its events its own', () => {
  const network = compose(lockNetwork(true));
  expect(
    network.events.map(({ index, label, actor, participants }) => [index, label, actor, participants]),
  ).toEqual([
    [
      0,
      'acquire[by=a]',
      'a',
      [
        [0, 0],
        [2, 0],
      ],
    ],
    [
      1,
      'release[by=a]',
      'a',
      [
        [0, 1],
        [2, 2],
      ],
    ],
    [2, 'barge[by=a]', 'world', [[0, 2]]],
    [3, 'leave[by=a]', 'world', [[0, 3]]],
    [
      4,
      'acquire[by=b]',
      'b',
      [
        [1, 0],
        [2, 1],
      ],
    ],
    [
      5,
      'release[by=b]',
      'b',
      [
        [1, 1],
        [2, 3],
      ],
    ],
    [6, 'barge[by=b]', 'world', [[1, 2]]],
    [7, 'leave[by=b]', 'world', [[1, 3]]],
  ]);
});

test('one local event may stand for several events', () => {
  const { events } = compose(philosophers(2));
  const taking = events.filter(({ participants }) => participants.some(([i]) => i === 2));
  expect(taking.map(({ label }) => label)).toEqual([
    'take_left[of=0]',
    'put[of=0]',
    'take_right[of=1]',
    'put[of=1]',
  ]);
});

describe('patterns', () => {
  const reader = box({ read: { params: { page: [0, 1] } } });

  test('a partial pattern stands for every event that agrees with it', () => {
    expect(
      participants(
        { name: 'r', spec: reader, index: { cpu: 0 } },
        { name: 'page0', spec: box({ touched: {} }), sync: { touched: { type: 'read', page: 0 } } },
        { name: 'any', spec: box({ seen: {} }), sync: { seen: { type: 'read' } } },
      ),
    ).toEqual({
      'read[cpu=0,page=0]': 'r.read[page=0] page0.touched any.seen',
      'read[cpu=0,page=1]': 'r.read[page=1] any.seen',
    });
  });

  test('local parameters and the index pass through, unless the pattern sets the key', () => {
    expect(
      participants(
        { name: 'r', spec: reader, index: { cpu: 0 } },
        {
          name: 'copy',
          spec: box({ copied: { params: { page: [0, 1] } } }),
          index: { cpu: 7 },
          sync: { copied: { type: 'read', cpu: 0 } },
        },
      ),
    ).toEqual({
      'read[cpu=0,page=0]': 'r.read[page=0] copy.copied[page=0]',
      'read[cpu=0,page=1]': 'r.read[page=1] copy.copied[page=1]',
    });
  });

  test('a function of the local event decides by its payload; null means never', () => {
    expect(
      participants(
        { name: 'r', spec: reader },
        {
          name: 'f',
          spec: box({ got: { params: { page: [0, 1] } } }),
          sync: { got: ({ params }) => (params.page === 1 ? { type: 'read' } : null) },
        },
        { name: 'never', spec: box({ read: {} }), sync: { read: null } },
      ),
    ).toEqual({ 'read[page=0]': 'r.read[page=0]', 'read[page=1]': 'r.read[page=1] f.got[page=1]' });
  });

  test('a predicate chooses among the events that patterns named, and no index is added', () => {
    const spec = box({ tick: {} });
    expect(
      participants(
        { name: 'r', spec: reader },
        { name: 'p', spec, index: { cpu: 1 }, sync: { tick: (event) => event.params.page === 0 } },
        { name: 'q', spec, sync: { tick: () => (event) => event.type === 'read' } },
      ),
    ).toEqual({ 'read[page=0]': 'r.read[page=0] p.tick q.tick', 'read[page=1]': 'r.read[page=1] q.tick' });
  });

  test('values of different types are different values', () => {
    const a = box({ e: { params: { n: [1] } } });
    const b = box({ f: {} });
    expect(() =>
      net({ name: 'a', spec: a }, { name: 'b', spec: b, sync: { f: { type: 'e', n: true } } }),
    ).not.toThrow();
    expect(
      participants({ name: 'a', spec: a }, { name: 'b', spec: b, sync: { f: { type: 'e', n: true } } }),
    ).toEqual({
      'e[n=1]': 'a.e[n=1]',
      'e[n=true]': 'b.f',
    });
  });
});

describe('refused', () => {
  const e = box({ e: {} });
  const indexed = box({ e: { params: { n: [0, 1] } } });
  const cases: [string, InstanceDef[], RegExp][] = [
    [
      'two instances of one name',
      [
        { name: 'x', spec: e },
        { name: 'x', spec: e },
      ],
      /two instances are called 'x'/,
    ],
    [
      'sync for an event that the machine lacks',
      [{ name: 'x', spec: e, sync: { f: null } }],
      /instance 'x' gives sync for 'f', which machine 'box' does not have; its events are e$/,
    ],
    [
      'a partial pattern that nothing agrees with',
      [
        { name: 'x', spec: indexed, index: { m: 0 } },
        { name: 'y', spec: box({ f: {} }), sync: { f: { type: 'e', n: 2 } } },
      ],
      /'f' of instance 'y' stands for e\[n=2\], which no event agrees with: 'e' has the parameters n, m and the events e\[m=0,n=0\], e\[m=0,n=1\]/,
    ],
    [
      'two local events of an instance for one event',
      [{ name: 'x', spec: indexed, sync: { e: { type: 'e', n: 0 } } }],
      /'e\[n=1\]' of instance 'x' and 'e\[n=0\]' of instance 'x' both stand for e\[n=0\]/,
    ],
    [
      'a predicate that chooses nothing',
      [
        { name: 'x', spec: e },
        { name: 'y', spec: box({ f: {} }), sync: { f: () => false } },
      ],
      /predicate of 'f' of instance 'y' chooses no event; give null/,
    ],
    [
      'a type that nobody declares under its own name',
      [{ name: 'x', spec: e, sync: { e: { type: 'g' } } }],
      /no instance declares 'g' under its own name \(it is named by 'e' of instance 'x'\)/,
    ],
    [
      'declarations that do not agree',
      [
        { name: 'x', spec: e },
        { name: 'y', spec: box({ e: { kind: 'choice' } }) },
      ],
      /'e' is declared as stimulus of w at s by 'x' and as choice of w at s by 'y'/,
    ],
    [
      'an actor that the event does not name',
      [{ name: 'x', spec: box({ e: { actor: { param: 'by' } } }) }],
      /the actor of e is its parameter 'by', which it does not have/,
    ],
    [
      'a sync function that throws',
      [
        {
          name: 'x',
          spec: e,
          sync: {
            e: () => {
              throw new Error('boom');
            },
          },
        },
      ],
      /sync of 'e' in instance 'x' throws for e: Error: boom/,
    ],
  ];
  test.each(cases)('%s', (_name, instances, message) => {
    expect(() => net(...instances)).toThrow(message);
    expect(() => net(...instances)).toThrow(/^network 'net': /);
  });
});

describe('probable slips', () => {
  test('an event that a participant never offers', () => {
    // The careful user has `barge` in its alphabet, but its guard is never true.
    expect(unreachableRendezvous(compose(lockNetwork()))).toEqual([
      { event: 'barge[by=a]', instance: 'a', local: 'barge' },
      { event: 'leave[by=a]', instance: 'a', local: 'leave' },
      { event: 'barge[by=b]', instance: 'b', local: 'barge' },
      { event: 'leave[by=b]', instance: 'b', local: 'leave' },
    ]);
  });

  test('an event made by renaming alone', () => {
    const network = net(
      { name: 'pool', spec: box({ free: {} }), index: { pool: 'T' } },
      { name: 'page', spec: box({ freed: {} }), sync: { freed: { type: 'free', pool: 'X' } } },
    );
    expect(undeclaredEvents(network)).toEqual(['free[pool=X]']);
    expect(undeclaredEvents(compose(lockNetwork()))).toEqual([]);
  });
});
