/**
 * Successors by the definition: each event in turn, each participant in turn, straight from the local tables.
 * Kept plain on purpose: it is the oracle of the generated code, and what runs where that is forbidden.
 */
import type { Layout } from './layout.ts';
import type { Successors } from './successors.ts';
import type { Network } from './types.ts';

/** See `Successors` for the contract. */
export function interpretSuccessors(network: Network, layout: Layout): Successors {
  const { words: W, fields } = layout;
  const parts = network.events.map(({ participants }) =>
    participants.map(([i, e]) => {
      const { lts } = network.instances[i]!;
      return { field: fields[i]!, e, width: lts.events.length, next: lts.next };
    }),
  );
  return (words, offset, out) => {
    let k = 0;
    events: for (let event = 0; event < parts.length; event++) {
      // The target is built in place; k only moves on once every participant has agreed.
      out[k] = event;
      for (let w = 0; w < W; w++) out[k + 1 + w] = words[offset + w]!;
      for (const { field, e, width, next } of parts[event]!) {
        const local = (words[offset + field.word]! >>> field.shift) & field.mask;
        const target = next[local * width + e]!;
        if (target < 0) continue events;
        out[k + 1 + field.word]! ^= (local ^ target) << field.shift;
      }
      k += 1 + W;
    }
    return k;
  };
}
