/** A suite of paths, run on the simulator in lockstep with the specification. */

import type { ConfigRead } from '../kernel/index.ts';
import { explore, type GlobalEvent, type Graph, type Path, runPath } from '../lts/index.ts';
import { transitionCover } from '../paths/index.ts';
import type { Series } from '../series/index.ts';
import { pathsAround } from './around.ts';
import { bindingOf, kernelFor } from './bindings.ts';
import { type Halt, type HaltReason, haltWatch } from './halt.ts';
import { Bound, Lockstep, type Mismatch } from './lockstep.ts';
import { judge, SafetyMonitor, type Standing, type Violation } from './safety.ts';
import { networkOf, type Subject } from './subject.ts';

/** Where the simulator does not do what the machines say: the shortest of its kind at its site. */
export interface Divergence extends Mismatch {
  readonly path: Path;
  /** Number of the diverging step, from 1; 0 is the initial state. */
  readonly step: number;
}

/** A safety property that is false of the simulator's own state, found on a path. */
export interface PathSafety extends Violation {
  readonly path: Path;
}

export interface ConformResult {
  readonly paths: number;
  /** Steps taken, repetitions included. */
  readonly steps: number;
  readonly transitionsTotal: number;
  /** Distinct transitions of the graph that were executed, each found to agree. */
  readonly transitionsCovered: number;
  /** Stimuli, choices and observations that both sides refused, summed over all states of all paths. */
  readonly blockedChecked: number;
  readonly failures: readonly Divergence[];
  readonly safety: readonly PathSafety[];
  /** Which bound was hit before all paths were run; null: none. */
  readonly stopped: HaltReason | null;
}

export interface ConformOptions {
  readonly onProgress?: (done: { readonly paths: number; readonly of: number }) => void;
  /** Only so many paths. The result then covers less, and says so. */
  readonly maxPaths?: number;
  /** The graph of the machines and its suite, where they are known already. */
  readonly suite?: Suite;
  /** Compare after a transition's first execution only, not after each repetition on other paths. Default: false. */
  readonly firstTimeOnly?: boolean;
  /** No more paths are begun once it is halted. */
  readonly halt?: Halt;
}

/** The explored graph of the machines that judge, and paths through it. */
export interface Suite {
  readonly graph: Graph;
  readonly paths: readonly Path[];
}

export function suiteOf(subject: Subject, machines: Series): Suite {
  const graph = explore(networkOf({ ...subject, series: machines }));
  return { graph, paths: transitionCover(graph) };
}

/** Executed transitions and what was found, before it is summed up: what runs side by side hand over. */
export interface ConformPart extends Omit<ConformResult, 'transitionsCovered'> {
  /** One byte for each transition of the graph: 1 when it was executed. */
  readonly executed: Uint8Array;
  /** Transitions at which the simulator parted from the machines, so that the path ended. */
  readonly diverging: readonly number[];
}

/**
 * A suite is run in so many shares, on every machine: the safety properties are judged where a share first takes a
 * transition, so that what is found depends on which paths are run together.
 */
export const SHARES = 2;

/** Every n-th path, beginning with `index`. */
export const shareOf = (paths: readonly Path[], index: number): Path[] =>
  paths.filter((_, i) => i % SHARES === index);

const PROGRESS_EVERY = 50;

/**
 * Runs the suite of a series' machines on the simulator of the subject's series.
 *
 * @param machines whose machines judge: the subject's own series, or `v5` for the intended ones
 */
export function conformSubject(
  subject: Subject,
  machines: Series,
  options: ConformOptions = {},
): ConformResult {
  const suite = options.suite ?? suiteOf(subject, machines);
  const part = conformPart(subject, machines, { ...options, suite });
  return sumUp(options.maxPaths === undefined ? goAround(subject, machines, suite.graph, part) : part);
}

/**
 * Runs what divergences kept from being executed, by ways that avoid them, until nothing is left that can be
 * reached so. Only where the machines are those of the simulator's own series: elsewhere paths are long because
 * differences are passed over.
 *
 * @param ran told of each run
 */
export function goAround(
  subject: Subject,
  machines: Series,
  graph: Graph,
  part: ConformPart,
  ran: (run: SuiteRun) => void = () => {},
): ConformPart {
  if (machines.name !== subject.series.name || part.stopped !== null) return part;
  let all = part;
  for (;;) {
    const paths = all.diverging.length === 0 ? [] : pathsAround(graph, all.executed, new Set(all.diverging));
    if (paths.length === 0) return all;
    const run = new SuiteRun(subject, graph, false, true);
    for (const path of paths) run.path(path);
    ran(run);
    all = joinParts([all, run.result(paths.length)]);
  }
}

