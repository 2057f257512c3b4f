/**
 * The vocabulary of the engine: alphabets, machines, labelled transition systems, networks, graphs,
 * properties and verdicts. Everything here is plain data or a plain function; nothing knows a domain.
 */
import type { AnyStateMachine } from 'xstate';

/** A value that an event parameter may take. Domains are always finite and declared. */
export type ParamValue = string | number | boolean;
export type Params = Readonly<Record<string, ParamValue>>;

/**
 * What an event is:
 * - `stimulus`: the world acts;
 * - `choice`: the world answers a question that the code under test asked;
 * - `observation`: the code under test does something visible. An actor offers at most one at a time.
 */
export type EventKind = 'stimulus' | 'choice' | 'observation';

/** One line of a machine's alphabet. */
export interface EventDecl {
  readonly kind: EventKind;
  /** Who acts: a name, or `{ param }` when the value of that (global) parameter names the actor. */
  readonly actor: string | { readonly param: string };
  /** The symbol of the program under test that the event stands for. */
  readonly symbol: string;
  /** Finite domains of the payload; the payload is a flat record beside `type`. */
  readonly params?: Readonly<Record<string, readonly ParamValue[]>>;
  /** One sentence: what happens. */
  readonly doc?: string;
}

/** Every event that a machine may take, by type. */
export type Alphabet = Readonly<Record<string, EventDecl>>;

/** A machine with its alphabet and the input that its initial context is made from. */
export interface MachineSpec {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly alphabet: Alphabet;
  readonly input?: unknown;
}

/** A local event: a type and a payload, e.g. `lookup[pool=1]`. */
export interface LocalEvent {
  readonly type: string;
  readonly params: Params;
  readonly label: string;
}

/** A reachable local state: XState's state value and context. `key` is unique within its LTS. */
export interface LocalState {
  readonly index: number;
  readonly key: string;
  readonly value: unknown;
  readonly context: unknown;
  readonly final: boolean;
}

/** A machine, compiled: deterministic, total tables over integers. */
export interface LocalLts {
  readonly name: string;
  readonly alphabet: Alphabet;
  readonly events: readonly LocalEvent[];
  readonly states: readonly LocalState[];
  readonly initial: number;
  /** `next[state * events.length + event]`, or -1 where the event is not enabled. */
  readonly next: Int32Array;
  /** Declared leaf states (dotted paths) that no local state is in, even when the machine runs alone. */
  readonly unreached?: readonly string[];
}

/** A (partial) global event: its type and some of its parameters. */
export type EventPattern = { readonly type: string } & Readonly<Record<string, ParamValue>>;

/**
 * Which global events a local one stands for. A pattern that names only some parameters of an event stands
 * for all events that agree with it (renaming may be one to many). A predicate is applied to the events
 * that the patterns of all instances have named.
 */
export type SyncRef = EventPattern | readonly EventPattern[] | ((event: GlobalEvent) => boolean);

/** One machine of a network. */
export interface InstanceDef {
  readonly name: string;
  readonly spec: MachineSpec;
  /** Parameters that are added to each of its events by default, e.g. `{ pool: 'T' }`. */
  readonly index?: Params;
  /**
   * By local event type: what it stands for. A function of the local event may be given where the payload
   * decides; one that returns a boolean is itself a predicate over global events. (A local event is passed in
   * the shape of a global one, with index -1 and no participants, so that both are typed alike.) Local
   * parameters and the index pass through into patterns (not into predicates). `null`: never happens here.
   */
  readonly sync?: Readonly<
    Record<string, SyncRef | null | ((event: GlobalEvent) => boolean | SyncRef | null)>
  >;
}

/** An event of the network; its participants are exactly the instances that name it. */
export interface GlobalEvent {
  readonly index: number;
  readonly type: string;
  readonly params: Params;
  /** `lookup[pool=1,reader=0]`: parameters sorted by name; just the type when there are none. */
  readonly label: string;
  readonly kind: EventKind;
  readonly actor: string;
  readonly symbol: string;
  /** `[instance index, local event index]`, by instance. */
  readonly participants: readonly (readonly [number, number])[];
}

export interface NetworkDef {
  readonly name: string;
  readonly instances: readonly InstanceDef[];
}

/** A network, composed: what the explorer, the generators and the renderers read. */
export interface Network {
  readonly name: string;
  readonly instances: readonly { readonly name: string; readonly lts: LocalLts }[];
  readonly events: readonly GlobalEvent[];
  readonly initial: readonly number[];
}

/** A state of the network, seen by a person or a property: local states by instance name. */
export interface StateView {
  local(instance: string): LocalState;
}

/** The answer of a predicate: `true`, or which part was false. */
export type Judgement = true | string;

