/** A stable name for a system: the same on every machine, different when anything that a path relies on is. */
import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical.ts';
import type { GraphParts } from './graph.ts';
import type { Network } from './types.ts';

/** Bumped when the encoding below changes. */
const ENCODING = 'lts-digest-1';

/**
 * SHA-256, in hex, of the network (names, events, participants, local tables) and of the graph (size and
 * every transition). Numbers are fed as little-endian 32-bit integers.
 */
export function digest(graph: GraphParts): string {
  const hash = createHash('sha256');
  hash.update(canonicalJson({ encoding: ENCODING, network: tables(graph.network) }));
  hash.update(
    canonicalJson({ states: graph.states, expanded: graph.expanded, transitions: graph.transitions }),
  );
  for (const numbers of [graph.offsets, graph.labels, graph.targets]) feed(hash, numbers);
  return hash.digest('hex');
}

function tables({ name, instances, events, initial }: Network): unknown {
  return {
    name,
    initial,
    instances: instances.map((instance) => ({
      name: instance.name,
      machine: instance.lts.name,
      states: instance.lts.states.map(({ key, final }) => [key, final]),
      events: instance.lts.events.map(({ label }) => label),
      initial: instance.lts.initial,
      next: [...instance.lts.next],
    })),
    events: events.map(({ label, kind, actor, symbol, participants }) => [
      label,
      kind,
      actor,
      symbol,
      participants,
    ]),
  };
}

function feed(hash: { update(data: Uint8Array): unknown }, numbers: ArrayLike<number>): void {
  const chunk = 1 << 14;
  for (let start = 0; start < numbers.length; start += chunk) {
    const size = Math.min(chunk, numbers.length - start);
    const bytes = new DataView(new ArrayBuffer(size * 4));
    for (let i = 0; i < size; i++) bytes.setUint32(i * 4, numbers[start + i]!, true);
    hash.update(new Uint8Array(bytes.buffer));
  }
}
