/** Predicates as decision diagrams: the same answer for every combination, and few questions. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formulaOf, holdsIn, testsOf } from '../../src/lts/formula.ts';
import type { LocalState } from '../../src/lts/index.ts';

const state = (index: number, value: unknown, context: object): LocalState => ({
  index,
  key: `${index}`,
  value,
  context,
  final: index === 0,
});
const light = ['red', 'green'].flatMap((colour, c) =>
  [1, 2, 3].map((n) => state(c * 3 + n - 1, colour, { n, name: { first: colour } })),
);

test('what is not read is not asked: three lights, one test', () => {
  const formula = formulaOf('p', [light, light, light], (_a, b) => b.value === 'green');
  expect(testsOf(formula)).toEqual([
    {
      of: 1,
      branches: [
        { states: [0, 1, 2], leads: false },
        { states: [3, 4, 5], leads: true },
      ],
      id: 0,
    },
  ]);
});

test('a predicate that throws is named with what was wrong', () => {
  const broken = () => {
    throw new TypeError('no such thing');
  };
  expect(() => formulaOf('p', [light], broken)).toThrow(/'p'.*no such thing/);
});

test('any predicate, whatever it reads: the formula says the same of every combination', () => {
  const readers: ((s: LocalState) => unknown)[] = [
    (s) => s.value,
    (s) => s.index % 2,
    (s) => s.key,
    (s) => s.final,
    (s) => (s.context as { n: number }).n > 1,
    (s) => Object.keys(s.context as object).length,
    (s) => JSON.stringify(s.context),
    (s) => 'n' in (s.context as object),
    (s) => ({ ...(s.context as { name: object }) }).name,
  ];
  const reads = fc.array(fc.tuple(fc.nat(2), fc.nat(readers.length - 1)), { maxLength: 5 });
  fc.assert(
    fc.property(reads, fc.nat(), (list, salt) => {
      const predicate = (...locals: LocalState[]) => {
        let text = `${salt}`;
        for (const [of, r] of list) {
          text += JSON.stringify(readers[r]!(locals[of]!));
          // Some ways end early, so that what is read depends on what was read.
          if (hash(text) % 5 === 0) return text.length % 2 === 0;
        }
        return hash(text) % 2 === 0;
      };
      const formula = formulaOf('p', [light, light, light], predicate);
      for (const a of light)
        for (const b of light)
          for (const c of light)
            expect(holdsIn(formula, [a.index, b.index, c.index])).toBe(predicate(a, b, c));
    }),
    { numRuns: 200, seed: 7 },
  );
});

function hash(text: string): number {
  let h = 7;
  for (const c of text) h = (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0;
  return h;
}
