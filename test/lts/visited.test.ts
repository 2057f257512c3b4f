/** The table of a search without edges, alone: never two states for one, through every collision and growth. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Detours } from '../../src/lts/detours.ts';
import type { Layout, Network } from '../../src/lts/index.ts';
import { loopsOf } from '../../src/lts/verify-codegen.ts';
import { doubledQuotient, type Geometry, geometryOf, hashOf, indexTable } from '../../src/lts/visited.ts';

const NONE: Network = { name: 'none', instances: [], events: [], initial: [] };
const DETOURS: Detours = { width: 0, keep: Int32Array.of(0), avoidable: [] };

/** Puts states into a table one by one, as successors of one state; gives back those that were new. */
function insert(width: number, geometry: Geometry, states: readonly (readonly number[])[]): number[][] {
  const layout: Layout = { words: width, fields: [] };
  const loops = loopsOf(NONE, {
    layout,
    plan: { pivots: [], tables: [], sorted: true },
    geometry,
    detours: DETOURS,
    ample: null,
    concern: () => ({ number: 0, steps: false }),
  });
  const queue = new Int32Array(width * (states.length + 1));
  const resume = new Int32Array(2);
  const mixed = new Int32Array(1);
  let slots: Int32Array = new Int32Array(2 ** geometry.bits);
  let shift = 32 - geometry.bits;
  let count = 0;
  const grow = () => {
    slots = geometry.quotient
      ? doubledQuotient(slots, shift, geometry.extra)
      : indexTable(33 - shift, queue, width, count);
    shift--;
  };
  for (const state of states) {
    if ((count + 1) * 3 > slots.length * 2) grow();
    const out = Int32Array.from([0, ...state]);
    loops.touch(out, width + 1, mixed, slots, shift);
    expect(mixed[0]).toBe(hashOf(out, 1, width));
    resume.fill(0);
    while (resume[0] === 0) {
      count = loops.insert(
        out,
        Int32Array.of(width + 1),
        Int32Array.of(1),
        resume,
        mixed,
        slots,
        shift,
        queue,
        0,
        new Int32Array(states.length + 1),
        new Uint16Array(states.length + 1),
        count,
        0,
        1,
        Uint8Array.of(0),
        Uint8Array.of(0),
        { stuck() {}, fresh() {}, taken() {} },
      );
      if (resume[0] === 0) grow();
    }
  }
  return Array.from({ length: count }, (_, s) => [...queue.slice(s * width, (s + 1) * width)]);
}

/** The states as they first come. */
function distinct(states: readonly (readonly number[])[]): number[][] {
  const known = new Map(states.map((state) => [state.join(), [...state]]));
  return [...known.values()];
}

test('two states that are mixed alike are two states', () => {
  // What is mixed of two words is the first, XOR the second times a constant.
  const twin = (word: number, a: number, b: number) =>
    word ^ Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x9e3779b1);
  const states = [
    [5, 1],
    [twin(5, 1, 2), 2],
    [twin(5, 1, 3), 3],
  ];
  expect(new Set(states.map((state) => hashOf(Int32Array.from(state), 0, 2))).size).toBe(1);
  for (const geometry of [
    { quotient: true, bits: 4, extra: 2 },
    { quotient: false, bits: 4, extra: 0 },
  ]) {
    expect(insert(2, geometry, [...states, ...states])).toEqual(states);
  }
});

test('any states, with homes close together, in tables of every kind', () => {
  const lists = fc.constantFrom(1, 2).chain((width) => {
    const first = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer());
    const second = fc.integer({ min: 0, max: 7 });
    const state: fc.Arbitrary<number[]> = width === 1 ? fc.tuple(first) : fc.tuple(first, second);
    return fc.tuple(fc.constant(width), fc.array(state, { maxLength: 200, size: 'max' }));
  });
  fc.assert(
    fc.property(lists, ([width, states]) => {
      const expected = distinct(states);
      // Distances of two bits, so that tables grow for their sake too.
      const extra = width === 1 ? 2 : 3;
      expect(insert(width, { quotient: true, bits: extra + 2, extra }, states)).toEqual(expected);
      expect(insert(width, { quotient: false, bits: 3, extra: 0 }, states)).toEqual(expected);
    }),
    { seed: 15, numRuns: 200 },
  );
});

test('a slot is a state where the bits of a state allow it', () => {
  const field = (word: number, bits: number) => ({ word, shift: 0, bits, mask: 2 ** bits - 1 });
  const of = (...bits: number[]) =>
    geometryOf({ words: bits.length, fields: bits.map((n, word) => field(word, n)) });
  expect(of(30)).toMatchObject({ quotient: true, bits: 14, extra: 0 });
  expect(of(32, 10)).toMatchObject({ quotient: true, bits: 18, extra: 10 });
  expect(of(32, 13).quotient).toBe(false);
  expect(of(32, 4, 1).quotient).toBe(false);
});
