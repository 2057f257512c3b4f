/**
 * A predicate over local states, turned into a decision diagram, so that it can be written in another language.
 *
 * The predicate is run with stand-ins for the local states: each part of a local state that it reads (its value, a
 * field of its context) is a question, and every answer that some local state gives is followed. What it does not
 * read is never asked, so the diagram is small where the predicate is simple, however many combinations there are.
 */
import { canonicalJson } from './canonical.ts';
import { PropertyError } from './errors.ts';
import type { LocalState, ParamValue } from './types.ts';

/** Shared nodes: two equal formulas are the same object. */
export type Formula = boolean | Test;

/** Which of the formulas holds depends on the local state of one instance. Every local state is in one branch. */
export interface Test {
  /** Position in the list of instances that the predicate was given. */
  readonly of: number;
  readonly branches: readonly { readonly states: readonly number[]; readonly leads: Formula }[];
  readonly id: number;
}

/** A predicate that is run more often than this is refused: it cannot be written down. */
const MAX_QUESTIONS = 20_000_000;

/** A part of a local state that a predicate may read. */
interface Feature {
  readonly of: number;
  /** `value`, `key`, `index`, `final`, `context` as a whole, or one field of it. */
  readonly name: string;
}

/** How often predicates may still be run; each run is taken off. */
export interface Budget {
  left: number;
}

/** A predicate reads so much that its formula would be too large. */
export class TooManyQuestions extends PropertyError {}

/** Thrown where a predicate reads what is not known yet. No Error: there are many, and a stack is dear. */
class Question {
  readonly feature: Feature;
  constructor(feature: Feature) {
    this.feature = feature;
  }
}

/**
 * The formula that is true exactly where the predicate is.
 *
 * @param property its name, for messages
 * @param instances by instance that the predicate is given: its local states
 * @param predicate pure, and reads its arguments only
 * @param seen local states that are seen alike are judged by the first of them
 * @param budget how many combinations of what it reads may be followed
 * @throws PropertyError when it throws, or reads too much
 */
export function formulaOf(
  property: string,
  instances: readonly (readonly LocalState[])[],
  predicate: (...locals: LocalState[]) => boolean,
  seen?: (local: LocalState, position: number) => ParamValue,
  budget: Budget = { left: MAX_QUESTIONS },
): Formula {
  if (seen === undefined) return new Builder(property, instances, predicate, budget).build();
  const classes = instances.map((states, position) => {
    const alike = new Map<ParamValue, LocalState[]>();
    for (const state of states) {
      const value = seen(state, position);
      alike.set(value, [...(alike.get(value) ?? []), state]);
    }
    return [...alike.values()];
  });
  // The builder sees the first of each class.
  const firsts = classes.map((all) => all.map(([first]) => first!));
  const small = new Builder(property, firsts, predicate, budget).build();
  return expanded(small, classes, new Map());
}

/** The formula over classes as one over local states. */
function expanded(
  formula: Formula,
  classes: readonly (readonly LocalState[][])[],
  known: Map<Test, Test>,
): Formula {
  if (typeof formula === 'boolean') return formula;
  const before = known.get(formula);
  if (before !== undefined) return before;
  const { of, id } = formula;
  const branches = formula.branches.map(({ states, leads }) => ({
    states: states.flatMap((c) => classes[of]![c]!.map(({ index }) => index)).sort((a, b) => a - b),
    leads: expanded(leads, classes, known),
  }));
  const made = { of, id, branches };
  known.set(formula, made);
  return made;
}

/** Names a local state by its position in the list of its instance: with `seen` the lists are of classes. */
class Builder {
  readonly #property: string;
  readonly #instances: readonly (readonly LocalState[])[];
  readonly #predicate: (...locals: LocalState[]) => boolean;
  readonly #nodes = new Map<string, Test>();
  readonly #budget: Budget;
  readonly #allowed: number;

  constructor(
    property: string,
    instances: readonly (readonly LocalState[])[],
    predicate: (...locals: LocalState[]) => boolean,
    budget: Budget,
  ) {
    this.#budget = budget;
    this.#allowed = budget.left;
    this.#property = property;
    this.#instances = instances;
    this.#predicate = predicate;
  }

