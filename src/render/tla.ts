/**
 * A network as a TLA+ module, with a configuration for TLC: a variable for each machine, an action for each event,
 * invariants, and what is to be fair.
 */
import { type Formula, formulaOf, testsOf } from '../lts/formula.ts';
import type { FairSet, GlobalEvent, LeadsTo, LocalState, Network, Property } from '../lts/index.ts';
import { stateText } from '../lts/index.ts';
import { Identifiers } from './names.ts';

const WORDS = [
  'ASSUME ASSUMPTION AXIOM CASE CHOOSE CONSTANT CONSTANTS DOMAIN ELSE ENABLED EXCEPT EXTENDS IF IN INSTANCE LET LOCAL',
  'MODULE OTHER SF_ SUBSET THEN THEOREM UNCHANGED UNION VARIABLE VARIABLES WF_ WITH TRUE FALSE Init Next Spec vars',
  'TypeOK Fairness true false',
]
  .join(' ')
  .split(' ');

/** The two files of a model. */
export interface TlaModel {
  /** The module's name, which is that of the files: `NAME.tla`, `NAME.cfg`. */
  readonly name: string;
  readonly module: string;
  readonly config: string;
}

/** What the heading of a module says. */
export interface TlaHeading {
  readonly title: string;
  readonly command: string;
}

/**
 * A forbidden event is an invariant here: where it would be forbidden, it is not enabled. A `possible` is an
 * invariant whose violation is the witness; it stands in the module and is left out of the configuration.
 *
 * @throws PropertyError when a property cannot be written as a formula.
 */
export function tla(network: Network, properties: readonly Property[], heading: TlaHeading): TlaModel {
  const name = heading.title.replace(/[^A-Za-z0-9]+/g, '_');
  return new Writer(network, properties).model(name, heading);
}

class Writer {
  readonly #network: Network;
  readonly #properties: readonly Property[];
  readonly #ids = new Identifiers(WORDS);
  readonly #variables: readonly string[];
  readonly #actions: readonly string[];
  readonly #texts: readonly (readonly string[])[];

