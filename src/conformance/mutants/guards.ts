/** Guards turned round: the whole, and each part of a conjunction or disjunction. */
import { and, not, or } from 'xstate';

interface Composite {
  readonly check: unknown;
  readonly guards: readonly unknown[];
}
const COMBINATORS: readonly { readonly name: string; readonly make: (guards: unknown[]) => unknown }[] = [
  { name: 'and', make: (guards) => and(guards as never) },
  { name: 'or', make: (guards) => or(guards as never) },
  { name: 'not', make: ([guard]) => not(guard as never) },
];
/** XState marks what `and`, `or` and `not` make with the function that evaluates it. */
const combinatorOf = (guard: unknown) =>
  typeof guard === 'function' && 'guards' in guard
    ? COMBINATORS.find(
        ({ make }) => (make(['']) as Composite).check === (guard as unknown as Composite).check,
      )
    : undefined;
const partsOf = (guard: unknown) => (guard as Composite).guards;

/** A guard in which something is negated. */
export interface Negation {
  /** The number of the part, from 1; null when the whole is negated. */
  readonly part: number | null;
  readonly guard: unknown;
}

/** The negation of a guard, then that of each of its parts if it is an `and` or an `or`. */
export function negations(guard: unknown): Negation[] {
  const whole = { part: null, guard: not(guard as never) };
  const combinator = combinatorOf(guard);
  if (combinator === undefined || combinator.name === 'not') return [whole];
  const parts = partsOf(guard);
  return [
    whole,
    ...parts.map((_, at) => ({
      part: at + 1,
      guard: combinator.make(parts.map((part, i) => (i === at ? not(part as never) : part))),
    })),
  ];
}

/** `and(ok, not(full))`: a guard as the literal has it. */
export function guardText(guard: unknown): string {
  const combinator = combinatorOf(guard);
  if (combinator !== undefined) return `${combinator.name}(${partsOf(guard).map(guardText).join(', ')})`;
  if (typeof guard === 'string') return guard;
  return typeof guard === 'object' && guard !== null && 'type' in guard ? String(guard.type) : '(function)';
}
