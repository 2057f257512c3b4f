import { createMachine } from 'xstate';
import type { EventPattern, LocalEvent, MachineSpec, ParamValue, SyncRef } from '../../src/lts/types.ts';

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

/** The same object for the same question: a network compiles each machine once. */
const cuts = new WeakMap<MachineSpec, Map<string, MachineSpec>>();

/**
 * A machine whose alphabet is cut to what can happen in a system: of each named parameter only the given values
 * stay, where an event has any of them. What a system leaves out anyway need not be compiled.
 */
export function within(
  spec: MachineSpec,
  values: Readonly<Record<string, readonly ParamValue[]>>,
): MachineSpec {
  const known = cuts.get(spec) ?? new Map<string, MachineSpec>();
  cuts.set(spec, known);
  const key = JSON.stringify(values);
  const done = known.get(key);
  if (done !== undefined) return done;
  const cut = (name: string, domain: readonly ParamValue[]) => {
    const rest = domain.filter((value) => values[name]?.includes(value) ?? true);
    return rest.length === 0 ? domain : rest;
  };
  const alphabet = Object.fromEntries(
    Object.entries(spec.alphabet).map(([type, decl]) => [
      type,
      decl.params === undefined
        ? decl
        : {
            ...decl,
            params: Object.fromEntries(
              Object.entries(decl.params).map(([name, domain]) => [name, cut(name, domain)]),
            ),
          },
    ]),
  );
  const result = { ...spec, alphabet };
  known.set(key, result);
  return result;
}

/** The machine, with another state at its top to begin in. */
export function startingIn(initial: string, spec: MachineSpec): MachineSpec {
  const config = { ...spec.machine.config, initial };
  return { ...spec, machine: createMachine(config as never, spec.machine.implementations as never) as never };
}
