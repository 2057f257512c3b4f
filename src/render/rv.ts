/**
 * A machine as DOT in the dialect of the kernel's runtime-verification generators (tools/verification: rvgen, before
 * 6.16 dot2k and dot2c). The dialect is read line by line: each kind of statement has its one form, states and events
 * are C identifiers, all events between two states stand on one edge, and one event leads from a state to one state.
 */
import { type LocalLts, stateText } from '../lts/index.ts';
import { Identifiers } from './names.ts';

const C_KEYWORDS = [
  'auto break case char const continue default do double else enum extern float for goto if inline int long register',
  'restrict return short signed sizeof static struct switch typedef union unsigned void volatile while',
]
  .join(' ')
  .split(' ');

/** Events of a machine that no kernel probe could report: it cannot become a monitor. */
export class NotObservable extends Error {
  constructor(machine: string, events: readonly string[]) {
    super(
      `${machine} cannot be watched in a kernel: no function or tracepoint stands for ${events.join(', ')}; choose a machine whose events all have a kernel symbol`,
    );
    this.name = 'NotObservable';
  }
}

/**
 * @param lts a compiled machine; its local states become the states, its local events, with their parameters, the
 * events. Those that no state offers are left out.
 * @throws NotObservable when an event stands for no kernel symbol
 */
export function rvDot(lts: LocalLts): string {
  const blind = Object.entries(lts.alphabet).filter(([, { symbol }]) => symbol === '');
  if (blind.length > 0)
    throw new NotObservable(
      lts.name,
      blind.map(([type]) => type),
    );
  const ids = new Identifiers(C_KEYWORDS);
  const states = lts.states.map((state) => ids.of(stateText(state).replace(/\w+=/g, '')));
  const eventIds = new Identifiers(C_KEYWORDS);
  const events = lts.events.map(({ label }) => eventIds.of(label.replace(/\w+=/g, '')));
  const first = states[lts.initial]!;
  const init = `"__init_${first}"`;
  const edges = lts.states.flatMap(({ index }) => {
    const byTarget = new Map<number, string[]>();
    lts.events.forEach((_, e) => {
      const target = lts.next[index * lts.events.length + e]!;
      if (target >= 0) byTarget.set(target, [...(byTarget.get(target) ?? []), events[e]!]);
    });
    return [...byTarget].map(
      ([target, names]) => `\t"${states[index]}" -> "${states[target]}" [ label = "${names.join('\\n')}" ];`,
    );
  });
  return [
    'digraph state_automaton {',
    `\t{node [shape = plaintext, style=invis, label=""] ${init}};`,
    `\t{node [shape = doublecircle] "${first}"};`,
    ...states.filter((state) => state !== first).map((state) => `\t{node [shape = circle] "${state}"};`),
    `\t${init} -> "${first}";`,
    ...states.map((state) => `\t"${state}" [label = "${state}"];`),
    ...edges,
    '\t{ rank = min ;',
    `\t\t${init};`,
    `\t\t"${first}";`,
    '\t}',
    '}',
    '',
  ].join('\n');
}