interface PropertyBase {
  readonly name: string;
  readonly doc: string;
  /**
   * What its predicates read of a local state (of the instance at that position of `over`): two that are seen alike
   * must be judged alike. Only an aid for predicates over many instances, which else are asked too often before they
   * can be written as a formula; `check` does not use it, so that a comparison with `verify` finds a wrong one.
   */
  readonly seen?: (local: LocalState, position: number) => ParamValue;
}
/** Holds in every reachable state. `over` lists the instances that `holds` is given, in that order. */
export interface Invariant extends PropertyBase {
  readonly kind: 'invariant';
  readonly over: readonly string[];
  readonly holds: (...locals: LocalState[]) => Judgement;
  /**
   * Where the step stands that makes it false (given the local states before it): one shortest counterexample
   * is kept for each site. Default: the symbol of the step.
   */
  readonly site?: (event: GlobalEvent, ...locals: LocalState[]) => string;
}
/** Never taken: an event that `event` selects, from a state where `when` (default: always) is true. */
export interface ForbiddenEvent extends PropertyBase {
  readonly kind: 'forbidden';
  readonly event: (event: GlobalEvent) => boolean;
  readonly over?: readonly string[];
  readonly when?: (event: GlobalEvent, ...locals: LocalState[]) => boolean;
  /** What to say when it happens. */
  readonly because?: (event: GlobalEvent, ...locals: LocalState[]) => string;
  /** Where it happens: one shortest counterexample is kept for each site. Default: the symbol of the event. */
  readonly site?: (event: GlobalEvent, ...locals: LocalState[]) => string;
}
/** Every reachable state has a step, except those where every instance named in `final` is in a final state. */
export interface DeadlockFree extends PropertyBase {
  readonly kind: 'deadlock';
  readonly final?: { readonly over: readonly string[]; readonly is: (...locals: LocalState[]) => boolean };
}
/** Must be reachable: a situation (and/or an event) that shows that the property it witnesses is not vacuous. */
export interface Possible extends PropertyBase {
  readonly kind: 'possible';
  /** The property that it witnesses. */
  readonly witnesses: string;
  readonly event?: (event: GlobalEvent) => boolean;
  readonly over?: readonly string[];
  readonly when?: (...locals: LocalState[]) => boolean;
  /** False where the absence is no failure (another platform, option or series); then it is `not reachable`. */
  readonly expected: boolean;
}
/** A named set of events that is treated fairly: what stays enabled for ever is taken again and again. */
export interface FairSet {
  readonly name: string;
  readonly event: (event: GlobalEvent) => boolean;
}
/**
 * Every fair run that comes to a state where `from` is true comes, then or later, to one where `to` is. Weak
 * fairness, for each set apart; what is in no set may be left undone for ever, and a run that ends stays in its
 * last state.
 */
export interface LeadsTo extends PropertyBase {
  readonly kind: 'leads-to';
  readonly over: readonly string[];
  readonly from: (...locals: LocalState[]) => boolean;
  /** What must come; also what excuses its absence. */
  readonly to: (...locals: LocalState[]) => boolean;
  readonly fair: readonly FairSet[];
  /** Events that happen finitely often only: in a counterexample they stand on the stem, not in the loop. */
  readonly onlyOnStem?: (event: GlobalEvent) => boolean;
  /** Only runs in which one of these events happens again and again are judged (a request that is repeated). */
  readonly recurring?: (event: GlobalEvent) => boolean;
}
export type Property = Invariant | ForbiddenEvent | DeadlockFree | Possible | LeadsTo;

/** A run from the initial state: global event indices. */
export type Path = readonly number[];

/**
 * - `holds`: true in all that is reachable (for `possible`: reached);
 * - `fails`: a shortest counterexample is given (for an expected `possible`: nothing reached it);
 * - `not reachable`: a `possible` that is not expected here and does not occur, or a safety property whose
 *   witnesses do not occur;
 * - `not decided`: a bound was hit before the answer was known.
 */
export type VerdictStatus = 'holds' | 'fails' | 'not reachable' | 'not decided';

/** A violation of a property, the shortest of those at its site. */
export interface Counterexample {
  /** The place in the program under test: by default the symbol of the violating step. */
  readonly site: string;
  readonly steps: number;
  readonly path: Path;
  /** Which part of the property was false. */
  readonly because: string;
  /** Of a leads-to: what is repeated for ever after the path, the stem; empty when nothing more happens. */
  readonly loop?: Path;
}

export interface Verdict {
  readonly name: string;
  readonly kind: Property['kind'];
  readonly doc: string;
  readonly status: VerdictStatus;
  /** Length of the shortest counterexample (of the shortest witness, for `possible`); null if there is none. */
  readonly steps: number | null;
  readonly path: Path | null;
  /** Which part of the property was false, at the end of the path. */
  readonly because: string | null;
  /** Of a safety property that fails: the shortest counterexample for each site, shortest first. */
  readonly counterexamples: readonly Counterexample[];
  /** For a `possible`: the property that it witnesses. */
  readonly witnesses?: string;
}
