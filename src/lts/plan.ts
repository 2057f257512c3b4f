/**
 * How successors are found without trying every event in every state: each event is tried only when one
 * chosen participant, its pivot, is in a local state that offers it.
 */
import type { Layout } from './layout.ts';
import type { Network } from './types.ts';

/** A participant other than the pivot: by local state, the XOR on its word, or `BLOCKED`. */
export interface OtherPart {
  readonly instance: number;
  readonly word: number;
  /** Index into `Plan.tables`. */
  readonly table: number;
}

/** An event that may be enabled while the pivot is in a given local state. */
export interface Candidate {
  readonly event: number;
  /** What the pivot's own step XORs onto its word. */
  readonly delta: number;
  readonly others: readonly OtherPart[];
}

export interface Pivot {
  readonly instance: number;
  /** By local state: the events to try there, those with one participant first. */
  readonly candidates: readonly (readonly Candidate[])[];
}

export interface Plan {
  readonly pivots: readonly Pivot[];
  readonly tables: readonly Int32Array[];
}

/** In a table: the local event is not enabled there. No XOR of two fields is -1, see `layoutOf`. */
export const BLOCKED = -1;

/** Chooses the pivot of each event: the participant that offers it in the smallest part of its states. */
export function planOf(network: Network, layout: Layout): Plan {
  const tables: Int32Array[] = [];
  const tableOf = new Map<string, number>();
  const deltas = (i: number, e: number): Int32Array => {
    const { states, events, next } = network.instances[i]!.lts;
    const { shift } = layout.fields[i]!;
    return Int32Array.from(states, ({ index }) => {
      const target = next[index * events.length + e]!;
      return target < 0 ? BLOCKED : (index ^ target) << shift;
    });
  };
  const table = (i: number, e: number): number => {
    const key = `${i},${e}`;
    const known = tableOf.get(key);
    if (known !== undefined) return known;
    tableOf.set(key, tables.length);
    return tables.push(deltas(i, e)) - 1;
  };
  const share = (i: number, e: number): number => {
    const own = deltas(i, e);
    return own.filter((delta) => delta !== BLOCKED).length / own.length;
  };

  const candidates = network.instances.map(({ lts }) => lts.states.map((): Candidate[] => []));
  const alone = network.events.filter(({ participants }) => participants.length === 1);
  const shared = network.events.filter(({ participants }) => participants.length > 1);
  for (const { index: event, participants } of [...alone, ...shared]) {
    const [pivot] = participants
      .map(([i, e]) => ({ i, e, share: share(i, e) }))
      .sort((a, b) => a.share - b.share || a.i - b.i);
    const others = participants
      .filter(([i]) => i !== pivot!.i)
      .map(([i, e]) => ({ instance: i, word: layout.fields[i]!.word, table: table(i, e) }))
      // The most selective first: most attempts end there.
      .sort(
        (a, b) => blockedShare(tables[b.table]!) - blockedShare(tables[a.table]!) || a.instance - b.instance,
      );
    deltas(pivot!.i, pivot!.e).forEach((delta, state) => {
      if (delta !== BLOCKED) candidates[pivot!.i]![state]!.push({ event, delta, others });
    });
  }
  const pivots = candidates
    .map((byState, instance) => ({ instance, candidates: byState }))
    .filter(({ candidates: byState }) => byState.some((list) => list.length > 0));
  return { pivots, tables };
}

function blockedShare(table: Int32Array): number {
  return table.filter((delta) => delta === BLOCKED).length / table.length;
}
