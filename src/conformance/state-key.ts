/**
 * When are two simulated kernels one state? When all of their state and every task's whole stack are
 * equal, compared exactly.
 *
 * The key is made of parts (a task, the pools, the pages, …); each part's text is kept once and stands in
 * the key as its number, so a key is short and two keys are equal only if all parts are.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { KernelState, SlotArray } from '../kernel/state.ts';
import type { Json, Task } from '../kernel/task.ts';

/** A local that a test leaves out of the key, to show that it is needed. */
export interface OmittedLocal {
  readonly fn: string;
  readonly local: string;
}

/** Parts that are made into text in a way of their own. */
const OF_ITS_OWN: ReadonlySet<string> = new Set(['tasks', 'memory', 'slots']);

/** Makes keys that can be compared with each other. */
export class StateKeys {
  readonly #numbers: Map<string, number> = new Map();
  readonly #arrays = new WeakMap<readonly number[], string>();
  readonly #omit: OmittedLocal | null;

  constructor(omit: OmittedLocal | null = null) {
    this.#omit = omit;
  }

  /** Key of a kernel, with something of the caller's (the progress of a workload). */
  of(k: Kernel, extra: string): string {
    const s = k.state;
    let key = this.#part(`x${extra}`);
    for (const t of s.tasks) key += this.#part(this.#task(t));
    key += this.#shared(s.memory.codes, 'c');
    let bytes = 'b';
    for (const page in s.memory.bytes) bytes += `${page}${this.#shared(s.memory.bytes[page]!, 'B')}`;
    key += this.#part(bytes);
    key += this.#part(`s${s.slots.map(slotText).join(';')}`);
    // Whatever else memory and a state hold is in the key, whoever adds it: nothing is left out but by name.
    const { codes: _codes, bytes: _bytes, ...laid } = s.memory;
    key += this.#part(`m${text(laid)}`);
    for (const name in s) {
      if (!OF_ITS_OWN.has(name))
        key += this.#part(name + text(s[name as keyof KernelState] as Json | object));
    }
    return key;
  }

  /** Number of a part, as two characters. */
  #part(text: string): string {
    let n = this.#numbers.get(text);
    if (n === undefined) {
      n = this.#numbers.size;
      this.#numbers.set(text, n);
    }
    return String.fromCharCode(n >>> 16, n & 0xffff);
  }

  /** Arrays of numbers that are replaced as a whole: the same array is the same part. */
  #shared(numbers: readonly number[], kind: string): string {
    let part = this.#arrays.get(numbers);
    if (part === undefined) {
      part = this.#part(kind + numbers.join());
      this.#arrays.set(numbers, part);
    }
    return part;
  }

  #task(t: Task): string {
    const omit = this.#omit;
    const stack =
      omit === null
        ? t.stack
        : t.stack.map((f) =>
            f.fn === omit.fn ? Object.fromEntries(Object.entries(f).filter(([n]) => n !== omit.local)) : f,
          );
    return `${t.name},${t.cpu},${t.context},${t.rcu},${text(stack)}`;
  }
}

/**
 * Plain data as text: values in the order of their keys, without the keys, since what a frame or a table
 * holds is told by its place and its function's name. Strings are names of the simulator's own, which
 * hold none of the separators.
 */
function text(value: Json | object): string {
  if (typeof value === 'number' || typeof value === 'string') return `${value},`;
  if (typeof value === 'boolean') return value ? 't,' : 'f,';
  if (value === null) return 'n,';
  let out = '[';
  if (Array.isArray(value)) for (const v of value) out += text(v);
  else for (const key in value) out += text((value as Record<string, Json>)[key]!);
  return `${out}]`;
}

/** A slot array with runs of equal steps written once; untouched ones by how they began. */
function slotText(a: SlotArray): string {
  if (a.fields === null) return `${a.addr},${a.nslabs},${a.initial}`;
  const { list, orig_addr, alloc_size, pad_slots } = a.fields;
  let out = `${a.addr},${a.nslabs},${a.initial}`;
  for (let i = 0; i < list.length; ) {
    let n = i + 1;
    // A run of free slots: list counts down, the other fields stay.
    while (
      n < list.length &&
      list[n] === list[n - 1]! - 1 &&
      orig_addr[n] === -1 &&
      orig_addr[n - 1] === -1 &&
      alloc_size[n] === alloc_size[n - 1] &&
      pad_slots[n] === pad_slots[n - 1]
    )
      n++;
    out += `|${n - i}:${list[i]},${orig_addr[i]},${alloc_size[i]},${pad_slots[i]}`;
    i = n;
  }
  return out;
}
