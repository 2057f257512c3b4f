/** A run, told step by step: what the tables and the sequence diagrams are made from. Plain data. */
import type { EventKind } from '../lts/types.ts';

/** A local state that a step changed: `page[0]: owned.private → owned.shared`. */
export interface TraceChange {
  readonly instance: string;
  readonly from: string;
  readonly to: string;
}

export interface TraceStep {
  /** The number to print; counted from 1 by those who make traces. */
  readonly n: number;
  readonly actor: string;
  /** The event as it prints, parameters included: `lookup[pool=1,reader=0]`. */
  readonly event: string;
  /** The symbol of the program under test that the event stands for; empty if there is none. */
  readonly symbol: string;
  readonly kind: EventKind;
  readonly changed: readonly TraceChange[];
}

export interface Trace {
  readonly title: string;
  readonly subtitle?: string;
  readonly steps: readonly TraceStep[];
  /** What the last step violates, and which part of the property was false. */
  readonly verdict?: { readonly property: string; readonly because: string };
  /**
   * Of a lasso: how many steps at the end are repeated for ever; 0 when nothing more happens after the last. Then the
   * verdict is about those.
   */
  readonly repeats?: number;
}

/**
 * The actors of a trace in the order of their lifelines: those of `first` that occur (by default the world),
 * then the others in order of appearance.
 */
export function lifelines(trace: Trace, first: readonly string[] = ['world']): string[] {
  const seen = [...new Set(trace.steps.map((step) => step.actor))];
  return [
    ...first.filter((actor) => seen.includes(actor)),
    ...seen.filter((actor) => !first.includes(actor)),
  ];
}

/**
 * Whom a step is addressed to: the one other lifeline whose instance it changes. A step that changes none of
 * them, or several, is drawn at its actor alone.
 */
export function addressee(step: TraceStep, actors: readonly string[]): string | undefined {
  const others = step.changed.map((c) => c.instance).filter((i) => i !== step.actor && actors.includes(i));
  return others.length === 1 ? others[0] : undefined;
}

/** Whether the verdict is about `step`: the last, or all of those that are repeated, where there is a verdict. */
export function violates({ verdict, steps, repeats = 0 }: Trace, step: TraceStep): boolean {
  return verdict !== undefined && steps.slice(-Math.max(1, repeats)).includes(step);
}

/** The first of the steps that are repeated; undefined where none are. */
export function loopStart({ steps, repeats = 0 }: Trace): TraceStep | undefined {
  return repeats === 0 ? undefined : steps.at(-repeats);
}

/** What the verdict is about: `Step 8`, `Steps 6 to 8`, which are repeated, or the initial state. */
export function whereText(trace: Trace): string {
  const first = loopStart(trace);
  const last = trace.steps.at(-1);
  const at = last === undefined ? 'The initial state' : `Step ${last.n}`;
  if (first === undefined) return trace.repeats === undefined ? at : `${at}, after which nothing happens,`;
  return first === last ? `${at}, repeated for ever,` : `Steps ${first.n} to ${last!.n}, repeated for ever,`;
}
