/** What a local event stands for: reading the `sync` of an instance into full patterns and predicates. */
import { listOf, NetworkError } from './errors.ts';
import type {
  EventPattern,
  GlobalEvent,
  InstanceDef,
  LocalEvent,
  Params,
  ParamValue,
  SyncRef,
} from './types.ts';

/** A pattern, with what passes through from the local event and the index already filled in. */
export interface FilledPattern {
  readonly type: string;
  readonly params: Params;
}

/** What one local event of one instance stands for. */
export interface Resolved {
  readonly patterns: readonly FilledPattern[];
  readonly predicate: ((event: GlobalEvent) => boolean) | null;
}

const NEVER: Resolved = { patterns: [], predicate: null };

/**
 * Resolves a local event. Without a `sync` entry it stands for itself with the instance's index added. Into a
 * pattern pass the local parameters and the index, unless it sets the same key itself.
 *
 * A function in `sync` is given the local event; what it returns is the reference. One that returns a boolean
 * is itself a predicate over global events (its answer for the local event is not used).
 */
export function resolveLocal(network: string, instance: InstanceDef, event: LocalEvent): Resolved {
  const given = instance.sync?.[event.type];
  if (given === undefined)
    return { patterns: [fill(instance, event, { type: event.type })], predicate: null };
  let ref: SyncRef | null | boolean | undefined = given as SyncRef | null;
  if (typeof given === 'function') {
    ref = callSync(
      network,
      instance,
      event,
      given as (event: unknown) => SyncRef | null | boolean | undefined,
    );
    if (typeof ref === 'boolean')
      return { patterns: [], predicate: given as (event: GlobalEvent) => boolean };
  }
  if (ref === null) return NEVER;
  if (typeof ref === 'function') return { patterns: [], predicate: ref as (event: GlobalEvent) => boolean };
  if (typeof ref !== 'object') {
    throw new NetworkError(
      network,
      `sync of '${event.type}' in instance '${instance.name}' gave ${String(ref)} for ${event.label}; give a pattern, a list of patterns, a predicate, or null`,
    );
  }
  const list = (Array.isArray(ref) ? ref : [ref]) as readonly EventPattern[];
  return { patterns: list.map((pattern) => fill(instance, event, pattern)), predicate: null };
}

/** Refuses a `sync` entry for an event that the machine does not have. */
export function checkSyncKeys(network: string, instance: InstanceDef): void {
  for (const type of Object.keys(instance.sync ?? {})) {
    if (type in instance.spec.alphabet) continue;
    throw new NetworkError(
      network,
      `instance '${instance.name}' gives sync for '${type}', which machine '${instance.spec.name}' does not have; its events are ${listOf(Object.keys(instance.spec.alphabet))}`,
    );
  }
}

function fill(instance: InstanceDef, event: LocalEvent, pattern: EventPattern): FilledPattern {
  const params: Record<string, ParamValue> = { ...event.params, ...instance.index };
  for (const [name, value] of Object.entries(pattern)) if (name !== 'type') params[name] = value;
  return { type: pattern.type, params };
}

function callSync<T>(
  network: string,
  instance: InstanceDef,
  event: LocalEvent,
  given: (event: unknown) => T,
): T {
  // A predicate over global events may look at what a local event lacks; it must not fail on this trial.
  const decl = instance.spec.alphabet[event.type]!;
  const probe = { ...event, index: -1, kind: decl.kind, actor: '', symbol: decl.symbol, participants: [] };
  try {
    return given(probe);
  } catch (error) {
    throw new NetworkError(
      network,
      `sync of '${event.type}' in instance '${instance.name}' throws for ${event.label}: ${String(error)}`,
    );
  }
}