export function sumUp({ executed, diverging: _, ...part }: ConformPart): ConformResult {
  return { ...part, transitionsCovered: executed.reduce((sum, one) => sum + one, 0) };
}

export function conformPart(subject: Subject, machines: Series, options: ConformOptions = {}): ConformPart {
  const { graph, paths } = options.suite ?? suiteOf(subject, machines);
  const mine = paths.slice(0, options.maxPaths ?? Number.POSITIVE_INFINITY);
  const run = new SuiteRun(subject, graph, machines.name !== subject.series.name, options.firstTimeOnly);
  const halted = options.halt === undefined ? () => null : haltWatch(options.halt);
  for (const [i, path] of mine.entries()) {
    const stopped = halted();
    if (stopped !== null) return run.result(i, stopped);
    run.path(path);
    if (i % PROGRESS_EVERY === 0) options.onProgress?.({ paths: i, of: mine.length });
  }
  return run.result(mine.length);
}

/** Joins the parts of one suite. Of two divergences or violations at one site the shorter stays. */
export function joinParts(parts: readonly ConformPart[]): ConformPart {
  const [first, ...rest] = parts as [ConformPart, ...ConformPart[]];
  const executed = first.executed.slice();
  for (const part of rest) for (let t = 0; t < executed.length; t++) executed[t]! |= part.executed[t]!;
  const sum = (of: (part: ConformPart) => number) => parts.reduce((total, part) => total + of(part), 0);
  return {
    paths: sum(({ paths }) => paths),
    steps: sum(({ steps }) => steps),
    transitionsTotal: first.transitionsTotal,
    blockedChecked: sum(({ blockedChecked }) => blockedChecked),
    executed,
    stopped: parts.find(({ stopped }) => stopped !== null)?.stopped ?? null,
    diverging: [...new Set(parts.flatMap(({ diverging }) => diverging))].sort((a, b) => a - b),
    failures: shortest(
      parts.flatMap(({ failures }) => failures),
      ({ site, part }) => `${site} ${part}`,
    ),
    safety: shortest(
      parts.flatMap(({ safety }) => safety),
      ({ property, site }) => `${property} ${site}`,
    ),
  };
}

const divergenceKey = ({ site, part, expected }: Divergence) => `${site} ${part} ${expected}`;

