/**
 * Steps that lead to nothing new, known without looking. A state was first found by an event `b` from a state before
 * it. An event `a` that shares no instance with `b` was enabled there too, and if `a` is lower than `b`, it was taken
 * there first, to a state with a lower number; so that state was expanded earlier, and its step by `b` leads where our
 * step by `a` does. That place has been found, whatever was left out there for the same reason. So numbers, parents
 * and counts are those of the full search: only looking is saved. (Sleep sets, one step deep: Godefroid 1996. They
 * lean on breadth-first order, and on events being taken in rising order.)
 *
 * Of no use where the target of each step is wanted.
 */
import type { Network } from './types.ts';

/** Beyond so many events the table would be large: nothing is left out. */
const MOST_EVENTS = 4096;

export interface Detours {
  /** Words of a row. */
  readonly width: number;
  /**
   * By the event that a state was found by, a row of bits: events that must be looked at. One more row, for the
   * initial state, has them all.
   */
  readonly keep: Int32Array;
  /** By event: whether there is a row that leaves it out. */
  readonly avoidable: readonly boolean[];
}

export function detoursOf({ events }: Network): Detours {
  const width = Math.ceil(events.length / 32);
  if (events.length > MOST_EVENTS) return noDetours(events.length);
  const keep = new Int32Array((events.length + 1) * width).fill(-1);
  const avoidable = events.map(() => false);
  const instances = events.map(({ participants }) => new Set(participants.map(([i]) => i)));
  for (const { index: b, participants } of events) {
    for (let a = 0; a < b; a++) {
      if (participants.some(([i]) => instances[a]!.has(i))) continue;
      keep[b * width + (a >>> 5)]! &= ~(1 << (a & 31));
      avoidable[a] = true;
    }
  }
  return { width, keep, avoidable };
}

/** Every step is looked at. */
export const noDetours = (events: number): Detours => ({
  width: 0,
  keep: Int32Array.of(0),
  avoidable: new Array<boolean>(events).fill(false),
});
