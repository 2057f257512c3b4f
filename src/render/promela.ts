/**
 * A network as a Promela model: one process, one guarded atomic step for each event. `spin -a` and the compiled
 * `pan` then explore the same states and transitions (theirs are one more: they count the initial state). Each property
 * is judged in a run of its own: `spin -a -DJUDGE -DP_one_owner=1 model.pml`. What speaks of states stands in a never
 * claim, what speaks of events is an assertion in the event's step.
 */
import { type Formula, formulaOf, testsOf } from '../lts/formula.ts';
import type { GlobalEvent, LocalState, Network, Property } from '../lts/index.ts';
import { Identifiers, type StateNames, stateNames } from './names.ts';

const KEYWORDS = [
  'active assert atomic bit bool break byte chan cond_expr d_proctype d_step do else empty enabled eval false fi',
  'for full get_priority goto hidden if init int len local ltl mtype nempty never nfull notrace np_ od of pc_value',
  'pid printf priority proctype provided run select set_priority short show skip STDIN timeout trace true typedef',
  'unless unsigned xr xs JUDGE',
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

/** The name by which a property is switched on: `-DP_one_owner=1`. */
export function promelaSwitch(property: Pick<Property, 'name'>): string {
  return `P_${property.name.replace(/[^A-Za-z0-9]+/g, '_')}`;
}

/** @throws PropertyError when a property cannot be written as a formula. */
export function promela(
  network: Network,
  properties: readonly Property[],
  { title, command }: PromelaHeading,
): string {
  const ids = new Identifiers(KEYWORDS);
  const variables = network.instances.map(({ name }) => ids.of(name));
  const states = stateNames(network, ids);
  const writer = new Writer(network, variables, states);
  const checks = properties.map((property) => writer.check(property));
  return [
    comment([
      `${title}: a network of ${network.instances.length} machines and ${network.events.length} events.`,
      `Written by: ${command}`,
      '',
      'Count:  spin -a model.pml && cc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m10000000 -E',
      `Judge:  spin -a -DJUDGE -D${promelaSwitch(properties[0] ?? { name: 'name' })}=1 model.pml, and on as before; so for each property.`,
      '        A property that shall be possible is reached where its assertion or claim is violated.',
    ]),
    ...writer.constants(),
    '',
    ...network.instances.map(({ lts }, i) => {
      const type = lts.states.length <= 256 ? 'byte' : 'short';
      return `${type} ${variables[i]} = ${states[i]!.names[lts.initial]};`;
    }),
    '',
    ...checks.flatMap(({ define }) => define),
    '',
    '#ifdef JUDGE',
    'never {',
    '  do',
    ...checks.flatMap(({ claim }) => claim),
    '  :: else',
    '  od',
    '}',
    '#endif',
    '',
    'active proctype network() {',
    '  do',
    ...network.events.map((event) =>
      writer.option(
        event,
        checks.flatMap(({ inside }) => inside(event)),
      ),
    ),
    '  od',
    '}',
    '',
  ].join('\n');
}

interface Check {
  /** The switch, off unless it is given, and the macros. */
  readonly define: readonly string[];
  /** What ends the never claim. */
  readonly claim: readonly string[];
  /** What stands in the step of an event. */
  readonly inside: (event: GlobalEvent) => readonly string[];
}

const NOTHING = () => [];

class Writer {
  readonly #network: Network;
  readonly #variables: readonly string[];
  readonly #states: readonly StateNames[];

  constructor(network: Network, variables: readonly string[], states: readonly StateNames[]) {
    this.#network = network;
    this.#variables = variables;
    this.#states = states;
  }

  constants(): string[] {
    return [...new Set(this.#states)].flatMap(({ machine, names, texts }) => [
      '',
      `/* ${machine} */`,
      ...names.map((name, i) => `#define ${name} ${i} /* ${texts[i]} */`),
    ]);
  }

  /** One event: enabled when every participant can take it, then all of them step at once. */
  option(event: GlobalEvent, inside: readonly string[]): string {
    const guards = event.participants.map(([i, e]) => this.#among(i, this.#sources(i, e)));
    const steps = event.participants.flatMap(([i, e]) => this.#step(i, e));
    return [
      `  :: d_step { /* ${event.label}, ${event.kind} of ${event.actor} */`,
      `      ${guards.join(' && ')} ->`,
      ...inside,
      ...(steps.length === 0 ? ['      skip'] : [`      ${steps.join('; ')}`]),
      '    }',
    ].join('\n');
  }

  /** A property: an assertion that is there when its switch is given. */
  check(property: Property): Check {
    const name = promelaSwitch(property);
    const over = property.kind === 'deadlock' ? (property.final?.over ?? []) : (property.over ?? []);
    const at = over.map((instance) => this.#network.instances.findIndex((i) => i.name === instance));
    const formula = (predicate: (...locals: LocalState[]) => boolean) =>
      formulaOf(
        property.name,
        at.map((i) => this.#network.instances[i]!.lts.states),
        predicate,
        property.seen,
      );
    const head = [
      `/* ${property.kind}: ${property.doc.replace(/\*\//g, '')} */`,
      `#ifndef ${name}`,
      `#define ${name} 0`,
      '#endif',
    ];
    const everywhere = (parts: readonly string[], text: string): Check => ({
      define: [...head, ...parts],
      claim: [`  :: ${name} && !(${text}) -> break`],
      inside: NOTHING,
    });
    const inSteps = (
      wanted: (event: GlobalEvent) => boolean,
      text: (event: GlobalEvent) => readonly [readonly string[], string],
    ): Check => {
      const define = [...head];
      const asserts = this.#network.events.map((event) => {
        if (!wanted(event)) return [];
        const [parts, assertion] = text(event);
        define.push(...parts);
        return [`      assert(!${name} || ${assertion});`];
      });
      return { define, claim: [], inside: (event) => asserts[event.index]! };
    };
    switch (property.kind) {
      // A safety run cannot judge it: see promela-liveness.ts.
      case 'leads-to':
        return { define: [], claim: [], inside: NOTHING };
      case 'invariant': {
        const f = formula((...locals) => property.holds(...locals) === true);
        return everywhere(this.#parts(name, at, f), this.#text(name, at, f));
      }
      case 'forbidden':
        return inSteps(property.event, (event) => {
          const f = formula((...locals) => property.when === undefined || property.when(event, ...locals));
          const prefix = `${name}_e${event.index}`;
          return [this.#parts(prefix, at, f), `!${this.#text(prefix, at, f)}`];
        });
      case 'deadlock': {
        const f = formula((...locals) => property.final?.is(...locals) === true);
        const enabled = this.#network.events.map(
          ({ participants }) =>
            `(${participants.map(([i, e]) => this.#among(i, this.#sources(i, e))).join(' && ')})`,
        );
        const [some, all] = [`${name}_enabled`, enabled.join(' \\\n  || ')];
        return everywhere(
          [...this.#parts(name, at, f), `#define ${some} ( \\\n     ${all})`],
          `${some} || ${this.#text(name, at, f)}`,
        );
      }
      case 'possible': {
        const f = formula((...locals) => property.when === undefined || property.when(...locals));
        const parts = this.#parts(name, at, f);
        const not = `!${this.#text(name, at, f)}`;
        if (property.event === undefined) return everywhere(parts, not);
        let first = true;
        return inSteps(property.event, () => {
          const once = first ? parts : [];
          first = false;
          return [once, not];
        });
      }
    }
  }

  /** A macro for each test of a formula, those below first. */
  #parts(prefix: string, at: readonly number[], formula: Formula): string[] {
    return testsOf(formula).map((test) => {
      const branches = test.branches
        .filter(({ leads }) => leads !== false)
        .map(({ states, leads }) => {
          const here = this.#among(at[test.of]!, states);
          return leads === true ? here : `(${here} && ${this.#text(prefix, at, leads)})`;
        });
      return `#define ${prefix}_${test.id} (${branches.join(' || ')})`;
    });
  }

  #text(prefix: string, _at: readonly number[], formula: Formula): string {
    return typeof formula === 'boolean' ? `(${formula})` : `${prefix}_${formula.id}`;
  }

  #sources(instance: number, event: number): number[] {
    const { states, events, next } = this.#network.instances[instance]!.lts;
    return states.map(({ index }) => index).filter((s) => next[s * events.length + event]! >= 0);
  }

  /** The instance is in one of these local states. */
  #among(instance: number, states: readonly number[]): string {
    const all = this.#network.instances[instance]!.lts.states.length;
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
    const { events, next } = this.#network.instances[instance]!.lts;
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

function comment(lines: readonly string[]): string {
  return ['/*', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'].join('\n');
}
