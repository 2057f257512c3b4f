import type { EventPattern, LocalEvent, MachineSpec, SyncRef } from '../../src/lts/types.ts';

type Sync = Record<string, SyncRef | null | ((event: LocalEvent) => SyncRef | null)>;

/** A sync table in which only the named local events happen; every other event of the machine is left out. */
export function only(spec: MachineSpec, sync: Sync): Sync {
  const unknown = Object.keys(sync).filter((type) => !(type in spec.alphabet));
  if (unknown.length > 0) throw new Error(`'${spec.name}' has no event ${unknown.join(', ')}`);
  return Object.fromEntries(Object.keys(spec.alphabet).map((type) => [type, sync[type] ?? null]));
}

/** Stands for its own name with `add` put to its parameters, where `keep` allows; elsewhere it never happens. */
export function own(
  add: Readonly<Record<string, string | number>>,
  keep: (event: LocalEvent) => boolean = () => true,
) {
  return (event: LocalEvent): SyncRef | null =>
    keep(event) ? ({ ...event.params, ...add, type: event.type } as EventPattern) : null;
}
