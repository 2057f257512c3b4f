/** Machines with some transitions replaced: how a machine is built without a patch, and how mutants are made. */
import { type AnyStateMachine, createMachine } from 'xstate';

/** A transition as XState's config writes it: a target, an object, or a list of guarded alternatives. */
export type TransitionConfig =
  | string
  | { target?: string; guard?: unknown; actions?: unknown }
  | readonly { target?: string; guard?: unknown; actions?: unknown }[];

/** Replaces what `event` does in `state`; `to: null` takes the transition away. */
export interface TransitionEdit {
  /** Dotted path of the state node from the root, e.g. `mapping.publishing`; `''` is the root. */
  readonly state: string;
  readonly event: string;
  readonly to: TransitionConfig | null;
}

interface StateConfig {
  states?: Record<string, StateConfig>;
  on?: Record<string, TransitionConfig>;
}

/** The node of a machine's config at a dotted path. Throws when there is none. */
export function stateConfig(config: unknown, path: string): StateConfig {
  let node = config as StateConfig;
  for (const key of path === '' ? [] : path.split('.')) {
    const child = node.states?.[key];
    if (child === undefined)
      throw new Error(
        `no state '${path}': '${key}' is not among ${Object.keys(node.states ?? {}).join(', ') || '(none)'}`,
      );
    node = child;
  }
  return node;
}

/** A copy of a machine's config that may be changed; functions and XState's guard objects are shared. */
export function cloneConfig(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cloneConfig);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cloneConfig(item)]));
}

/**
 * The machine with the edits applied in order; the original is untouched. Implementations carry over.
 * Throws when a state does not exist: an edit that no longer fits its machine must not pass unseen.
 */
export function editMachine(machine: AnyStateMachine, edits: readonly TransitionEdit[]): AnyStateMachine {
  if (edits.length === 0) return machine;
  const config = cloneConfig(machine.config) as StateConfig;
  for (const edit of edits) {
    const node = stateConfig(config, edit.state);
    node.on ??= {};
    if (edit.to === null) delete node.on[edit.event];
    else node.on[edit.event] = edit.to;
  }
  return createMachine(config as never, machine.implementations as never) as unknown as AnyStateMachine;
}
