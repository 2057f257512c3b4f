/**
 * Machine → local labelled transition system. XState is the semantics: every table entry is the result of
 * its pure `transition`. Everything after this works on integers.
 */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { initialTransition, __unsafe_getAllOwnEventDescriptors as ownEvents, transition } from 'xstate';
import { canonicalJson, eventLabel, notJson } from './canonical.ts';
import { CompileError } from './errors.ts';
import { stateText } from './state-text.ts';
import { checkSubset, nodePath, stateNodes } from './subset.ts';
import type { Alphabet, LocalEvent, LocalLts, LocalState, MachineSpec, Params } from './types.ts';

/** Bounds of the compiler. */
export interface CompileOptions {
  /** More local states than this are taken for a context that grows without end. Default 10 000. */
  readonly maxLocalStates?: number;
}

/**
 * Enumerates the reachable local states of a machine, breadth-first, with every event of its alphabet.
 *
 * An event is enabled where `snapshot.can(event)` is true and the machine is not done. The key of a state
 * is the canonical JSON of its value and context.
 *
 * @throws CompileError for what is outside the subset: see `subset.ts`, and here spawned actors, contexts
 *   that are not JSON data, guards or actions that throw or that are not pure, too many states.
 */
export function compileMachine(spec: MachineSpec, options: CompileOptions = {}): LocalLts {
  const bound = options.maxLocalStates ?? 10_000;
  checkSubset(spec);
  const events = localEvents(spec.name, spec.alphabet);
  const payloads = events.map((event): EventObject => ({ ...event.params, type: event.type }));
  const states: LocalState[] = [];
  const snapshots: AnyMachineSnapshot[] = [];
  const indexOf = new Map<string, number>();

  const intern = (snapshot: AnyMachineSnapshot, from: AnyMachineSnapshot | null): number => {
    const key = stateKey(spec.name, snapshot, from);
    const known = indexOf.get(key);
    if (known !== undefined) return known;
    const index = states.length;
    if (index >= bound) {
      throw new CompileError({
        machine: spec.name,
        state: stateText(snapshot),
        feature: `more than ${bound} local states`,
        advice: 'Does the context grow without end? Bound it with a guard, or keep less of it.',
      });
    }
    const { value, context } = snapshot as { value: unknown; context: unknown };
    states.push({ index, key, value, context, final: snapshot.status === 'done' });
    snapshots.push(snapshot);
    indexOf.set(key, index);
    return index;
  };

  const initial = intern(
    attempt(spec.name, null, () => initialTransition(spec.machine, spec.input as never)[0]),
    null,
  );
  const rows: number[] = [];
  for (let s = 0; s < states.length; s++) {
    const snapshot = snapshots[s]!;
    // Most events no active node names; wildcards are outside the subset. XState takes long to say the same.
    const named = new Set<string>(ownEvents(snapshot));
    for (let e = 0; e < events.length; e++) {
      if (!named.has(events[e]!.type)) {
        rows.push(-1);
        continue;
      }
      const next = attempt(spec.name, snapshot, () => step(spec, snapshot, payloads[e]!));
      rows.push(next === null ? -1 : intern(next, snapshot));
    }
    if (stateKey(spec.name, snapshot, null) !== states[s]!.key) {
      throw impure(spec.name, stateText(snapshot), 'an action changed the context in place');
    }
  }
  const unreached = unreachedNodes(spec, snapshots);
  return {
    name: spec.name,
    alphabet: spec.alphabet,
    events,
    states,
    initial,
    next: Int32Array.from(rows),
    unreached,
  };
}

/** Machines compiled under the default bounds: a specification is a constant, whatever network it stands in. */
const COMPILED = new WeakMap<MachineSpec, LocalLts>();

/**
 * The same under the default bounds, and only once for each specification object.
 *
 * @throws CompileError as `compileMachine` does
 */
export function compileOnce(spec: MachineSpec): LocalLts {
  const known = COMPILED.get(spec) ?? compileMachine(spec);
  COMPILED.set(spec, known);
  return known;
}

