/**
 * Branches of a TypeScript source, each with a counter of its own.
 *
 * Branches are what Istanbul counts: both sides of an `if` (also a side that is not written) and of `?:`, each
 * operand of `&&`, `||` and `??`, each `case`, each default value. To these comes the entry of each function, for
 * one without a branch would not be seen at all. A side is counted when it is taken, never worked out as the rest:
 * in a generator that is dropped at a `yield` the rest is not what went the other way.
 */
import { parseAst } from 'vite';

/** One arm of one branch point. */
export interface Arm {
  /** Where it stands, from 1. */
  readonly line: number;
  /** Name that lasts while lines move: function, what is asked, which way; with a number where it recurs. */
  readonly branch: string;
  readonly kind: 'branch' | 'function';
}

/** A source with counters, and what they count, in order. */
export interface Instrumented {
  readonly code: string;
  readonly arms: readonly Arm[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Name of the global that holds one byte for each arm: 1 when it was taken. */
export const TAKEN = '__ccdmaTaken';

/**
 * Puts counters into a source.
 *
 * @param first number of the source's first arm in {@link TAKEN}
 */
export function instrument(source: string, first: number): Instrumented {
  return new Instrumenter(source, first).run();
}

class Instrumenter {
  readonly #source: string;
  readonly #first: number;
  readonly #arms: Arm[] = [];
  readonly #seen = new Map<string, number>();
  /** Texts to insert. Of those at one place, an end (`}`, `)`) stands before a beginning. */
  readonly #inserts: { readonly at: number; readonly text: string; readonly end: boolean }[] = [];
  readonly #functions: string[] = [];

  constructor(source: string, first: number) {
    this.#source = source;
    this.#first = first;
  }

  run(): Instrumented {
    const ast = parseAst(this.#source, { lang: 'ts' }) as unknown as Node;
    this.#visit(ast, null);
    // Stable: what was inserted first at a place is the outer one of two beginnings, so that ends are turned round.
    const order = this.#inserts.map((insert, n) => ({ ...insert, n }));
    order.sort((a, b) => a.at - b.at || Number(b.end) - Number(a.end) || (a.end ? b.n - a.n : a.n - b.n));
    let code = '';
    let from = 0;
    for (const { at, text } of order) {
      code += this.#source.slice(from, at) + text;
      from = at;
    }
    return { code: code + this.#source.slice(from), arms: this.#arms };
  }

  #visit(node: Node, parent: Node | null): void {
    const name = functionName(node, parent);
    if (name !== null) {
      this.#functions.push(name);
      this.#entry(node);
    }
    switch (node.type) {
      case 'IfStatement': {
        const test = this.#text(node.test as Node);
        const yes = this.#count((node.consequent as Node).start, `if (${test}): yes`, 'branch');
        const alternate = node.alternate as Node | null;
        const no = this.#count((alternate ?? node).start, `if (${test}): no`, 'branch');
        this.#around(node.consequent as Node, `{${yes};`, alternate === null ? `}else{${no};}` : '}');
        if (alternate !== null) this.#around(alternate, `{${no};`, '}');
        break;
      }
      case 'ConditionalExpression': {
        const test = this.#text(node.test as Node);
        this.#expression(node.consequent as Node, `${test} ? ${this.#text(node.consequent as Node)}`);
        this.#expression(node.alternate as Node, `${test} : ${this.#text(node.alternate as Node)}`);
        break;
      }
      case 'LogicalExpression':
        // The outermost of a chain takes all operands.
        if (!isLogical(parent))
          for (const operand of operands(node)) this.#expression(operand, this.#operandName(node, operand));
        break;
      case 'AssignmentExpression':
        if (['&&=', '||=', '??='].includes(node.operator as string))
          this.#expression(node.right as Node, `${this.#text(node)}: assigned`);
        break;
      case 'AssignmentPattern':
        this.#expression(node.right as Node, `${this.#text(node)}: by default`);
        break;
      case 'SwitchCase':
        this.#case(node);
        break;
    }
    for (const child of children(node)) this.#visit(child, node);
    if (name !== null) this.#functions.pop();
  }

  #operandName(chain: Node, operand: Node): string {
    return `${this.#text(chain)}: ${this.#text(operand)}`;
  }

  /** An arm's number, and its counting as an expression. */
  #count(at: number, what: string, kind: Arm['kind']): string {
    const within = this.#functions.join('/');
    const branch = kind === 'function' ? within : `${within === '' ? '' : `${within}: `}${what}`;
    const times = (this.#seen.get(branch) ?? 0) + 1;
    this.#seen.set(branch, times);
    const line = this.#source.slice(0, at).split('\n').length;
    const number = this.#first + this.#arms.length;
    this.#arms.push({ line, branch: times === 1 ? branch : `${branch} #${times}`, kind });
    return `${TAKEN}[${number}]=1`;
  }

  #entry(node: Node): void {
    const body = node.body as Node;
    const count = this.#count(node.start, '', 'function');
    if (body.type === 'BlockStatement') this.#insert(body.start + 1, `${count};`);
    else this.#around(body, `(${count},`, ')');
  }

  #expression(node: Node, what: string): void {
    this.#around(node, `(${this.#count(node.start, what, 'branch')},`, ')');
  }

  #case(node: Node): void {
    const [first] = node.consequent as Node[];
    const what = node.test === null ? 'default' : `case ${this.#text(node.test as Node)}`;
    // A case without statements of its own counts too, and falls through.
    const at = first?.start ?? node.end;
    this.#insert(at, `${this.#count(node.start, what, 'branch')};`);
  }

  #insert(at: number, text: string): void {
    this.#inserts.push({ at, text, end: false });
  }

  #around({ start, end }: Node, before: string, behind: string): void {
    this.#insert(start, before);
    this.#inserts.push({ at: end, text: behind, end: true });
  }

  #text({ start, end }: Node): string {
    const text = this.#source.slice(start, end).replace(/\s+/g, ' ');
    return text.length <= MOST ? text : `${text.slice(0, MOST - 1)}…`;
  }
}

/** Longest piece of source in a name. */
const MOST = 90;

/** Of a function, its name as it is called; of anything else null. */
function functionName(node: Node, parent: Node | null): string | null {
  switch (node.type) {
    case 'FunctionDeclaration':
      return (node.id as Node | null)?.name as string;
    case 'FunctionExpression':
    case 'ArrowFunctionExpression': {
      const named = parent?.type === 'VariableDeclarator' ? (parent.id as Node) : (parent?.key as Node);
      return (named?.name as string | undefined) ?? '(function)';
    }
    default:
      return null;
  }
}

const isLogical = (node: Node | null): boolean => node?.type === 'LogicalExpression';

/** The operands of a chain of `&&`, `||` and `??`. */
function operands(node: Node): Node[] {
  if (!isLogical(node)) return [node];
  return [...operands(node.left as Node), ...operands(node.right as Node)];
}

/** Child nodes in the order of the source; types hold no branches. */
function children(node: Node): Node[] {
  const out: Node[] = [];
  for (const [field, value] of Object.entries(node)) {
    if (field === 'typeAnnotation' || field === 'returnType' || field === 'typeParameters') continue;
    for (const one of Array.isArray(value) ? value : [value])
      if (typeof one === 'object' && one !== null && typeof (one as Node).type === 'string')
        out.push(one as Node);
  }
  return out.sort((a, b) => a.start - b.start);
}