  build(): Formula {
    return this.#under(
      this.#instances.map((states) => states.map((_, position) => position)),
      new Map(),
    );
  }

  /** @param left by instance: local states that agree with all that was answered so far */
  #under(left: readonly (readonly number[])[], known: ReadonlyMap<string, unknown>): Formula {
    this.#budget.left--;
    const outcome = this.#run(left, known);
    if (typeof outcome === 'boolean') return outcome;
    if (this.#budget.left < 0) {
      const most = `more than ${this.#allowed} combinations of what it reads`;
      throw new TooManyQuestions(this.#property, `it cannot be written as a formula: it has ${most}`);
    }
    const { of, name } = outcome;
    const answers = new Map<string, { value: unknown; states: number[] }>();
    for (const index of left[of]!) {
      const value = partOf(this.#instances[of]![index]!, name);
      const key = canonicalJson(value ?? null);
      const same = answers.get(key);
      if (same === undefined) answers.set(key, { value, states: [index] });
      else same.states.push(index);
    }
    const branches = [...answers.values()].map(({ value, states }) => ({
      states,
      leads: this.#under(
        left.map((all, i) => (i === of ? states : all)),
        new Map(known).set(`${of}.${name}`, value),
      ),
    }));
    return this.#node(of, branches);
  }

  /** Merges branches that say the same, and tests that are alike. */
  #node(of: number, branches: readonly { states: readonly number[]; leads: Formula }[]): Formula {
    // A branch that tests the same instance again is taken apart: one test an instance on each way.
    const flat = branches.flatMap(({ states, leads }) =>
      typeof leads === 'object' && leads.of === of
        ? leads.branches.map((inner) => ({
            states: inner.states.filter((s) => states.includes(s)),
            leads: inner.leads,
          }))
        : [{ states, leads }],
    );
    const merged = new Map<Formula, number[]>();
    for (const { states, leads } of flat) merged.set(leads, [...(merged.get(leads) ?? []), ...states]);
    if (merged.size === 1) return [...merged.keys()][0]!;
    const sorted = [...merged]
      .map(([leads, states]) => ({ states: states.sort((a, b) => a - b), leads }))
      .sort((a, b) => a.states[0]! - b.states[0]!);
    const key = `${of}:${sorted.map(({ states, leads }) => `${states.join()}>${typeof leads === 'object' ? leads.id : leads}`).join(';')}`;
    const node = this.#nodes.get(key) ?? { of, branches: sorted, id: this.#nodes.size };
    this.#nodes.set(key, node);
    return node;
  }

  #run(left: readonly (readonly number[])[], known: ReadonlyMap<string, unknown>): boolean | Feature {
    const locals = left.map((states, of) => this.#standIn(of, states, known));
    try {
      return this.#predicate(...locals) === true;
    } catch (error) {
      if (error instanceof Question) return error.feature;
      throw new PropertyError(this.#property, `its predicate throws: ${String(error)}`);
    }
  }

  #standIn(of: number, states: readonly number[], known: ReadonlyMap<string, unknown>): LocalState {
    const [only] = states;
    if (states.length === 1) return this.#instances[of]![only!]!;
    const read = (name: string): unknown => {
      const at = `${of}.${name}`;
      if (known.has(at)) return known.get(at);
      throw new Question({ of, name });
    };
    const field = (name: string | symbol) => {
      // Anything unusual that is asked of a context asks for all of it.
      if (typeof name === 'symbol' || known.has(`${of}.context`)) return Reflect.get(whole(), name);
      return read(`context.${name}`);
    };
    const whole = () => read('context') as object;
    const context = new Proxy(
      {},
      {
        get: (_, name) => field(name),
        has: (_, name) => Reflect.has(whole(), name),
        ownKeys: () => Reflect.ownKeys(whole()),
        getOwnPropertyDescriptor: (_, name) => {
          const found = Reflect.getOwnPropertyDescriptor(whole(), name);
          return found && { ...found, configurable: true };
        },
      },
    );
    return {
      get index() {
        return read('index') as number;
      },
      get key() {
        return read('key') as string;
      },
      get value() {
        return read('value');
      },
      get final() {
        return read('final') as boolean;
      },
      get context() {
        return context;
      },
    };
  }
}

function partOf(state: LocalState, name: string): unknown {
  if (!name.startsWith('context.')) return state[name as keyof LocalState];
  return ((state.context ?? {}) as Record<string, unknown>)[name.slice('context.'.length)];
}

/** Whether a formula holds where the instances are in these local states. */
export function holdsIn(formula: Formula, locals: readonly number[]): boolean {
  let f = formula;
  while (typeof f === 'object') {
    const at = locals[f.of]!;
    f = f.branches.find(({ states }) => states.includes(at))!.leads;
  }
  return f;
}

/** The tests of a formula, each after those that it leads to. */
export function testsOf(formula: Formula): Test[] {
  const out = new Set<Test>();
  const visit = (f: Formula) => {
    if (typeof f !== 'object' || out.has(f)) return;
    for (const { leads } of f.branches) visit(leads);
    out.add(f);
  };
  visit(formula);
  return [...out];
}
