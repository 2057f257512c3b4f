/** Smaller versions of a network, for tools that do not finish the whole. */
import type { Network } from '../../src/lts/index.ts';

/** The network of the first `keep` instances; events that lose all their participants are left out. */
export function firstInstances(network: Network, keep: number): Network {
  if (keep >= network.instances.length) return network;
  const events = network.events
    .map((event) => ({ ...event, participants: event.participants.filter(([i]) => i < keep) }))
    .filter(({ participants }) => participants.length > 0)
    .map((event, index) => ({ ...event, index }));
  return {
    name: `${network.name} (first ${keep} of ${network.instances.length} instances)`,
    instances: network.instances.slice(0, keep),
    events,
    initial: network.initial.slice(0, keep),
  };
}
