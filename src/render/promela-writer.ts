/** What Promela models of a network have in common: names, constants, guards, steps, and predicates as macros. */
import { type Formula, formulaOf, testsOf } from '../lts/formula.ts';
import type { GlobalEvent, LocalState, Network, Property } from '../lts/index.ts';
import { Identifiers, type StateNames, stateNames } from './names.ts';

const KEYWORDS = [
  'active assert atomic bit bool break byte chan cond_expr d_proctype d_step do else empty enabled eval false fi',
  'for full get_priority goto hidden if init int len local ltl mtype nempty never nfull notrace np_ od of pc_value',
  'pid printf priority proctype provided run select set_priority short show skip STDIN timeout trace true typedef',
  'unless unsigned xr xs JUDGE network rest phase mark',
]
  .join(' ')
  .split(' ');

/** What the heading of a model says. */
export interface PromelaHeading {
  /** `dynamic-pools, v5, cca`. */
  readonly title: string;
  /** The command that wrote it. */
  readonly command: string;
}

/** A predicate as a macro, with those that it is made of. */
export interface Macro {
  /** The lines that define it. */
  readonly define: readonly string[];
  readonly text: string;
}

export class PromelaWriter {
  readonly network: Network;
  readonly ids = new Identifiers(KEYWORDS);
  readonly #variables: readonly string[];
  readonly #states: readonly StateNames[];

  constructor(network: Network) {
    this.network = network;
    this.#variables = network.instances.map(({ name }) => this.ids.of(name));
    this.#states = stateNames(network, this.ids);
  }

  /** The local states of every machine, named, and a variable for every instance. */
  declarations(): string[] {
    const constants = [...new Set(this.#states)].flatMap(({ machine, names, texts }) => [
      '',
      `/* ${machine} */`,
      ...names.map((name, i) => `#define ${name} ${i} /* ${texts[i]} */`),
    ]);
    const variables = this.network.instances.map(({ lts }, i) => {
      const type = lts.states.length <= 256 ? 'byte' : 'short';
      return `${type} ${this.#variables[i]} = ${this.#states[i]!.names[lts.initial]};`;
    });
    return [...constants, '', ...variables];
  }

  /** One event as an option of a loop: enabled when every participant can take it, then all of them step at once. */
  option(event: GlobalEvent, inside: readonly string[] = []): string {
    const steps = event.participants.flatMap(([i, e]) => this.#step(i, e));
    return [
      `  :: d_step { /* ${event.label}, ${event.kind} of ${event.actor} */`,
      `      ${this.guard(event)} ->`,
      ...inside,
      ...(steps.length === 0 ? ['      skip'] : [`      ${steps.join('; ')}`]),
      '    }',
    ].join('\n');
  }

  /** Where an event is enabled. */
  guard({ participants }: GlobalEvent): string {
    return participants.map(([i, e]) => this.#among(i, this.#sources(i, e))).join(' && ');
  }

  /** @throws PropertyError when the predicate cannot be written as a formula. */
  macro(
    prefix: string,
    { name, seen }: Pick<Property, 'name' | 'seen'>,
    over: readonly string[],
    predicate: (...locals: LocalState[]) => boolean,
  ): Macro {
    const at = over.map((instance) => this.network.instances.findIndex((i) => i.name === instance));
    const states = at.map((i) => this.network.instances[i]!.lts.states);
    const formula = formulaOf(name, states, predicate, seen);
    const text = (f: Formula) => (typeof f === 'boolean' ? `(${f})` : `${prefix}_${f.id}`);
    const define = testsOf(formula).map((test) => {
      const branches = test.branches
        .filter(({ leads }) => leads !== false)
        .map(({ states: among, leads }) => {
          const here = this.#among(at[test.of]!, among);
          return leads === true ? here : `(${here} && ${text(leads)})`;
        });
      return `#define ${prefix}_${test.id} (${branches.join(' || ')})`;
    });
    return { define, text: text(formula) };
  }

  #sources(instance: number, event: number): number[] {
    const { states, events, next } = this.network.instances[instance]!.lts;
    return states.map(({ index }) => index).filter((s) => next[s * events.length + event]! >= 0);
  }

  /** The instance is in one of these local states. */
  #among(instance: number, states: readonly number[]): string {
    const all = this.network.instances[instance]!.lts.states.length;
    const [variable, names] = [this.#variables[instance]!, this.#states[instance]!.names];
    const is = (list: readonly number[], relation: string, word: string) => {
      const terms = list.map((s) => `${variable} ${relation} ${names[s]}`);
      return terms.length === 1 ? terms[0]! : `(${terms.join(` ${word} `)})`;
    };
    if (states.length === 0) return 'false';
    if (states.length === all) return 'true';
    if (states.length <= all / 2) return is(states, '==', '||');
    const others = Array.from({ length: all }, (_, s) => s).filter((s) => !states.includes(s));
    return is(others, '!=', '&&');
  }

  #step(instance: number, event: number): string[] {
    const { events, next } = this.network.instances[instance]!.lts;
    const [variable, names] = [this.#variables[instance]!, this.#states[instance]!.names];
    const byTarget = new Map<number, number[]>();
    for (const s of this.#sources(instance, event)) {
      const target = next[s * events.length + event]!;
      byTarget.set(target, [...(byTarget.get(target) ?? []), s]);
    }
    const moves = [...byTarget].filter(([target, from]) => from.length > 1 || from[0] !== target);
    if (moves.length === 0) return [];
    const [last, ...before] = [...byTarget].reverse();
    let text = names[last![0]]!;
    for (const [target, from] of before)
      text = `(${this.#among(instance, from)} -> ${names[target]} : ${text})`;
    return [`${variable} = ${text}`];
  }
}

/** Lines as a comment. */
export function comment(lines: readonly string[]): string {
  return ['/*', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'].join('\n');
}
