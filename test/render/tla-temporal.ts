/** The temporal formulas of an exported module: read from its text, and judged by the book on what its steps reach. */
import type { TlaModule } from './tla-evaluator.ts';

/** `fairness /\ <>[][~ended]_vars /\ []<><<recurs>>_vars => (from ~> to)`; actions by name. */
export interface Temporal {
  /** Each weakly fair on its own. */
  readonly fair: readonly (readonly string[])[];
  readonly ended: readonly string[];
  /** Null: nothing is said. */
  readonly recurs: readonly string[] | null;
  readonly from: string;
  readonly to: string;
}

const actions = (text: string) => text.split(' \\/ ').filter((name) => name !== 'FALSE');

/** @throws Error for a formula that is not of this shape */
export function temporalOf(module: TlaModule, name: string): Temporal {
  const body = module.temporal(name).trim();
  const shape = /^(?:\((.*)\) => )?\((\w+) ~> (\w+)\)$/.exec(body);
  if (shape === null) throw new Error(`cannot read ${body}`);
  const [, assumed, from, to] = shape as unknown as [string, string | undefined, string, string];
  let fair = fairnessOf(module.temporal('Fairness'));
  let ended: string[] = [];
  let recurs: string[] | null = null;
  for (const part of assumed?.split(' /\\ ') ?? []) {
    const end = /^<>\[\]\[~\((.*)\)\]_vars$/.exec(part);
    const again = /^\[\]<><<(.*)>>_vars$/.exec(part);
    if (end !== null) ended = actions(end[1]!);
    else if (again !== null) recurs = actions(again[1]!);
    else if (/^\w+_fairness$/.test(part)) fair = [...fair, ...fairnessOf(module.temporal(part))];
    else throw new Error(`cannot read ${part}`);
  }
  return { fair, ended, recurs, from, to };
}

function fairnessOf(text: string): string[][] {
  if (text.trim() === 'TRUE') return [];
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const conjunct = /^\s*\/\\ WF_vars\((.*)\)\s*$/.exec(line);
      if (conjunct === null) throw new Error(`cannot read ${line}`);
      return actions(conjunct[1]!);
    });
}

interface Step {
  readonly action: string;
  readonly to: number;
  /** It changes something: a step that changes nothing is no step of an action in TLA+. */
  readonly moves: boolean;
}

/**
 * Whether some run of the module violates the formula: Emerson and Lei's fixpoint on what its steps reach. Every run may
 * also stutter for ever.
 */
export function violable(module: TlaModule, name: string): boolean {
  const { fair, ended, recurs, from, to } = temporalOf(module, name);
  const states = [module.initial()];
  const number = new Map([[JSON.stringify(states[0]), 0]]);
  const steps: Step[][] = [];
  for (let s = 0; s < states.length; s++) {
    steps.push(
      module.steps(states[s]!).map(({ action, next }) => {
        const ordered = Object.fromEntries(
          Object.keys(states[0]!).map((variable) => [variable, next[variable]!]),
        );
        const key = JSON.stringify(ordered);
        const known = number.get(key) ?? states.length;
        if (known === states.length) {
          states.push(ordered);
          number.set(key, known);
        }
        return { action, to: known, moves: known !== s };
      }),
    );
  }
  const is = (formula: string) =>
    states.map((state) =>
      formula === 'TRUE' ? true : formula === 'FALSE' ? false : module.holds(formula, state),
    );
  const [begins, comes] = [is(from), is(to)];
  const all = states.map((_, s) => s);
  const takes = (set: readonly string[], { action, moves }: Step) => moves && set.includes(action);
  const enabled = fair.map((set) => all.map((s) => steps[s]!.some((step) => takes(set, step))));

  let z = new Set(all.filter((s) => !comes[s]));
  const inLoop = (s: number) => steps[s]!.filter((step) => z.has(step.to) && !takes(ended, step));
  const reach = (good: (s: number) => boolean) => {
    const found = new Set([...z].filter(good));
    for (let before = -1; before !== found.size; ) {
      before = found.size;
      for (const s of z) if (inLoop(s).some((step) => found.has(step.to))) found.add(s);
    }
    return found;
  };
  for (let before = -1; before !== z.size; ) {
    before = z.size;
    fair.forEach((set, f) => {
      z = reach((s) => !enabled[f]![s] || inLoop(s).some((step) => takes(set, step)));
    });
    if (recurs !== null) z = reach((s) => inLoop(s).some((step) => takes(recurs, step)));
  }
  const bad = new Set(z);
  for (let before = -1; before !== bad.size; ) {
    before = bad.size;
    for (const s of all) if (!comes[s] && steps[s]!.some((step) => bad.has(step.to))) bad.add(s);
  }
  return all.some((s) => begins[s] && bad.has(s));
}
