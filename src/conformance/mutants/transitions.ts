/** The transitions of a machine's literal, one by one, and the machine with one of them changed. */
import { type AnyStateMachine, createMachine } from 'xstate';
import { cloneConfig, stateConfig } from '../../lts/index.ts';

/** One alternative of a transition, as the literal has it. */
export interface Alternative {
  readonly target?: string;
  readonly guard?: unknown;
  readonly actions?: unknown;
}

/** Where a transition stands, and what it does. */
export interface TransitionPlace {
  /** Dotted path of the state that it leaves; `''` is the root. */
  readonly state: string;
  /** The event; null for eventless transitions (`always`). */
  readonly event: string | null;
  /** All alternatives of the event in this state, in the order in which they are tried. */
  readonly alternatives: readonly Alternative[];
  /** Which of them is meant. */
  readonly index: number;
  /** Dotted path of the state node that its target names; null when it has none. */
  readonly target: string | null;
}

interface NodeConfig {
  on?: Record<string, unknown>;
  always?: unknown;
}
/** What is read of XState's state nodes. */
interface Node {
  readonly path: readonly string[];
  readonly type: string;
  readonly states: Readonly<Record<string, Node>>;
  readonly transitions: ReadonlyMap<string, readonly Resolved[]>;
  readonly always?: readonly Resolved[] | undefined;
}
interface Resolved {
  readonly target?: readonly { readonly path: readonly string[] }[] | undefined;
}

/** A machine that is still not at rest after so many microsteps is refused: a mutant may loop without an event. */
const MAX_MICROSTEPS = 1000;

/** Every alternative of every transition, in the order of the literal; parents before their children. */
export function transitionPlaces(machine: AnyStateMachine): TransitionPlace[] {
  const places: TransitionPlace[] = [];
  for (const node of nodes(machine)) {
    const state = node.path.join('.');
    const config = stateConfig(machine.config, state) as NodeConfig;
    const add = (event: string | null, written: unknown, resolved: readonly Resolved[]) => {
      const alternatives = alternativesOf(written);
      alternatives.forEach((_, index) => {
        const targets = resolved[index]?.target ?? [];
        const target = targets[0]?.path.join('.') ?? null;
        if (targets.length > 1)
          throw new Error(
            `'${machine.id}', '${state}': a transition with several targets has no mutants yet`,
          );
        places.push({ state, event, alternatives, index, target });
      });
    };
    if (config.always !== undefined) add(null, config.always, node.always ?? []);
    for (const [event, written] of Object.entries(config.on ?? {}))
      add(event, written, node.transitions.get(event) ?? []);
  }
  return places;
}

/** Dotted paths of all states that a transition can have as target: leaf and compound, without the root. */
export function targetStates(machine: AnyStateMachine): string[] {
  return nodes(machine)
    .filter(({ path, type }) => path.length > 0 && type !== 'history')
    .map(({ path }) => path.join('.'));
}

/** A target that resolves from anywhere in the machine: `#id.path`. */
export function absoluteTarget(machine: AnyStateMachine, path: string): string {
  return `#${machine.root.id}.${path}`;
}

/** The machine with other alternatives at one place; none takes the transition away. The original is untouched. */
export function withAlternatives(
  machine: AnyStateMachine,
  { state, event }: Pick<TransitionPlace, 'state' | 'event'>,
  alternatives: readonly Alternative[],
): AnyStateMachine {
  const config = cloneConfig(machine.config) as NodeConfig & { options?: object };
  const node = stateConfig(config, state) as NodeConfig;
  if (event === null) node.always = alternatives;
  else if (alternatives.length > 0) node.on = { ...node.on, [event]: alternatives };
  else delete node.on?.[event];
  config.options = { ...config.options, maxIterations: MAX_MICROSTEPS };
  return createMachine(config as never, machine.implementations as never) as unknown as AnyStateMachine;
}

function alternativesOf(written: unknown): Alternative[] {
  const list: readonly unknown[] = Array.isArray(written) ? written : [written];
  return list.map((one) => (typeof one === 'string' ? { target: one } : { ...(one as Alternative) }));
}

function nodes(machine: AnyStateMachine): Node[] {
  const below = (node: Node): Node[] => [node, ...Object.values(node.states).flatMap(below)];
  return below(machine.root as unknown as Node);
}
