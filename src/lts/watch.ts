/** Safety properties as generated functions of a packed state, asked while the states are being found. */
import { instanceIndex } from './combos.ts';
import { type Budget, type Formula, formulaOf, TooManyQuestions, testsOf } from './formula.ts';
import { type Layout, unpackOne } from './layout.ts';
import type { LocalState, Network, Property } from './types.ts';

/** Beyond so many questions a predicate is rather asked where it occurs than written as a formula. */
const WORTH = 1000;
/** And beyond so many for all predicates of a search. */
export const WORTH_OF_ALL = 4000;

/** A formula over the local states of a packed state `words[at …]`. */
export interface StateTest {
  readonly is: (words: Int32Array, at: number) => boolean;
  /** Null: the predicate reads too much to be written down. */
  readonly formula: Formula | null;
  /** Instances that the formula's tests speak of, by their position. */
  readonly at: readonly number[];
}

/**
 * Compiles a predicate over the local states of the instances in `over`.
 *
 * @param budget of all predicates of the search; what this one asks is taken off
 * @throws PropertyError for an unknown instance, or a predicate that throws
 */
export function stateTest(
  network: Network,
  layout: Layout,
  { name, seen }: Pick<Property, 'name' | 'seen'>,
  over: readonly string[],
  predicate: (...locals: LocalState[]) => boolean,
  budget: Budget = { left: WORTH_OF_ALL },
): StateTest {
  const at = over.map((instance) => instanceIndex(network, instance, name));
  const states = at.map((i) => network.instances[i]!.lts.states);
  const own = { left: Math.min(WORTH, budget.left) };
  const allowed = own.left;
  let formula: Formula;
  try {
    formula = formulaOf(name, states, predicate, seen, own);
  } catch (error) {
    if (!(error instanceof TooManyQuestions)) throw error;
    return { is: asked(at, network, layout, predicate), formula: null, at };
  } finally {
    budget.left -= allowed - Math.max(0, own.left);
  }
  const is = typeof formula === 'boolean' ? () => formula : compile(formula, at, network, layout);
  return { is, formula, at };
}

/** Of a predicate that reads much: each combination of local states that occurs is asked once. */
function asked(
  at: readonly number[],
  network: Network,
  layout: Layout,
  predicate: (...locals: LocalState[]) => boolean,
): StateTest['is'] {
  const fields = at.map((i) => layout.fields[i]!);
  const known = new Map<string, boolean>();
  return (words, offset) => {
    const locals = fields.map((field) => unpackOne(field, words, offset));
    const key = locals.join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const answer =
      predicate(...locals.map((local, i) => network.instances[at[i]!]!.lts.states[local]!)) === true;
    known.set(key, answer);
    return answer;
  };
}

// Each test of the formula is a table from the local state to the next test, -1 for false and -2 for true.
function compile(formula: Formula, at: readonly number[], network: Network, layout: Layout): StateTest['is'] {
  const tests = testsOf(formula);
  const number = new Map(tests.map((test, n) => [test, n]));
  const code = (f: Formula): number => (typeof f === 'boolean' ? (f ? -2 : -1) : number.get(f)!);
  const tables = tests.map(({ of, branches }) => {
    const table = new Int32Array(network.instances[at[of]!]!.lts.states.length).fill(-1);
    for (const { states, leads } of branches) for (const s of states) table[s] = code(leads);
    return table;
  });
  const fields = tests.map(({ of }) => layout.fields[at[of]!]!);
  const first = tests.length - 1;
  return (words, offset) => {
    let t = first;
    while (t >= 0) {
      const { word, shift, mask } = fields[t]!;
      t = tables[t]![(words[offset + word]! >>> shift) & mask]!;
    }
    return t === -2;
  };
}
