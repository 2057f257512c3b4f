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
  /** By local state: the events to try there, in rising order. */
  readonly candidates: readonly (readonly Candidate[])[];
}

export interface Plan {
  /** In the order of their lowest events. */
  readonly pivots: readonly Pivot[];
  readonly tables: readonly Int32Array[];
  /** Tried pivot by pivot, events come in rising order. */
  readonly sorted: boolean;
}

/** No state has more steps than this. */
export function mostSteps({ pivots }: Plan): number {
  const most = (lists: readonly (readonly Candidate[])[]) => Math.max(0, ...lists.map((list) => list.length));
  return pivots.reduce((sum, { candidates }) => sum + most(candidates), 0);
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
  for (const { index: event, participants } of network.events) {
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
    .map((byState, instance) => ({ instance, candidates: byState, ...range(byState) }))
    .filter(({ last }) => last >= 0)
    .sort((a, b) => a.first - b.first);
  const sorted = pivots.every(({ first }, i) => i === 0 || pivots[i - 1]!.last < first);
  return {
    pivots: pivots.map(({ instance, candidates: byState }) => ({ instance, candidates: byState })),
    tables,
    sorted,
  };
}

/** The lowest and the highest event; -1 where there is none. */
function range(candidates: readonly (readonly Candidate[])[]): { first: number; last: number } {
  const ends = candidates
    .filter((list) => list.length > 0)
    .map((list) => [list[0]!.event, list.at(-1)!.event]);
  if (ends.length === 0) return { first: -1, last: -1 };
  return { first: Math.min(...ends.map(([e]) => e!)), last: Math.max(...ends.map(([, e]) => e!)) };
}

function blockedShare(table: Int32Array): number {
  return table.filter((delta) => delta === BLOCKED).length / table.length;
}
