/**
 * The dialect of DOT that the kernel's generators read, as a checker: written from its description, not from the
 * writer. A text that is read gives the automaton; anything else is refused with the line.
 */
export interface RvAutomaton {
  readonly initial: string;
  readonly states: readonly string[];
  /** By `state event`, the state that it leads to. */
  readonly steps: ReadonlyMap<string, string>;
}

const IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*';
const INIT_NODE = new RegExp(
  `^\\{node \\[shape = plaintext, style=invis, label=""\\] "__init_(${IDENTIFIER})"\\};$`,
);
const NODE = new RegExp(`^\\{node \\[shape = (doublecircle|circle)\\] "(${IDENTIFIER})"\\};$`);
const INIT_EDGE = new RegExp(`^"__init_(${IDENTIFIER})" -> "(${IDENTIFIER})";$`);
const LABEL = new RegExp(`^"(${IDENTIFIER})" \\[label = "(${IDENTIFIER})"\\];$`);
const EDGE = new RegExp(
  `^"(${IDENTIFIER})" -> "(${IDENTIFIER})" \\[ label = "(${IDENTIFIER}(?:\\\\n${IDENTIFIER})*)" \\];$`,
);
const KEYWORDS =
  /^(auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|int|long|register|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile|while)$/;

export function readRv(text: string): RvAutomaton {
  const lines = text.split('\n').map((line) => line.trim());
  let at = 0;
  const refuse = (why: string): never => {
    throw new Error(`line ${at + 1}: ${why}: ${lines[at]}`);
  };
  const take = (pattern: RegExp, what: string): RegExpExecArray => {
    const found = pattern.exec(lines[at] ?? '') ?? refuse(`expected ${what}`);
    at++;
    return found;
  };
  if (text.split('\n')[0] !== 'digraph state_automaton {') refuse('expected the heading');
  at = 1;
  const initial = take(INIT_NODE, 'the node before the initial state')[1]!;
  const states: string[] = [];
  while (NODE.test(lines[at]!)) {
    const [, shape, state] = take(NODE, 'a node');
    if ((shape === 'doublecircle') !== (state === initial)) refuse('only the initial state has two circles');
    if (states.includes(state!)) refuse('a state has two nodes');
    states.push(state!);
  }
  const [, from, to] = take(INIT_EDGE, 'the edge to the initial state');
  if (from !== initial || to !== initial) refuse('the first edge leads to another state');
  const steps = new Map<string, string>();
  const edges = new Set<string>();
  for (;;) {
    if (LABEL.test(lines[at]!)) {
      const [, state, label] = take(LABEL, 'a label');
      if (!states.includes(state!) || state !== label) refuse('a label of no state');
      continue;
    }
    if (!EDGE.test(lines[at]!)) break;
    const [, source, target, events] = take(EDGE, 'an edge');
    for (const state of [source!, target!]) if (!states.includes(state)) refuse('a state without a node');
    if (edges.has(`${source} ${target}`)) refuse('a second edge between two states is dropped');
    edges.add(`${source} ${target}`);
    for (const event of events!.split('\\n')) {
      if (KEYWORDS.test(event)) refuse('an event is called like a keyword');
      if (steps.has(`${source} ${event}`)) refuse('an event leads to two states');
      steps.set(`${source} ${event}`, target!);
    }
  }
  for (const state of states) if (KEYWORDS.test(state)) refuse(`${state} is a keyword`);
  for (const wanted of ['{ rank = min ;', `"__init_${initial}";`, `"${initial}";`, '}', '}', '']) {
    if (lines[at] !== wanted) refuse(`expected ${wanted}`);
    at++;
  }
  return { initial, states, steps };
}
