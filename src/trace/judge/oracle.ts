/**
 * A machine of the specification that follows an object through what a log shows of it. The log shows few of the
 * machine's events, so what is known is a set of states: all that fit. An event that fits none is not in the
 * specification. The machine is taken as it is on several platforms at once, for a log does not say on which it
 * was recorded.
 */
import { type LocalLts, valueText } from '../../lts/index.ts';

/** The parameters of an event that the log tells. */
export type Told = Readonly<Record<string, string | number | boolean>>;

export const ASTRAY = -1;

/** A transition of the machine, parameters and context aside. */
export interface Step {
  readonly state: string;
  readonly event: string;
  /** The state that it leads to. */
  readonly to: string;
}

const keyOf = ({ state, event, to }: Step): string => `${state}: ${event} -> ${to}`;

interface StateSet {
  readonly states: readonly number[];
  /** With everything that may happen unseen; by what is seen. */
  closure: { version: number; sure: readonly number[] | undefined; lossy: readonly number[] | undefined };
  readonly next: Map<string, Move>;
}

interface Move {
  version: number;
  to: number;
  /** The steps of the machine that may have been taken here; one: it was. */
  steps: readonly string[];
  count: number;
}

export class Oracle {
  readonly name: string;
  /** The initial states of all variants. */
  readonly begin: number;
  /** Any state at all: where an object is that was born unseen. */
  readonly anywhere: number;
  /** Steps that were certainly taken, with how often; and those that may have been. */
  readonly #variants: readonly LocalLts[];
  readonly #offsets: readonly number[];
  readonly #sets: StateSet[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #labels = new Map<string, readonly (readonly number[])[]>();
  readonly #visible = new Set<string>();
  /** Events that belong to calls which are followed elsewhere: they happen here neither seen nor unseen. */
  readonly #never: ReadonlySet<string>;
  #version = 0;

