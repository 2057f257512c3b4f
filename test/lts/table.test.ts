import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StateTable } from '../../src/lts/table.ts';

/** Interns states one by one, from the smallest table on, so that it grows often. */
function intern(width: number, states: readonly (readonly number[])[]): number[] {
  const table = new StateTable(width, 2);
  return states.map((state) => {
    table.reserve(1);
    return table.intern(Int32Array.from(state), 0);
  });
}

test('states that differ only in their last word are different states, through every collision and growth', () => {
  const states = Array.from({ length: 5000 }, (_, i) => [7, -1, i]);
  expect(intern(3, [...states, ...states])).toEqual([...states.keys(), ...states.keys()]);
});

test('any states are numbered as they first come, as a map of their texts would', () => {
  const word = fc.oneof(fc.constantFrom(0, -1, 1 << 31), fc.integer({ min: 0, max: 3 }));
  const lists = fc
    .integer({ min: 1, max: 4 })
    .chain((width) =>
      fc.tuple(
        fc.constant(width),
        fc.array(fc.array(word, { minLength: width, maxLength: width }), { maxLength: 300, size: 'max' }),
      ),
    );
  fc.assert(
    fc.property(lists, ([width, states]) => {
      const known = new Map<string, number>();
      const expected = states.map((state) => {
        const key = state.join();
        if (!known.has(key)) known.set(key, known.size);
        return known.get(key);
      });
      expect(intern(width, states)).toEqual(expected);
    }),
    { seed: 9, numRuns: 200 },
  );
});
