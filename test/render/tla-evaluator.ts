/**
 * An evaluator of the part of TLA+ that the export uses: enough to take the steps of a module and judge its
 * invariants, written from the language's book and not from the writer.
 */
type Value = boolean | string;
type State = Readonly<Record<string, string>>;

/** A module, read. */
export class TlaModule {
  readonly variables: readonly string[];
  readonly #bodies = new Map<string, Node>();
  readonly #temporal = new Map<string, string>();

  constructor(text: string) {
    const plain = text.replace(/\(\*[\s\S]*?\*\)/g, '').replace(/\\\*.*$/gm, '');
    this.variables = /^VARIABLES (.*)$/m.exec(plain)![1]!.split(', ');
    const definitions = plain.split(/^(?=\w+ ==)/m).slice(1);
    for (const definition of definitions) {
      const [, name, body] = /^(\w+) ==([\s\S]*?)(?:\n={4,}|$)/.exec(definition)!;
      if (/WF_vars|\[\]\[|~>|<<.*>>_|^\s*<</.test(body!)) {
        this.#temporal.set(name!, body!);
        continue;
      }
      this.#bodies.set(name!, new Parser(tokens(inLine(body!))).whole());
    }
  }

  /** Names that are defined. */
  has(name: string): boolean {
    return this.#bodies.has(name);
  }

  /** The text of a temporal definition; where one is a formula of a state, as Fairness == TRUE, `TRUE`. */
  temporal(name: string): string {
    const text = this.#temporal.get(name);
    if (text !== undefined) return text;
    const body = this.#bodies.get(name);
    if (body?.kind === 'truth' && body.truth) return 'TRUE';
    throw new Error(`${name} is no temporal formula`);
  }

  /** The states of Init: one here, since it gives every variable a value. */
  initial(): State {
    const next: Record<string, string> = {};
    for (const part of conjuncts(this.#bodies.get('Init')!)) {
      if (part.kind !== '=' || part.left.kind !== 'name') throw new Error('Init is no list of equations');
      next[part.left.name] = this.#value(part.right, {}) as string;
    }
    return next;
  }

  /** Every step of Next from a state: the name of the action and the state it leads to. */
  steps(state: State): { action: string; next: State }[] {
    const actions = disjuncts(this.#bodies.get('Next')!).map((node) => (node as { name: string }).name);
    return actions.flatMap((action) => {
      const next = this.#step(this.#bodies.get(action)!, state);
      return next === null ? [] : [{ action, next }];
    });
  }

  holds(name: string, state: State): boolean {
    return this.#value(this.#bodies.get(name)!, state) as boolean;
  }

  #step(body: Node, state: State): State | null {
    const next: Record<string, string> = {};
    for (const part of conjuncts(body)) {
      if (part.kind === 'unchanged') for (const name of part.names) next[name] = state[name]!;
      else if (part.kind === '=' && part.left.kind === 'next') {
        next[part.left.name] = this.#value(part.right, state) as string;
      } else if (this.#value(part, state) !== true) return null;
    }
    for (const name of this.variables) if (next[name] === undefined) throw new Error(`${name}' has no value`);
    return next;
  }

  #value(node: Node, state: State): Value {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'truth':
        return node.truth;
      case 'name': {
        if (node.name in state) return state[node.name]!;
        const body = this.#bodies.get(node.name);
        if (body === undefined) throw new Error(`${node.name} is not defined`);
        return this.#value(body, state);
      }
      case '=':
        return this.#value(node.left, state) === this.#value(node.right, state);
      case '#':
        return this.#value(node.left, state) !== this.#value(node.right, state);
      case 'in':
        return node.set.includes(this.#value(node.left, state) as string);
      case 'not':
        return !this.#value(node.of, state);
      case 'and':
        return node.parts.every((part) => this.#value(part, state) === true);
      case 'or':
        return node.parts.some((part) => this.#value(part, state) === true);
      case 'case': {
        const arm = node.arms.find(({ when }) => this.#value(when, state) === true);
        if (arm === undefined) throw new Error('no arm of CASE applies');
        return this.#value(arm.value, state);
      }
      default:
        throw new Error(`${node.kind} is no expression of a state`);
    }
  }
}

type Node =
  | { kind: 'text'; text: string }
  | { kind: 'truth'; truth: boolean }
  | { kind: 'name' | 'next'; name: string }
  | { kind: '=' | '#'; left: Node; right: Node }
  | { kind: 'in'; left: Node; set: string[] }
  | { kind: 'not'; of: Node }
  | { kind: 'and' | 'or'; parts: Node[] }
  | { kind: 'case'; arms: { when: Node; value: Node }[] }
  | { kind: 'unchanged'; names: string[] };

const conjuncts = (node: Node): Node[] => (node.kind === 'and' ? node.parts : [node]);
const disjuncts = (node: Node): Node[] => (node.kind === 'or' ? node.parts : [node]);

/** A list of items, each on a line of its own with its bullet, as one expression with parentheses. */
function inLine(body: string): string {
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  const bullet = /^\s*(\/\\|\\\/) (.*)$/;
  if (!lines.every((line) => bullet.test(line))) return lines.join(' ');
  return lines
    .map((line, n) => `${n === 0 ? '' : bullet.exec(line)![1]} (${bullet.exec(line)![2]})`)
    .join(' ');
}

function tokens(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|\/\\|\\\/|\\in|->|\[\]|<<|>>|[A-Za-z_]\w*'?|[=#~(){},]/g) ?? [];
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(list: readonly string[]) {
    this.#tokens = list;
  }

  whole(): Node {
    const node = this.#or();
    if (this.#at !== this.#tokens.length)
      throw new Error(`cannot read ${this.#tokens.slice(this.#at).join(' ')}`);
    return node;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(expected?: string): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined || (expected !== undefined && token !== expected))
      throw new Error(`expected ${expected ?? 'more'}, found ${token}`);
    return token;
  }

  #many(separator: string, kind: 'and' | 'or', one: () => Node): Node {
    const parts = [one()];
    while (this.#peek() === separator) {
      this.#take();
      parts.push(one());
    }
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  #or(): Node {
    return this.#many('\\/', 'or', () => this.#many('/\\', 'and', () => this.#relation()));
  }

  #relation(): Node {
    const left = this.#operand();
    const operator = this.#peek();
    if (operator === '=' || operator === '#') {
      this.#take();
      return { kind: operator, left, right: this.#operand() };
    }
    if (operator !== '\\in') return left;
    this.#take();
    this.#take('{');
    const set: string[] = [];
    while (this.#peek() !== '}') {
      set.push(unquoted(this.#take()));
      if (this.#peek() === ',') this.#take();
    }
    this.#take('}');
    return { kind: 'in', left, set };
  }

  #operand(): Node {
    const token = this.#take();
    if (token === '~') return { kind: 'not', of: this.#operand() };
    if (token === '(') {
      const inner = this.#or();
      this.#take(')');
      return inner;
    }
    if (token.startsWith('"')) return { kind: 'text', text: unquoted(token) };
    if (token === 'TRUE' || token === 'FALSE') return { kind: 'truth', truth: token === 'TRUE' };
    if (token === 'UNCHANGED') {
      const names: string[] = [];
      this.#take('<<');
      for (let name = this.#take(); name !== '>>'; name = this.#take()) if (name !== ',') names.push(name);
      return { kind: 'unchanged', names };
    }
    if (token === 'CASE') {
      const arms: { when: Node; value: Node }[] = [];
      do {
        const when = this.#or();
        this.#take('->');
        arms.push({ when, value: this.#operand() });
      } while (this.#peek() === '[]' && this.#take() === '[]');
      return { kind: 'case', arms };
    }
    if (/^\w+'$/.test(token)) return { kind: 'next', name: token.slice(0, -1) };
    if (/^\w+$/.test(token)) return { kind: 'name', name: token };
    throw new Error(`cannot read ${token}`);
  }
}

const unquoted = (text: string) => text.slice(1, -1).replace(/\\(.)/g, '$1');
