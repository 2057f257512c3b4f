/** Events of a network that are probably mistakes, though each part is well formed. */
import type { Network } from './types.ts';

/** A global event that can never happen, and the participant that never offers its part. */
export interface UnreachableRendezvous {
  readonly event: string;
  readonly instance: string;
  readonly local: string;
}

/**
 * Events where some participant's local event is enabled in none of its local states, even when its machine
 * runs alone. The list is in the order of events, then of instances.
 */
export function unreachableRendezvous(network: Network): UnreachableRendezvous[] {
  const found: UnreachableRendezvous[] = [];
  for (const event of network.events) {
    for (const [i, e] of event.participants) {
      const { name, lts } = network.instances[i]!;
      const width = lts.events.length;
      if (lts.states.some((state) => lts.next[state.index * width + e]! >= 0)) continue;
      found.push({ event: event.label, instance: name, local: lts.events[e]!.label });
    }
  }
  return found;
}

/**
 * Labels of events that were made only by renaming: none of their participants calls them by their own name.
 * A slip in a pattern (`{ pool: 'X' }` for `'T'`) looks like this, and would let an instance move alone.
 */
export function undeclaredEvents(network: Network): string[] {
  return network.events
    .filter(({ type, participants }) =>
      participants.every(([i, e]) => network.instances[i]!.lts.events[e]!.type !== type),
    )
    .map(({ label }) => label);
}
