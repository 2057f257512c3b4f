/**
 * Which tests a step can concern. Most steps change nothing that a given property reads, so asking every property of
 * every state is asking the same again: what was not found in the state before is not in the state after either.
 */
import type { Formula } from './formula.ts';
import { testsOf } from './formula.ts';
import type { Candidate } from './plan.ts';
import type { Network } from './types.ts';
import type { SafetyWatch, StepWatch } from './verify-watch.ts';
import type { StateTest } from './watch.ts';

/** A formula of more tests is not followed for each step: all steps concern it. */
const MOST_TESTS = 400;

export interface Concerned {
  /** Positions in `SafetyWatch.onState`: what may be true after the step and was false before. */
  readonly states: readonly number[];
  /** Positions in `SafetyWatch.onStep`: what may be true where the step is taken. */
  readonly steps: readonly number[];
}

/** By instance: the local states that it may be in. */
type Where = ReadonlyMap<number, ReadonlySet<number>>;

export class Relevance {
  readonly #network: Network;
  readonly #watch: SafetyWatch;
  /** By test of states, by instance: local states in one class are not told apart. */
  readonly #classes: readonly ReadonlyMap<number, Int32Array>[];
  /** `instance,local event`: tests of states whose class its steps may change. */
  readonly #changes = new Map<string, readonly number[]>();
  readonly #offers = new Map<string, ReadonlySet<number>>();

  constructor(network: Network, watch: SafetyWatch) {
    this.#network = network;
    this.#watch = watch;
    this.#classes = watch.onState.map(({ found }) => this.#classesOf(found));
  }

  /**
   * Whether a test may tell that the candidate was taken: then, or by what it changes, also for tests of other steps.
   */
  sees(candidate: Candidate, pivot: number, state: number): boolean {
    const { states, steps } = this.of(candidate, pivot, state);
    if (states.length > 0 || steps.length > 0) return true;
    const { participants } = this.#network.events[candidate.event]!;
    return participants.some(([i, e]) => {
      const from = i === pivot ? [state] : [...this.#offering(i, e)];
      return this.#ofSteps(i).some((own) => from.some((s) => own[s] !== own[this.#target(i, e, s)]));
    });
  }

  readonly #stepClasses = new Map<number, readonly Int32Array[]>();

  /** The classes of an instance's local states in all tests of steps. */
  #ofSteps(i: number): readonly Int32Array[] {
    this.#allOfSteps ??= this.#watch.onStep.flatMap(({ found }) =>
      found.flatMap((test) => (test === null ? [] : [this.#classesOf(test)])),
    );
    const known = this.#stepClasses.get(i) ?? this.#allOfSteps.flatMap((classes) => classes.get(i) ?? []);
    this.#stepClasses.set(i, known);
    return known;
  }
  #allOfSteps: readonly ReadonlyMap<number, Int32Array>[] | undefined;

  /** @param state local state of the pivot, in which the candidate is tried */
  of(candidate: Candidate, pivot: number, state: number): Concerned {
    const { participants } = this.#network.events[candidate.event]!;
    const states = new Set<number>();
    const where = new Map<number, ReadonlySet<number>>();
    for (const [i, e] of participants) {
      if (i === pivot) {
        const target = this.#target(i, e, state);
        this.#classes.forEach((classes, test) => {
          const own = classes.get(i);
          if (own !== undefined && own[state] !== own[target]) states.add(test);
        });
        where.set(i, new Set([state]));
      } else {
        for (const test of this.#changedBy(i, e)) states.add(test);
        where.set(i, this.#offering(i, e));
      }
    }
    return {
      states: [...states].sort((a, b) => a - b),
      steps: this.#watch.onStep.flatMap((test, i) => (mayBeTaken(test, candidate.event, where) ? [i] : [])),
    };
  }

  #target(instance: number, event: number, state: number): number {
    const { next, events } = this.#network.instances[instance]!.lts;
    return next[state * events.length + event]!;
  }

  #offering(i: number, e: number): ReadonlySet<number> {
    const key = `${i},${e}`;
    const known = this.#offers.get(key);
    if (known !== undefined) return known;
    const { states } = this.#network.instances[i]!.lts;
    const made = new Set(states.map(({ index }) => index).filter((s) => this.#target(i, e, s) >= 0));
    this.#offers.set(key, made);
    return made;
  }

  #changedBy(i: number, e: number): readonly number[] {
    const key = `${i},${e}`;
    const known = this.#changes.get(key);
    if (known !== undefined) return known;
    const offering = [...this.#offering(i, e)];
    const made = this.#classes.flatMap((classes, test) => {
      const own = classes.get(i);
      const changes = own !== undefined && offering.some((s) => own[s] !== own[this.#target(i, e, s)]);
      return changes ? [test] : [];
    });
    this.#changes.set(key, made);
    return made;
  }

  #classesOf({ formula, at }: StateTest): ReadonlyMap<number, Int32Array> {
    const size = (i: number) => this.#network.instances[i]!.lts.states.length;
    // What is not written down may read anything of the instances that it is given.
    if (formula === null)
      return new Map(at.map((i) => [i, Int32Array.from({ length: size(i) }, (_, s) => s)]));
    const texts = new Map<number, string[]>();
    for (const { of, branches } of testsOf(formula)) {
      const i = at[of]!;
      const text = texts.get(i) ?? new Array<string>(size(i)).fill('');
      branches.forEach(({ states }, branch) => {
        for (const s of states) text[s] += `,${branch}`;
      });
      texts.set(i, text);
    }
    return new Map(
      [...texts].map(([i, text]) => {
        const number = new Map([...new Set(text)].map((one, n) => [one, n]));
        return [i, Int32Array.from(text, (one) => number.get(one)!)];
      }),
    );
  }
}

/** Whether a test can be true where every instance is in one of the given local states. */
function mayBeTaken({ found }: StepWatch, event: number, where: Where): boolean {
  const test = found[event];
  if (test === null || test === undefined) return false;
  const { formula, at } = test;
  if (formula === null || testsOf(formula).length > MOST_TESTS) return true;
  const known = new Map<Formula, boolean>();
  const possible = (f: Formula): boolean => {
    if (typeof f === 'boolean') return f;
    const before = known.get(f);
    if (before !== undefined) return before;
    const here = where.get(at[f.of]!);
    const answer = f.branches.some(
      ({ states, leads }) => (here === undefined || states.some((s) => here.has(s))) && possible(leads),
    );
    known.set(f, answer);
    return answer;
  };
  return possible(formula);
}