  constructor(network: Network, properties: readonly Property[]) {
    this.#network = network;
    this.#properties = properties;
    this.#variables = network.instances.map(({ name }) => this.#ids.of(name));
    this.#actions = network.events.map(({ label }) =>
      this.#ids.of(`action ${label}`).replace(/^action_/, 'do_'),
    );
    this.#texts = network.instances.map(({ lts }) => lts.states.map((state) => quoted(stateText(state))));
  }

  model(name: string, { title, command }: TlaHeading): TlaModel {
    const { instances, events } = this.#network;
    const invariants: string[] = [];
    const temporal: string[] = [];
    const defined: string[] = [];
    for (const property of this.#properties) {
      const { lines, is, into } = this.#property(property);
      defined.push(`\\* ${property.kind}: ${property.doc}`, ...lines, '');
      if (into === 'invariant') invariants.push(is);
      if (into === 'temporal') temporal.push(is);
    }
    const title_ = ` MODULE ${name} `;
    const module = [
      `${'-'.repeat(20)}${title_}${'-'.repeat(20)}`,
      '(*',
      ` * ${title}: ${instances.length} machines, ${events.length} events.`,
      ` * Written by: ${command}`,
      ' *)',
      `VARIABLES ${this.#variables.join(', ')}`,
      `vars == <<${this.#variables.join(', ')}>>`,
      '',
      'TypeOK ==',
      ...instances.map((_, i) => `  /\\ ${this.#variables[i]} \\in {${this.#texts[i]!.join(', ')}}`),
      '',
      'Init ==',
      ...instances.map(({ lts }, i) => `  /\\ ${this.#variables[i]} = ${this.#texts[i]![lts.initial]}`),
      '',
      ...events.flatMap((event) => [...this.#action(event.index), '']),
      'Next ==',
      ...this.#actions.map((action) => `  \\/ ${action}`),
      '',
      ...this.#fairnessOfAll(),
      'Spec == Init /\\ [][Next]_vars /\\ Fairness',
      '',
      ...defined,
      '='.repeat(40 + title_.length),
      '',
    ].join('\n');
    const deadlock = this.#properties.some(({ kind }) => kind === 'deadlock');
    const config = [
      'SPECIFICATION Spec',
      `CHECK_DEADLOCK FALSE${deadlock ? ' \\* an invariant says which states may be final' : ''}`,
      'INVARIANT TypeOK',
      ...invariants.map((invariant) => `INVARIANT ${invariant}`),
      ...temporal.map((property) => `PROPERTY ${property}`),
      '',
    ].join('\n');
    return { name, module, config };
  }

  #sources(instance: number, event: number): number[] {
    const { states, events, next } = this.#network.instances[instance]!.lts;
    return states.map(({ index }) => index).filter((s) => next[s * events.length + event]! >= 0);
  }

  #action(event: number): string[] {
    const { label, kind, actor, symbol, participants } = this.#network.events[event]!;
    const moved = new Set<number>();
    const steps = participants.flatMap(([i, e]) => {
      const { events, next } = this.#network.instances[i]!.lts;
      const byTarget = new Map<number, number[]>();
      for (const s of this.#sources(i, e)) {
        const target = next[s * events.length + e]!;
        byTarget.set(target, [...(byTarget.get(target) ?? []), s]);
      }
      if ([...byTarget].every(([target, from]) => from.length === 1 && from[0] === target)) return [];
      moved.add(i);
      const v = this.#variables[i]!;
      const texts = this.#texts[i]!;
      if (byTarget.size === 1) return [`  /\\ ${v}' = ${texts[[...byTarget.keys()][0]!]}`];
      const cases = [...byTarget].map(([target, from]) => `${this.#among(i, from)} -> ${texts[target]}`);
      return [`  /\\ ${v}' = CASE ${cases.join(' [] ')}`];
    });
    const still = this.#variables.filter((_, i) => !moved.has(i));
    return [
      `\\* ${label}: ${kind} of ${actor}${symbol === '' ? '' : `, ${symbol}`}`,
      `${this.#actions[event]} ==`,
      ...participants.map(([i, e]) => `  /\\ ${this.#among(i, this.#sources(i, e))}`),
      ...steps,
      ...(still.length === 0 ? [] : [`  /\\ UNCHANGED <<${still.join(', ')}>>`]),
    ];
  }

  #among(instance: number, states: readonly number[]): string {
    const v = this.#variables[instance]!;
    const texts = this.#texts[instance]!;
    if (states.length === texts.length) return 'TRUE';
    if (states.length === 0) return 'FALSE';
    if (states.length === 1) return `${v} = ${texts[states[0]!]}`;
    if (states.length === texts.length - 1) {
      return `${v} # ${texts[texts.findIndex((_, s) => !states.includes(s))]}`;
    }
    return `${v} \\in {${states.map((s) => texts[s]).join(', ')}}`;
  }

  /** Where an event is enabled. */
  #guard(event: number): string {
    const { participants } = this.#network.events[event]!;
    return `(${participants.map(([i, e]) => this.#among(i, this.#sources(i, e))).join(' /\\ ')})`;
  }

  /** What all that must come takes for granted; where that is not the same, each says it for itself. */
  #fairnessOfAll(): string[] {
    const [first, ...others] = this.#fairnesses();
    const same = first !== undefined && others.every((other) => other.join() === first.join());
    return same && first.length > 0 ? ['Fairness ==', ...first, ''] : ['Fairness == TRUE', ''];
  }

  #fairnesses(): string[][] {
    return this.#properties.flatMap((property) =>
      property.kind === 'leads-to' ? [this.#fairness(property)] : [],
    );
  }

  #fairness({ fair }: LeadsTo): string[] {
    return fair.flatMap((set) => {
      const events = this.#eventsOf(set);
      if (events.length === 0) return [];
      return [`  /\\ WF_vars(${events.map((e) => this.#actions[e]).join(' \\/ ')}) \\* ${set.name}`];
    });
  }

  #eventsOf({ event }: Pick<FairSet, 'event'>): number[] {
    return this.#network.events.filter((e) => event(e)).map(({ index }) => index);
  }

  #property(property: Property): {
    lines: string[];
    is: string;
    into: 'invariant' | 'temporal' | 'nothing';
  } {
    const is = this.#ids.of(`property ${property.name}`).replace(/^property_/, '');
    const over = property.kind === 'deadlock' ? (property.final?.over ?? []) : (property.over ?? []);
    const at = over.map((name) => this.#network.instances.findIndex((i) => i.name === name));
    const write = (prefix: string, predicate: (...locals: LocalState[]) => boolean) => {
      const states = at.map((i) => this.#network.instances[i]!.lts.states);
      return this.#formula(prefix, at, formulaOf(property.name, states, predicate, property.seen));
    };
    switch (property.kind) {
      case 'invariant': {
        const { lines, text } = write(is, (...locals) => property.holds(...locals) === true);
        return { lines: [...lines, `${is} == ${text}`], is, into: 'invariant' };
      }
      case 'forbidden': {
        const parts = this.#network.events
          .filter((event) => property.event(event))
          .map((event) => {
            const when = (...locals: LocalState[]) => property.when?.(event, ...locals) ?? true;
            const { lines, text } = write(`${is}_${this.#actions[event.index]}`, when);
            return { lines, text: `  /\\ ~(${this.#guard(event.index)} /\\ ${text})` };
          });
        const body = parts.length === 0 ? ['  TRUE'] : parts.map(({ text }) => text);
        return {
          lines: [...parts.flatMap(({ lines }) => lines), `${is} ==`, ...body],
          is,
          into: 'invariant',
        };
      }
      case 'deadlock': {
        const { lines, text } = write(is, (...locals) => property.final?.is(...locals) === true);
        const enabled = this.#network.events.map(({ index }) => `  \\/ ${this.#guard(index)}`);
        return { lines: [...lines, `${is} ==`, `  \\/ ${text}`, ...enabled], is, into: 'invariant' };
      }
      case 'possible': {
        const { lines, text } = write(is, (...locals) => property.when?.(...locals) ?? true);
        const events = this.#network.events.filter((e) => property.event?.(e) === true);
        const guards = events.map(({ index }) => this.#guard(index)).join(' \\/ ') || 'FALSE';
        const situation = property.event === undefined ? text : `(${text} /\\ (${guards}))`;
        return { lines: [...lines, `${is} == ~${situation}`], is, into: 'nothing' };
      }
      case 'leads-to': {
        const from = write(`${is}_from`, property.from);
        const to = write(`${is}_to`, property.to);
        const any = (wanted: (event: GlobalEvent) => boolean) =>
          this.#eventsOf({ event: wanted }).map((event) => this.#actions[event]);
        const { onlyOnStem, recurring } = property;
        const ended = onlyOnStem === undefined ? [] : any(onlyOnStem);
        // Where nothing can recur no run is judged.
        const recurs = recurring === undefined ? null : any(recurring).join(' \\/ ') || 'FALSE';
        const assumed = [
          ...(ended.length === 0 ? [] : [`<>[][~(${ended.join(' \\/ ')})]_vars`]),
          ...(recurs === null ? [] : [`[]<><<${recurs}>>_vars`]),
        ];
        const own = this.#fairness(property);
        const alone = own.length > 0 && this.#fairnessOfAll().length === 2;
        if (alone) assumed.unshift(`${is}_fairness`);
        const goal = `(${from.text} ~> ${to.text})`;
        const text = assumed.length === 0 ? goal : `(${assumed.join(' /\\ ')}) => ${goal}`;
        const fairness = alone ? [`${is}_fairness ==`, ...own] : [];
        return { lines: [...from.lines, ...to.lines, ...fairness, `${is} == ${text}`], is, into: 'temporal' };
      }
    }
  }

  #formula(prefix: string, at: readonly number[], formula: Formula): { lines: string[]; text: string } {
    const text = (f: Formula) => (typeof f === 'boolean' ? (f ? 'TRUE' : 'FALSE') : `${prefix}_${f.id}`);
    const lines = testsOf(formula).flatMap((test) => [
      `${prefix}_${test.id} ==`,
      ...test.branches
        .filter(({ leads }) => leads !== false)
        .map(({ states, leads }) => {
          const here = this.#among(at[test.of]!, states);
          return leads === true ? `  \\/ ${here}` : `  \\/ ${here} /\\ ${text(leads)}`;
        }),
    ]);
    return { lines, text: text(formula) };
  }
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
