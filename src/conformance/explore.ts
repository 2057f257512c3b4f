/**
 * Exploration of the simulator under a workload: every schedule and every answer, breadth-first, so that
 * each violation is shown by a shortest schedule. Nothing is pruned by a violation.
 */
import type { ConfigRead, KernelConfig } from '../kernel/config.ts';
import { kernelMaker } from '../kernel/index.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { TraceRecord } from '../kernel/task.ts';
import type { Action } from './explore-run.ts';
import { WorkloadRun } from './explore-run.ts';
import type { HaltReason } from './halt.ts';
import type { SafetyName, Standing, Violation } from './safety.ts';
import { judge, SAFETY, violations, witnessed } from './safety.ts';
import type { OmittedLocal } from './state-key.ts';
import { StateKeys } from './state-key.ts';
import type { Workload } from './workloads.ts';

/** What to explore on. */
export interface ExploreConfig extends Omit<KernelConfig, 'sizes'> {
  readonly sizes?: KernelConfig['sizes'];
}

/** How far, and for tests: how. */
export interface ExploreOptions {
  /** States at which the exploration stops; the result then says that it is not complete. */
  readonly maxStates?: number;
  /** Asked before each state is expanded: why to stop, or null. */
  readonly halted?: () => HaltReason | null;
  /** Test hook: false treats every schedule as a state of its own. */
  readonly merge?: boolean;
  /** Test hook: a local that is left out of the key. */
  readonly omit?: OmittedLocal;
  /** Test hook: called for every merge, with both schedules. */
  readonly onMerge?: (known: readonly Action[], merged: readonly Action[]) => void;
  /** Told of every transition: numbers of the states, what happened, and the kernel after it. */
  readonly onStep?: (from: number, to: number, records: readonly TraceRecord[], kernel: Kernel) => void;
}

/** A violation with the shortest schedule that shows it. */
export interface FoundViolation extends Violation {
  readonly schedule: readonly Action[];
}

/** What an exploration found. */
export interface Exploration {
  readonly workload: string;
  readonly states: number;
  readonly transitions: number;
  readonly complete: boolean;
  /** Which bound was hit; null: none. */
  readonly stopped: 'states' | HaltReason | null;
  /** One for each property and site, shortest schedule first. */
  readonly violations: readonly FoundViolation[];
  /** Properties whose witness occurred. */
  readonly witnesses: readonly SafetyName[];
  /** Length of the longest shortest way to a state. */
  readonly depth: number;
  /** States in which nothing more can happen. */
  readonly ends: number;
  /** Everything that any kernel of the exploration asked of its configuration, with the answers. */
  readonly reads: readonly ConfigRead[];
}

/** Kernels kept for states that wait to be expanded: saves a replay each. */
const KEEP_LIVE = 10000;
const NOTHING: readonly Standing[] = [];

/** Explore a workload. */
export function explore(w: Workload, config: ExploreConfig, options: ExploreOptions = {}): Exploration {
  return new Explorer(w, config, options).run();
}

class Explorer {
  readonly #workload: Workload;
  readonly #options: ExploreOptions;
  readonly #keys: StateKeys;
  readonly #known = new Map<string, number>();
  readonly #parent: number[] = [-1];
  readonly #action: (Action | null)[] = [null];
  readonly #interned = new Map<string, Action>();
  /** Properties that are false in a state; a state that is not named has none. */
  readonly #standing = new Map<number, readonly Standing[]>();
  readonly #make: () => Kernel;
  readonly #live = new Map<number, WorkloadRun>();
  readonly #found = new Map<string, FoundViolation>();
  readonly #witnesses = new Set<SafetyName>();
  #transitions = 0;

  constructor(w: Workload, config: ExploreConfig, options: ExploreOptions) {
    this.#workload = w;
    this.#make = kernelMaker({ ...config, sizes: { ...w.sizes, ...config.sizes } });
    this.#options = options;
    this.#keys = new StateKeys(options.omit ?? null);
  }

