/**
 * The subset of XState that has a finite, effect-free local transition system, checked on the machine's
 * definition before anything runs. What cannot be seen there (a spawn inside an `assign`, a context that
 * grows) is refused while compiling.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { CompileError, listOf } from './errors.ts';
import type { MachineSpec } from './types.ts';

/** What this module reads of a transition; XState's own type is far wider. */
interface TransitionShape {
  readonly target?: readonly unknown[] | undefined;
  readonly actions: readonly unknown[];
}

/** The built-in actions that change only the machine's own state. */
const PURE_ACTIONS = new Set(['xstate.assign', 'xstate.raise']);
const DONE = 'xstate.done.state.';

/** `a.b` for a node of the machine, `(root)` for its root. */
export function nodePath(node: AnyStateNode): string {
  return node.path.length === 0 ? '(root)' : node.path.join('.');
}

/** All state nodes, parents first, in the order of the definition. */
export function stateNodes(machine: AnyStateMachine): AnyStateNode[] {
  const all: AnyStateNode[] = [];
  const visit = (node: AnyStateNode): void => {
    all.push(node);
    for (const child of Object.values(node.states) as AnyStateNode[]) visit(child);
  };
  visit(machine.root);
  return all;
}

/**
 * Refuses a machine that uses a feature outside the subset.
 *
 * @throws CompileError naming machine, state and feature, and what to write instead.
 */
export function checkSubset(spec: MachineSpec): void {
  const raised = new Set<string>();
  for (const node of stateNodes(spec.machine)) checkNode(spec, node, raised);
  // Only now are all raised types known: an event that the machine sends to itself needs no alphabet.
  for (const node of stateNodes(spec.machine)) checkAlphabet(spec, node, raised);
}

function checkNode(spec: MachineSpec, node: AnyStateNode, raised: Set<string>): void {
  const refuse = refuser(spec, node);
  if (node.after.length > 0)
    refuse('`after` (a delayed transition)', 'Make the time-out an event of the alphabet.');
  if (node.invoke.length > 0)
    refuse('`invoke`', 'Make it a machine of its own and let the network compose them.');
  if (node.type === 'history') {
    refuse('a history state', 'What it remembers is not part of the state; keep it in states or in context.');
  }
  const actions = (list: readonly unknown[], where: string): void => {
    for (const action of list) checkAction(spec, node, action, where, raised);
  };
  actions(node.entry, '`entry`');
  actions(node.exit, '`exit`');
  actions(node.initial?.actions ?? [], '`initial`');
  for (const always of (node.always ?? []) as readonly TransitionShape[]) actions(always.actions, '`always`');
  for (const [type, transitions] of node.transitions as Map<string, readonly TransitionShape[]>) {
    if (type === '*' || type.endsWith('.*')) {
      refuse(`the wildcard transition '${type}'`, 'Name every event that the state takes.');
    }
    if (type === 'xstate.route')
      refuse('`route`', 'Give the state a transition with an event of the alphabet.');
    for (const transition of transitions) {
      if (transition.target === undefined && transition.actions.length === 0) {
        refuse(
          `\`${type}: {}\` (no target and no action: XState never enables it)`,
          `Name the state itself as target if '${type}' is accepted without effect; leave it out if it is blocked.`,
        );
      }
      actions(transition.actions, `'${type}'`);
    }
  }
}

function checkAction(
  spec: MachineSpec,
  node: AnyStateNode,
  action: unknown,
  where: string,
  raised: Set<string>,
): void {
  const name = typeof action === 'string' ? action : ((action as { type?: string } | null)?.type ?? '');
  const resolved =
    typeof action === 'function'
      ? action
      : (spec.machine.implementations.actions as Record<string, unknown>)[name];
  const builtin = resolved as { type?: string; event?: unknown; delay?: unknown } | undefined;
  const refuse = refuser(spec, node);
  if (builtin?.type === undefined || !PURE_ACTIONS.has(builtin.type)) {
    const what =
      builtin?.type ??
      (name === '' ? 'a function' : resolved ? `'${name}'` : `'${name}', which nothing implements`);
    refuse(
      `the action ${what} in ${where}`,
      'Only `assign` and `raise` are allowed; model an effect as an event.',
    );
  }
  if (builtin?.type === 'xstate.raise') {
    if (builtin.delay !== undefined)
      refuse(`a delayed \`raise\` in ${where}`, 'Make it an event of the alphabet.');
    const event = builtin.event as { type?: string } | string | undefined;
    const type = typeof event === 'string' ? event : typeof event === 'object' ? event?.type : undefined;
    if (type !== undefined) raised.add(type);
  }
}

function checkAlphabet(spec: MachineSpec, node: AnyStateNode, raised: ReadonlySet<string>): void {
  for (const type of node.transitions.keys() as Iterable<string>) {
    if (type in spec.alphabet || raised.has(type) || type.startsWith(DONE)) continue;
    refuser(spec, node)(
      `the event '${type}', which is not in the alphabet`,
      `Declare it; the alphabet has ${listOf(Object.keys(spec.alphabet))}.`,
    );
  }
}

function refuser(spec: MachineSpec, node: AnyStateNode): (feature: string, advice: string) => never {
  return (feature, advice) => {
    throw new CompileError({ machine: spec.name, state: nodePath(node), feature, advice });
  };
}
