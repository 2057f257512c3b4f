/** What `@xstate/graph` says of a single machine, without its defaults: only enabled events, contexts told apart. */
import { getAdjacencyMap } from '@xstate/graph';
import type { AnyMachineSnapshot } from 'xstate';
import { canonicalJson, localEvents, type MachineSpec } from '../../src/lts/index.ts';

/** By state key: `event → key of the state after it`, for every enabled event in the order of the alphabet. */
export function adjacency(spec: MachineSpec): Record<string, string[]> {
  const events = localEvents(spec.name, spec.alphabet);
  const labelOf = new Map(
    events.map(({ type, params, label }) => [canonicalJson({ ...params, type }), label]),
  );
  const order = new Map(events.map(({ label }, i) => [label, i]));
  const key = (snapshot: AnyMachineSnapshot) =>
    canonicalJson({ context: snapshot.context, value: snapshot.value });
  const map = getAdjacencyMap(spec.machine, {
    events: events.map(({ type, params }) => ({ ...params, type })) as never,
    serializeState: (state: unknown) => key(state as AnyMachineSnapshot),
    ...(spec.input !== undefined && { input: spec.input }),
  } as never) as unknown as Record<
    string,
    { state: AnyMachineSnapshot; transitions: Record<string, { event: object; state: AnyMachineSnapshot }> }
  >;
  return Object.fromEntries(
    Object.values(map).map(({ state, transitions }) => {
      const enabled = Object.values(transitions)
        .filter(({ event }) => state.can(event as never))
        .map(({ event, state: after }) => ({ label: labelOf.get(canonicalJson(event))!, after }));
      enabled.sort((a, b) => order.get(a.label)! - order.get(b.label)!);
      return [key(state), enabled.map(({ label, after }) => `${label} → ${key(after)}`)];
    }),
  );
}
