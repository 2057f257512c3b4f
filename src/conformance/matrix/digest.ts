/**
 * The step sequences of an exploration as one short text: equal exactly when the sequences are.
 *
 * An explored graph is deterministic: what the world did and answered, with what it was told, says where it
 * leads. So two graphs have the same step sequences exactly when their smallest forms are the same graph; the
 * digest is of that form, numbered breadth-first from the start. How many states a kernel needs for the same
 * sequences (a field more, a field less) does not matter to it.
 */
import { createHash } from 'node:crypto';
import type { TraceRecord } from '../../kernel/task.ts';

/** What is compared of a step: who, what, with which arguments, answer and result, and whether it may sleep. */
export function stepLabel(records: readonly TraceRecord[]): string {
  return JSON.stringify(
    records.map(({ actor, step, args, answer, result, mightSleep }) => [
      actor,
      step,
      args,
      answer ?? null,
      result ?? null,
      mightSleep ?? null,
    ]),
  );
}

/** Collects a labelled graph, transition by transition. State 0 is the start. */
export class StepGraph {
  readonly #labels = new Map<string, number>();
  /** For each state: label and target in turn. */
  readonly #out: number[][] = [[]];

  add(from: number, to: number, label: string): void {
    let n = this.#labels.get(label);
    if (n === undefined) {
      n = this.#labels.size;
      this.#labels.set(label, n);
    }
    while (this.#out.length <= Math.max(from, to)) this.#out.push([]);
    this.#out[from]!.push(n, to);
  }

  /** Digest of all step sequences, in hexadecimal. */
  digest(): string {
    const classes = this.#acyclicClasses() ?? this.#refinedClasses();
    return this.#digestOf(classes);
  }

  /** Class of each state where nothing recurs: equal classes have equal futures. Null: something recurs. */
  #acyclicClasses(): number[] | null {
    const known = new Map<string, number>();
    const classes = new Array<number>(this.#out.length).fill(-1);
    const open = new Uint8Array(this.#out.length);
    const stack = [0];
    while (stack.length > 0) {
      const state = stack[stack.length - 1]!;
      const out = this.#out[state]!;
      if (open[state] === 0) {
        open[state] = 1;
        for (let i = 1; i < out.length; i += 2) {
          const to = out[i]!;
          if (open[to] === 0) stack.push(to);
          else if (classes[to] === -1) return null;
        }
        continue;
      }
      stack.pop();
      if (classes[state] !== -1) continue;
      classes[state] = number(known, this.#signature(out, classes));
    }
    return classes;
  }

  /** The same by refinement, which needs no order but many rounds. */
  #refinedClasses(): number[] {
    let classes = new Array<number>(this.#out.length).fill(0);
    for (let count = 1; ; ) {
      const known = new Map<string, number>();
      classes = this.#out.map((out, state) =>
        number(known, `${classes[state]}:${this.#signature(out, classes)}`),
      );
      if (known.size === count) return classes;
      count = known.size;
    }
  }

  #signature(out: readonly number[], classes: readonly number[]): string {
    const edges: string[] = [];
    for (let i = 0; i < out.length; i += 2) edges.push(`${out[i]}>${classes[out[i + 1]!]}`);
    return edges.sort().join();
  }

  #digestOf(classes: readonly number[]): string {
    const labels = [...this.#labels.keys()];
    const hash = createHash('sha256');
    const numbers = new Map<number, number>([[classes[0]!, 0]]);
    const queue = [0];
    for (let at = 0; at < queue.length; at++) {
      const out = this.#out[queue[at]!]!;
      const edges: (readonly [string, number])[] = [];
      for (let i = 0; i < out.length; i += 2) edges.push([labels[out[i]!]!, out[i + 1]!]);
      // By label: the order in which an exploration tries actions says nothing.
      edges.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      let text = `${at}\n`;
      for (const [label, to] of edges) {
        let n = numbers.get(classes[to]!);
        if (n === undefined) {
          n = numbers.size;
          numbers.set(classes[to]!, n);
          queue.push(to);
        }
        text += `${label}>${n}\n`;
      }
      hash.update(text);
    }
    return hash.digest('hex');
  }
}

function number(known: Map<string, number>, text: string): number {
  let n = known.get(text);
  if (n === undefined) {
    n = known.size;
    known.set(text, n);
  }
  return n;
}
