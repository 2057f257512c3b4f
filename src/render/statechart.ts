/**
 * A machine as a person drew it: nested states, initial markers, transitions with their guards. Read from the
 * machine's definition, never from the flattened LTS, so that nesting shows. Every chart format starts here.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import type { EventKind, MachineSpec } from '../lts/types.ts';
import { guardText } from './guard.ts';

/** `internal`: raised, eventless or "done" transitions, and events that the alphabet does not list. */
export type LabelKind = EventKind | 'internal';

export interface ChartState {
  /** Path of keys joined by `.`; unique within the chart. */
  readonly id: string;
  /** The key: the name that is shown. */
  readonly name: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** For a compound state, the id of the child that it starts in. */
  readonly initial: string | null;
  readonly children: readonly ChartState[];
  readonly doc: string | null;
}

/** One transition, as text. */
export interface ChartLabel {
  readonly event: string;
  readonly guard: string | null;
  /** Named actions only: an action without a name says nothing to a reader. */
  readonly actions: readonly string[];
  readonly kind: LabelKind;
  /** As UML writes it: `event [guard] / action, action`, without the parts that are missing. */
  readonly text: string;
}

/** All transitions from one state to another. */
export interface ChartEdge {
  readonly source: string;
  readonly target: string;
  /** The transitions name no target: whatever is active within `source` stays so. Then `target = source`. */
  readonly stays: boolean;
  /** In the order of definition, each text once. */
  readonly labels: readonly ChartLabel[];
}

export interface Statechart {
  readonly name: string;
  /** The machine itself: its children are the outermost states that are drawn; its id is the empty string. */
  readonly root: ChartState;
  readonly edges: readonly ChartEdge[];
}

/** Reads the chart of a machine. Order is the order of definition throughout. */
export function statechart(spec: MachineSpec): Statechart {
  const edges = new Map<string, { source: string; target: string; stays: boolean; labels: ChartLabel[] }>();
  const visit = (node: AnyStateNode): void => {
    for (const [event, transitions] of eventsOf(node)) {
      let guarded = false;
      for (const transition of transitions) {
        if (!takesEffect(transition)) continue;
        const label = labelOf(spec, event, transition, guarded);
        guarded ||= transition.guard !== undefined;
        const targets = transition.target?.map(idOf) ?? [idOf(node)];
        const stays = transition.target === undefined;
        for (const target of targets) {
          const key = JSON.stringify([idOf(node), target, stays]);
          const edge = edges.get(key) ?? { source: idOf(node), target, stays, labels: [] };
          edges.set(key, edge);
          if (!edge.labels.some((l) => l.text === label.text)) edge.labels.push(label);
        }
      }
    }
    for (const child of childrenOf(node)) visit(child);
  };
  const root = rootOf(spec.machine);
  visit(root);
  return { name: spec.name, root: stateOf(root), edges: [...edges.values()] };
}

/** Every state below `state`, itself excluded, outer before inner. */
export function descendants(state: ChartState): ChartState[] {
  return state.children.flatMap((child) => [child, ...descendants(child)]);
}

/** Whether the state with id `inner` lies strictly within the one with id `outer`. The root's id is empty. */
export function isWithin(inner: string, outer: string): boolean {
  return outer === '' ? inner !== '' : inner.startsWith(`${outer}.`);
}

/** The kinds of label that a chart uses, in a fixed order: what its legend has to explain. */
export function kindsUsed(chart: Statechart): LabelKind[] {
  const used = new Set(chart.edges.flatMap((edge) => edge.labels.map((label) => label.kind)));
  return (['stimulus', 'choice', 'observation', 'internal'] as const).filter((kind) => used.has(kind));
}

function rootOf(machine: AnyStateMachine): AnyStateNode {
  return machine.root as AnyStateNode;
}

function idOf(node: AnyStateNode): string {
  return node.path.join('.');
}

function childrenOf(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states) as AnyStateNode[];
}

function stateOf(node: AnyStateNode): ChartState {
  const initial = node.type === 'compound' ? node.initial.target[0] : undefined;
  return {
    id: idOf(node),
    name: node.key,
    kind: node.type,
    initial: initial === undefined ? null : idOf(initial as AnyStateNode),
    children: childrenOf(node).map(stateOf),
    doc: node.description ?? null,
  };
}

function eventsOf(node: AnyStateNode): [string, readonly AnyTransitionDefinition[]][] {
  const always = (node.always ?? []) as readonly AnyTransitionDefinition[];
  return [...node.transitions, ...(always.length > 0 ? [['', always] as [string, typeof always]] : [])];
}

/** `E: {}` only forbids: XState does not take it, so it is not drawn. */
function takesEffect(transition: AnyTransitionDefinition): boolean {
  return transition.target !== undefined || transition.actions.length > 0;
}

function labelOf(
  spec: MachineSpec,
  type: string,
  transition: AnyTransitionDefinition,
  guardedBefore: boolean,
): ChartLabel {
  const event = type === '' ? 'always' : type.startsWith('xstate.done.state.') ? 'done' : type;
  const { guard: condition } = transition;
  const guard =
    condition === undefined ? (guardedBefore ? 'else' : null) : guardText(condition, spec.machine.id);
  const actions = transition.actions.map(actionName).filter((name) => name !== null);
  const text = `${event}${guard === null ? '' : ` [${guard}]`}${
    actions.length === 0 ? '' : ` / ${actions.join(', ')}`
  }`;
  return { event, guard, actions, kind: spec.alphabet[type]?.kind ?? 'internal', text };
}

function actionName(action: unknown): string | null {
  if (typeof action === 'string') return action;
  if (typeof action === 'object' && action !== null && 'type' in action) return String(action.type);
  return null;
}