  constructor(name: string, variants: readonly LocalLts[], never: readonly string[] = []) {
    this.#never = new Set(never);
    this.name = name;
    this.#variants = variants;
    let offset = 0;
    this.#offsets = variants.map(({ states }) => {
      const own = offset;
      offset += states.length;
      return own;
    });
    this.begin = this.#intern(variants.map(({ initial }, v) => this.#offsets[v]! + initial));
    this.anywhere = this.#intern(Array.from({ length: offset }, (_, i) => i));
  }

  /** Events of this type are recorded from now on: where none is seen none happened. */
  sees(type: string): void {
    if (this.#visible.has(type)) return;
    this.#visible.add(type);
    this.#version++;
  }

  /**
   * The states after an event. `lossy`: any event may have been missed before it.
   * @returns the number of a set, or ASTRAY when the machine does not offer the event
   */
  step(set: number, type: string, told: Told, lossy: boolean): number {
    this.sees(type);
    const from = this.#sets[set]!;
    const label = labelOf(type, told);
    const key = lossy ? `~${label}` : label;
    let move = from.next.get(key);
    if (move === undefined || move.version !== this.#version) {
      const made = this.#move(from, label, type, told, lossy);
      if (move === undefined) {
        move = { version: this.#version, ...made, count: 0 };
        from.next.set(key, move);
      } else {
        move.version = this.#version;
        move.to = made.to;
        move.steps = made.steps;
      }
    }
    move.count++;
    return move.to;
  }

  /** Steps with how often each was taken: for certain, or perhaps. */
  taken(): Map<string, { exact: number; perhaps: number }> {
    const all = new Map<string, { exact: number; perhaps: number }>();
    for (const { next } of this.#sets) {
      for (const { steps, count } of next.values()) {
        for (const step of steps) {
          const found = all.get(step) ?? { exact: 0, perhaps: 0 };
          if (steps.length === 1) found.exact += count;
          else found.perhaps += count;
          all.set(step, found);
        }
      }
    }
    return all;
  }

  /** Every step of the machine on these platforms, in the order of its states and alphabet. */
  steps(): { readonly key: string; readonly step: Step; readonly visible: boolean }[] {
    const all = new Map<string, { key: string; step: Step; visible: boolean }>();
    for (const lts of this.#variants) {
      for (const state of lts.states) {
        for (let e = 0; e < lts.events.length; e++) {
          if (lts.next[state.index * lts.events.length + e]! < 0) continue;
          const next = lts.next[state.index * lts.events.length + e]!;
          const step = {
            state: valueText(state.value as never),
            event: lts.events[e]!.type,
            to: valueText(lts.states[next]!.value as never),
          };
          const key = keyOf(step);
          if (!all.has(key)) all.set(key, { key, step, visible: this.#visible.has(step.event) });
        }
      }
    }
    return [...all.values()];
  }

  /** The states of a set, as text; what an object may be in. */
  text(set: number): string {
    if (set === ASTRAY) return '?';
    if (set === this.anywhere) return 'unknown';
    const names = new Set(this.#sets[set]!.states.map((s) => this.#stateText(s)));
    const list = [...names];
    return list.length > 3 ? `${list.slice(0, 3).join(' or ')} or …` : list.join(' or ');
  }

  #locate(state: number): readonly [LocalLts, number] {
    let v = this.#offsets.length - 1;
    while (this.#offsets[v]! > state) v--;
    return [this.#variants[v]!, state - this.#offsets[v]!];
  }

  #stateText(state: number): string {
    const [lts, local] = this.#locate(state);
    return valueText(lts.states[local]!.value as never);
  }

  #move(
    from: StateSet,
    label: string,
    type: string,
    told: Told,
    lossy: boolean,
  ): { to: number; steps: string[] } {
    const steps = new Set<string>();
    const to = new Set<number>();
    const events = this.#events(label, type, told);
    for (const state of this.#closure(from, lossy)) {
      const [lts, local] = this.#locate(state);
      const v = this.#variants.indexOf(lts);
      for (const e of events[v]!) {
        const next = lts.next[local * lts.events.length + e]!;
        if (next < 0) continue;
        to.add(this.#offsets[v]! + next);
        const after = this.#offsets[v]! + next;
        steps.add(keyOf({ state: this.#stateText(state), event: type, to: this.#stateText(after) }));
      }
    }
    return { to: to.size === 0 ? ASTRAY : this.#intern([...to]), steps: [...steps] };
  }

  /** By variant: its events that agree with what is told. */
  #events(label: string, type: string, told: Told): readonly (readonly number[])[] {
    let found = this.#labels.get(label);
    if (found === undefined) {
      const agrees = (params: Told) =>
        Object.entries(told).every(([name, value]) => params[name] === undefined || params[name] === value);
      found = this.#variants.map(({ events }) =>
        events.flatMap((event, e) => (event.type === type && agrees(event.params) ? [e] : [])),
      );
      this.#labels.set(label, found);
    }
    return found;
  }

  #closure(from: StateSet, lossy: boolean): readonly number[] {
    if (from.closure.version !== this.#version) {
      from.closure = { version: this.#version, sure: undefined, lossy: undefined };
    }
    const known = lossy ? from.closure.lossy : from.closure.sure;
    if (known !== undefined) return known;
    const all = new Set(from.states);
    for (const state of all) {
      const [lts, local] = this.#locate(state);
      const offset = this.#offsets[this.#variants.indexOf(lts)]!;
      for (let e = 0; e < lts.events.length; e++) {
        const { type } = lts.events[e]!;
        if (this.#never.has(type) || (!lossy && this.#visible.has(type))) continue;
        const next = lts.next[local * lts.events.length + e]!;
        if (next >= 0) all.add(offset + next);
      }
    }
    const made = [...all];
    if (lossy) from.closure.lossy = made;
    else from.closure.sure = made;
    return made;
  }

  #intern(states: readonly number[]): number {
    const sorted = [...new Set(states)].sort((a, b) => a - b);
    const key = sorted.join(',');
    let found = this.#byKey.get(key);
    if (found === undefined) {
      found = this.#sets.length;
      this.#sets.push({
        states: sorted,
        closure: { version: -1, sure: undefined, lossy: undefined },
        next: new Map(),
      });
      this.#byKey.set(key, found);
    }
    return found;
  }
}

const labels = new Map<string, string>();

function labelOf(type: string, told: Told): string {
  let text = type;
  for (const name in told) text += `|${name}=${told[name]}`;
  if (text === type) return type;
  const known = labels.get(text);
  if (known !== undefined) return known;
  if (labels.size < 1000) labels.set(text, text);
  return text;
}