  run(): Exploration {
    const { maxStates = Number.POSITIVE_INFINITY, merge = true } = this.#options;
    const first = this.#fresh();
    this.#known.set(this.#keys.of(first.kernel, first.progress()), 0);
    this.#live.set(0, first);
    // What is wrong before the first step was not made so by it.
    const { standing } = judge(first.kernel);
    if (standing.length > 0) this.#standing.set(0, standing);
    let ends = 0;
    let last = 0;
    let node = 0;
    for (; node < this.#parent.length; node++) {
      const halted = this.#options.halted?.() ?? null;
      if (halted !== null) return this.#result(ends, this.#schedule(last).length, halted);
      last = node;
      const schedule = this.#schedule(node);
      let at: WorkloadRun | null = this.#live.get(node) ?? this.#replay(schedule);
      this.#live.delete(node);
      const actions = at.actions();
      if (actions.length === 0) ends++;
      const before = this.#standing.get(node) ?? NOTHING;
      for (const a of actions) {
        const run = at ?? this.#replay(schedule);
        at = null;
        this.#transitions++;
        const records = run.take(a);
        const key = this.#keys.of(run.kernel, run.progress());
        const seen = merge ? this.#known.get(key) : undefined;
        if (seen === undefined && this.#parent.length >= maxStates)
          return this.#result(ends, schedule.length, 'states');
        const id = seen ?? this.#add(run, key, node, a);
        this.#judgeStep(run.kernel, records, before, id, schedule, a);
        this.#options.onStep?.(node, id, records, run.kernel);
        if (seen !== undefined) this.#options.onMerge?.(this.#schedule(seen), [...schedule, a]);
      }
    }
    return this.#result(ends, this.#schedule(last).length, null);
  }

  /** A state that was not known. */
  #add(run: WorkloadRun, key: string, parent: number, a: Action): number {
    const id = this.#parent.length;
    if (this.#options.merge !== false) this.#known.set(key, id);
    this.#parent.push(parent);
    this.#action.push(this.#intern(a));
    const verdict = judge(run.kernel);
    if (verdict.standing.length > 0) this.#standing.set(id, verdict.standing);
    if (verdict.leakedOnPurpose) this.#witnesses.add('nothing-leaks');
    if (this.#live.size < KEEP_LIVE) this.#live.set(id, run);
    return id;
  }

  #judgeStep(
    k: Kernel,
    records: readonly TraceRecord[],
    before: readonly Standing[],
    to: number,
    schedule: readonly Action[],
    a: Action,
  ): void {
    for (const v of violations(k, records, before, this.#standing.get(to) ?? NOTHING)) {
      const key = `${v.property} ${v.site}`;
      if (!this.#found.has(key)) this.#found.set(key, { ...v, schedule: [...schedule, a] });
    }
    for (const r of records) for (const name of witnessed(k, r)) this.#witnesses.add(name);
  }

  /** All kernels share one reader: what any of them asked is in it. */
  #reads(): readonly ConfigRead[] {
    return this.#make().config.reads();
  }

  #fresh(): WorkloadRun {
    return new WorkloadRun(this.#workload, this.#make());
  }

  #replay(schedule: readonly Action[]): WorkloadRun {
    const run = this.#fresh();
    for (const a of schedule) run.advance(a);
    return run;
  }

  #schedule(node: number): Action[] {
    const out: Action[] = [];
    for (let n = node; n > 0; n = this.#parent[n]!) out.push(this.#action[n]!);
    return out.reverse();
  }

  /** Equal actions are kept once: there are few of them, and many states. */
  #intern(a: Action): Action {
    const key = JSON.stringify(a);
    const known = this.#interned.get(key);
    if (known !== undefined) return known;
    this.#interned.set(key, a);
    return a;
  }

  #result(ends: number, depth: number, stopped: Exploration['stopped']): Exploration {
    return {
      workload: this.#workload.name,
      states: this.#parent.length,
      transitions: this.#transitions,
      complete: stopped === null,
      stopped,
      violations: [...this.#found.values()],
      witnesses: SAFETY.filter((name) => this.#witnesses.has(name)),
      depth,
      ends,
      reads: this.#reads(),
    };
  }
}