/** The local events of an alphabet: types in its order, payloads in the order of their domains. */
export function localEvents(machine: string, alphabet: Alphabet): LocalEvent[] {
  const events: LocalEvent[] = [];
  for (const [type, decl] of Object.entries(alphabet)) {
    let payloads: Params[] = [{}];
    for (const [name, domain] of Object.entries(decl.params ?? {})) {
      const problem =
        name === 'type'
          ? 'is the name of the event itself'
          : domain.length === 0
            ? 'has an empty domain'
            : null;
      if (problem !== null) {
        throw new CompileError({
          machine,
          state: '(alphabet)',
          feature: `the parameter '${name}' of '${type}' ${problem}`,
          advice: 'Give it another name, or at least one value.',
        });
      }
      payloads = payloads.flatMap((params) => domain.map((value) => ({ ...params, [name]: value })));
    }
    for (const params of payloads) events.push({ type, params, label: eventLabel(type, params) });
  }
  return events;
}

/** One step, or null where the event is not enabled. Taken twice: what differs is not a function of the state. */
function step(
  spec: MachineSpec,
  snapshot: AnyMachineSnapshot,
  event: EventObject,
): AnyMachineSnapshot | null {
  if (snapshot.status !== 'active' || !snapshot.can(event)) return null;
  const [next, effects] = transition(spec.machine, snapshot, event);
  for (const effect of effects) {
    // Raised events are reported as effects too, although XState has already taken them.
    if (effect.type !== 'xstate.raise') {
      throw new CompileError({
        machine: spec.name,
        state: stateText(snapshot),
        feature: `the effect '${effect.type}' of '${event.type}'`,
        advice: 'Only `assign` and `raise` are allowed; model an effect as an event.',
      });
    }
  }
  const [again] = transition(spec.machine, snapshot, event);
  if (canonicalJson([next.value, next.context]) !== canonicalJson([again.value, again.context])) {
    throw impure(spec.name, stateText(snapshot), `'${event.type}' gave two different results`);
  }
  return next;
}

/** @param from the state whose step led here, for messages; null for the initial state */
function stateKey(machine: string, snapshot: AnyMachineSnapshot, from: AnyMachineSnapshot | null): string {
  const refuse = (feature: string, advice: string): never => {
    throw new CompileError({ machine, state: placeText(from), feature, advice });
  };
  if (snapshot.status === 'error') {
    refuse(`XState stops with ${String(snapshot.error)}`, 'Mend the guard or action that throws.');
  }
  if (Object.keys(snapshot.children).length > 0) {
    refuse('a spawned actor', 'Make it a machine of its own and let the network compose them.');
  }
  const context: unknown = snapshot.context ?? {};
  const bad = notJson(context);
  if (bad !== null) {
    refuse(
      `${bad}, which is not JSON data`,
      'Use strings, numbers, booleans, null, arrays and plain objects.',
    );
  }
  return canonicalJson({ value: snapshot.value, context });
}

/** Declared leaf states that no local state is in, even when the machine runs alone. */
function unreachedNodes(spec: MachineSpec, snapshots: readonly AnyMachineSnapshot[]): string[] {
  const entered = new Set<unknown>(snapshots.flatMap((snapshot) => snapshot._nodes));
  return stateNodes(spec.machine)
    .filter((node) => Object.keys(node.states).length === 0 && !entered.has(node))
    .map(nodePath);
}

function attempt<T>(machine: string, from: AnyMachineSnapshot | null, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof CompileError) throw error;
    throw new CompileError({
      machine,
      state: placeText(from),
      feature: `XState throws: ${error instanceof Error ? error.message : String(error)}`,
      advice: 'Mend the guard or action that throws.',
    });
  }
}

function placeText(from: AnyMachineSnapshot | null): string {
  return from === null ? '(initial)' : stateText(from);
}

function impure(machine: string, state: string, what: string): CompileError {
  return new CompileError({
    machine,
    state,
    feature: `${what} (hidden state or nondeterminism)`,
    advice: 'Guards and actions may depend on context and event only, and return new values.',
  });
}
