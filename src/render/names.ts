/** Identifiers for languages that allow letters, digits and underscores only. */
import { type LocalLts, type Network, stateText } from '../lts/index.ts';

/** Gives each text an identifier of its own; the same text gets the same one. */
export class Identifiers {
  readonly #given = new Map<string, string>();
  readonly #taken: Set<string>;

  /** @param reserved words that the language keeps for itself */
  constructor(reserved: Iterable<string> = []) {
    this.#taken = new Set(reserved);
  }

  of(text: string): string {
    const known = this.#given.get(text);
    if (known !== undefined) return known;
    const plain = text.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '') || 'x';
    const base = /^[A-Za-z]/.test(plain) ? plain : `x${plain}`;
    let name = base;
    for (let n = 2; this.#taken.has(name); n++) name = `${base}_${n}`;
    this.#taken.add(name);
    this.#given.set(text, name);
    return name;
  }
}

/** Local states of one kind of machine, with their names: instances that are alike share them. */
export interface StateNames {
  /** What the names begin with: the machine's. */
  readonly machine: string;
  /** By local state. */
  readonly names: readonly string[];
  /** By local state, as people write it. */
  readonly texts: readonly string[];
}

/** Names for the local states of every instance, in the order of the network. */
export function stateNames(network: Network, ids: Identifiers): StateNames[] {
  const known = new Map<string, StateNames>();
  const used = new Map<string, number>();
  return network.instances.map(({ lts }) => {
    const key = [lts.name, ...lts.states.map((state) => state.key)].join('\n');
    const before = known.get(key);
    if (before !== undefined) return before;
    const n = (used.get(lts.name) ?? 0) + 1;
    used.set(lts.name, n);
    const made = namesOf(lts, n === 1 ? lts.name : `${lts.name} ${n}`, ids);
    known.set(key, made);
    return made;
  });
}

function namesOf(lts: LocalLts, machine: string, ids: Identifiers): StateNames {
  const prefix = ids.of(`machine ${machine}`).replace(/^machine_/, '');
  const texts = lts.states.map((state) => stateText(state));
  return { machine, texts, names: texts.map((text) => ids.of(`${prefix} ${text.replace(/\w+=/g, '')} `)) };
}