function shortest<T extends { readonly path: Path }>(items: readonly T[], key: (item: T) => string): T[] {
  const best = new Map<string, T>();
  for (const item of items) {
    const old = best.get(key(item));
    if (old === undefined || isBefore(item.path, old.path)) best.set(key(item), item);
  }
  return [...best.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

/** Shorter first; of equal length the one with smaller event numbers: no result depends on the order of runs. */
function isBefore(a: Path, b: Path): boolean {
  if (a.length !== b.length) return a.length < b.length;
  const at = a.findIndex((event, i) => event !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}

/** One run of a suite: paths one after the other, with what was executed and found so far. */
export class SuiteRun {
  readonly #subject: Subject;
  readonly #graph: Graph;
  readonly #bound: Bound;
  readonly #tolerant: boolean;
  readonly #firstTimeOnly: boolean;
  readonly #judged: boolean;
  readonly #locals: Int32Array;
  readonly #executed: Uint8Array;
  readonly #diverging = new Set<number>();
  readonly #failures = new Map<string, Divergence>();
  readonly #safety = new Map<string, PathSafety>();
  readonly #reads = new Map<string, ConfigRead>();
  /** What is false before the first step of any path. */
  #initial: readonly Standing[] | undefined;
  /**
   * Whether the state is judged before a step too. Only where something is false after it that matters, and asking
   * afterwards means to go the path again: so from the first time on that it did matter.
   */
  #eager = false;
  #steps = 0;
  #blocked = 0;

  /**
   * @param tolerant the machines are not those of the simulator's series: differences that do not end a path are
   *   passed over, so that what lies behind them shows too
   * @param safety the safety properties are judged on the simulator's own state: a third of the time
   */
  constructor(subject: Subject, graph: Graph, tolerant: boolean, firstTimeOnly = false, safety = true) {
    this.#judged = safety;
    this.#tolerant = tolerant;
    this.#firstTimeOnly = firstTimeOnly;
    this.#subject = subject;
    this.#graph = graph;
    this.#bound = new Bound(graph.network, bindingOf(subject.system.name));
    this.#locals = new Int32Array(graph.network.instances.length);
    this.#executed = new Uint8Array(graph.transitions);
  }

  result(paths: number, stopped: HaltReason | null = null): ConformPart {
    return {
      paths,
      stopped,
      steps: this.#steps,
      transitionsTotal: this.#graph.transitions,
      blockedChecked: this.#blocked,
      executed: this.#executed,
      diverging: [...this.#diverging],
      failures: [...this.#failures.values()],
      safety: [...this.#safety.values()],
    };
  }

  /** All that the paths so far have read of the simulator's configuration: whoever answers alike runs alike. */
  reads(): ConfigRead[] {
    return [...this.#reads.values()];
  }

  /** Runs one path until its end or the first disagreement. */
  path(path: Path): void {
    const { config } = this.#path(path).kernel;
    for (const read of config.reads()) this.#reads.set(`${read.kind} ${read.name}`, read);
  }

  #path(path: Path): Lockstep {
    const graph = this.#graph;
    let at = 0;
    const run = newLockstep(
      this.#subject,
      this.#bound,
      this.#tolerant
        ? (difference) => this.#keep({ ...difference, path: path.slice(0, at), step: at })
        : null,
    );
    this.#initial ??= judge(run.kernel).standing;
    const monitor = new SafetyMonitor(run.kernel, this.#initial);
    let skipped = false;
    let state = 0;
    let mismatch = this.#compare(run, null, state);
    if (mismatch !== null) this.#fail(mismatch, [], 0);
    for (let i = 0; i < path.length && mismatch === null; i++) {
      const transition = graph.edge(state, path[i]!);
      const event = graph.network.events[path[i]!]!;
      at = i + 1;
      // The simulator's own properties are judged at the first execution of each transition.
      const first = this.#executed[transition] === 0;
      const judged = first && this.#judged;
      const before = judged && skipped && this.#eager ? judge(run.kernel).standing : undefined;
      mismatch = run.take(event);
      if (judged) this.#judge(monitor, run, path, i + 1, before);
      else monitor.skip();
      skipped = !judged;
      state = graph.targets[transition]!;
      if (first || !this.#firstTimeOnly) mismatch ??= this.#compare(run, event, state);
      if (mismatch !== null) {
        this.#diverging.add(transition);
        this.#fail(mismatch, path.slice(0, i + 1), i + 1);
        return run;
      }
      this.#steps++;
      this.#executed[transition] = 1;
    }
    return run;
  }

  #compare(run: Lockstep, event: GlobalEvent | null, state: number): Mismatch | null {
    const graph = this.#graph;
    for (let i = 0; i < this.#locals.length; i++) this.#locals[i] = graph.local(state, i);
    const wrong = run.compareState(event, this.#locals);
    if (wrong !== null) return wrong;
    const enabled = graph.labels.subarray(graph.offsets[state]!, graph.offsets[state + 1]!);
    this.#blocked += this.#bound.offers.length - enabled.length;
    return run.compareOffers(enabled);
  }

  #judge(
    monitor: SafetyMonitor,
    run: Lockstep,
    path: Path,
    step: number,
    before: readonly Standing[] | undefined,
  ): void {
    const asked = () => {
      this.#eager = true;
      return before ?? this.#standingAfter(path.slice(0, step - 1));
    };
    for (const violation of monitor.after(run.records, asked)) {
      const key = `${violation.property} ${violation.site}`;
      const old = this.#safety.get(key);
      if (old !== undefined && old.path.length <= step) continue;
      this.#safety.set(key, { ...violation, path: path.slice(0, step) });
    }
  }

  /** What is false of the simulator's state at the end of a path that it can go. */
  #standingAfter(path: Path): readonly Standing[] {
    const run = newLockstep(this.#subject, this.#bound, this.#tolerant ? () => {} : null);
    for (const event of path) run.take(this.#graph.network.events[event]!);
    return judge(run.kernel).standing;
  }

  /** Keeps the shortest disagreement of its kind: by the shortest way to the same state, if it shows there too. */
  #fail(mismatch: Mismatch, path: Path, step: number): void {
    const direct = this.#direct(path);
    const shorter = direct.length < path.length && this.#failsAlike(direct, mismatch) ? direct : path;
    this.#keep({ ...mismatch, path: shorter, step: shorter === path ? step : shorter.length });
  }

  #keep(found: Divergence): void {
    const key = divergenceKey(found);
    const known = this.#failures.get(key);
    if (known === undefined || isBefore(found.path, known.path)) this.#failures.set(key, found);
  }

  #direct(path: Path): Path {
    if (path.length === 0) return path;
    let state = 0;
    for (const event of path.slice(0, -1)) state = this.#graph.targets[this.#graph.edge(state, event)]!;
    return [...this.#graph.pathTo(state), path[path.length - 1]!];
  }

  #failsAlike(path: Path, { part, site }: Mismatch): boolean {
    const { divergence } = walk(
      newLockstep(this.#subject, this.#bound, this.#tolerant ? () => {} : null),
      this.#bound,
      path,
    );
    return divergence?.step === path.length && divergence.part === part && divergence.site === site;
  }
}

function newLockstep(
  subject: Subject,
  bound: Bound,
  onDifference: ((difference: Mismatch) => void) | null = null,
): Lockstep {
  return new Lockstep(bound, kernelFor(subject), onDifference);
}

/** One step of a path as the simulator took it. */
export interface ReplayStep {
  readonly event: string;
  /** Steps of the simulator that no event stands for, after that of the event. */
  readonly hidden: readonly string[];
  /** What the step found, where it found something. */
  readonly result: string | null;
  /** Safety properties that the step made false, in the simulator's own state. */
  readonly violated: readonly {
    readonly property: string;
    readonly because: string;
    readonly site: string;
  }[];
}

export interface Replay {
  readonly steps: readonly ReplayStep[];
  /** Under machines of another series: differences that did not end the path. */
  readonly differences: readonly Divergence[];
  readonly divergence: Divergence | null;
}

/** Runs one path on the simulator of the subject's series, judged by the machines of a series. */
export function replayOnSimulator(subject: Subject, machines: Series, path: Path): Replay {
  const network = networkOf({ ...subject, series: machines });
  const bound = new Bound(network, bindingOf(subject.system.name));
  if (machines.name === subject.series.name) return walk(newLockstep(subject, bound), bound, path, true);
  const differences: Divergence[] = [];
  let steps = 0;
  const keep = (difference: Mismatch) =>
    differences.push({ ...difference, path: path.slice(0, steps), step: steps });
  const replay = walk(newLockstep(subject, bound, keep), bound, path, true, (step) => {
    steps = step;
  });
  return { ...replay, differences };
}

function walk(
  run: Lockstep,
  bound: Bound,
  path: Path,
  watched = false,
  onStep: (step: number) => void = () => {},
): Replay {
  const { network } = bound;
  const states = runPath(network, path);
  const steps: ReplayStep[] = [];
  const stop = (mismatch: Mismatch, step: number): Replay => ({
    steps,
    differences: [],
    divergence: { ...mismatch, path: path.slice(0, step), step },
  });
  const at = (i: number, event: GlobalEvent | null) =>
    run.compareState(event, states[i]!) ?? run.compareOffers(enabledIn(bound, states[i]!));
  const wrong = at(0, null);
  if (wrong !== null) return stop(wrong, 0);
  for (let i = 0; i < path.length; i++) {
    onStep(i + 1);
    const event = network.events[path[i]!]!;
    const monitor = watched ? new SafetyMonitor(run.kernel) : null;
    const mismatch = run.take(event);
    const [record, ...hidden] = run.records;
    const violated = monitor?.after(run.records) ?? [];
    const result = record?.result === undefined ? null : String(record.result);
    steps.push({ event: event.label, hidden: hidden.map(({ step }) => step), result, violated });
    const parted = mismatch ?? at(i + 1, event);
    if (parted !== null) return stop(parted, i + 1);
  }
  return { steps, differences: [], divergence: null };
}

/** The global events that a network enables, from its local tables. */
function enabledIn({ network }: Bound, locals: readonly number[]): number[] {
  return network.events
    .filter(({ participants }) =>
      participants.every(([i, e]) => {
        const { lts } = network.instances[i]!;
        return lts.next[locals[i]! * lts.events.length + e]! >= 0;
      }),
    )
    .map(({ index }) => index);
}
