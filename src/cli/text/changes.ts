/** What a step changed, cut to what differs: the table of a counterexample is to be read at a glance. */
import type { Change, StepView } from '../../lts/index.ts';

interface Parts {
  readonly value: string;
  /** `k=v`, in order. */
  readonly context: readonly string[];
}

/** Takes `busy {n=2, who=x}` apart; the value of a parallel machine stands in braces itself. */
function parts(text: string): Parts {
  const at = text.lastIndexOf(' {');
  if (at < 0 || !text.endsWith('}')) return { value: text, context: [] };
  return { value: text.slice(0, at), context: text.slice(at + 2, -1).split(', ') };
}

/** Of the state before, what is another after it; of the state after, its name and what is new of its data. */
export function shortChange({ instance, from, to }: Change): Change {
  const [before, after] = [parts(from), parts(to)];
  const only = (mine: Parts, other: Parts) => mine.context.filter((item) => !other.context.includes(item));
  const data = (items: readonly string[]) => (items.length === 0 ? '' : `{${items.join(', ')}}`);
  if (before.value === after.value) {
    return { instance, from: data(only(before, after)), to: data(only(after, before)) };
  }
  const gained = data(only(after, before));
  return { instance, from: before.value, to: gained === '' ? after.value : `${after.value} ${gained}` };
}

/** Steps with their changes cut short. */
export function shortSteps(steps: readonly StepView[]): StepView[] {
  return steps.map((step) => ({ ...step, changed: step.changed.map(shortChange) }));
}
