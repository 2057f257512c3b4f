/**
 * Partial-order reduction: local states whose steps may stand for all steps of the network (ample sets; Peled 1993,
 * Clarke, Grumberg, Peled, Model Checking, ch. 10). Told from the tables alone, so that a search asks one bit:
 *
 * - C0, C1: in such a local state the instance can take steps, and all of them are its own: an event that has it as a
 *   participant is enabled for it there only when nobody else takes part. So nothing that the others do depends on
 *   these steps, nor can prevent them.
 * - C2: no property sees any of them.
 * - C3: the chosen states of an instance and their steps have no cycle. A cycle of the search on which nobody else is
 *   ever asked would move some instance round such a cycle. (Statically, as Kurshan, Levin, Minea, Peled, Yenigün
 *   1998 have it; the queue need not be asked.)
 *
 * Deadlocks, and whether a state or step that a property looks for is reachable, are those of the full search.
 */
import type { Candidate, Plan } from './plan.ts';
import type { Network } from './types.ts';

/** By instance: 1 for each local state whose steps are enough. */
export type Ample = readonly Uint8Array[];

/** @param seen whether a property may see a step of the instance, taken in a local state */
export function ampleOf(
  network: Network,
  plan: Plan,
  seen: (candidate: Candidate, instance: number, state: number) => boolean,
): Ample {
  return network.instances.map(({ lts }, instance) => {
    const candidates = plan.pivots.find((pivot) => pivot.instance === instance)?.candidates ?? [];
    const offered = offers(network, instance);
    const chosen = Uint8Array.from(lts.states, ({ index }) => {
      const own = candidates[index] ?? [];
      const alone = own.every(({ others }) => others.length === 0) && own.length === offered[index];
      return own.length > 0 && alone && !own.some((one) => seen(one, instance, index)) ? 1 : 0;
    });
    breakCycles(chosen, (state) =>
      (candidates[state] ?? []).map(({ event }) => target(network, instance, state, event)),
    );
    return chosen;
  });
}

/** By local state: how many events the instance can take its part in. */
function offers({ instances, events }: Network, instance: number): Int32Array {
  const { lts } = instances[instance]!;
  const count = new Int32Array(lts.states.length);
  for (const { participants } of events)
    for (const [i, e] of participants)
      if (i === instance)
        for (let state = 0; state < count.length; state++)
          if (lts.next[state * lts.events.length + e]! >= 0) count[state]!++;
  return count;
}

function target({ instances, events }: Network, instance: number, state: number, event: number): number {
  const { lts } = instances[instance]!;
  const [, e] = events[event]!.participants.find(([i]) => i === instance)!;
  return lts.next[state * lts.events.length + e]!;
}

/** Takes states out of the chosen until their steps have no cycle: the one that a cycle is closed from. */
function breakCycles(chosen: Uint8Array, targets: (state: number) => number[]): void {
  /** 0: not seen, 1: on the way, 2: done. */
  const mark = new Uint8Array(chosen.length);
  for (let root = 0; root < chosen.length; root++) {
    if (chosen[root] === 0 || mark[root] !== 0) continue;
    const way = [{ state: root, left: targets(root) }];
    mark[root] = 1;
    while (way.length > 0) {
      const { state, left } = way.at(-1)!;
      const to = left.pop();
      if (to === undefined || chosen[state] === 0) {
        mark[state] = 2;
        way.pop();
      } else if (chosen[to] === 1 && mark[to] === 1) {
        chosen[state] = 0;
      } else if (chosen[to] === 1 && mark[to] === 0) {
        mark[to] = 1;
        way.push({ state: to, left: targets(to) });
      }
    }
  }
}
