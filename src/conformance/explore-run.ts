/**
 * A workload on one kernel: which actions are possible now, and how one is taken.
 *
 * Generators cannot be copied, so a state is reached by taking the actions that lead to it on a fresh
 * kernel. The progress of the threads through their requests is part of the state.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { DriverState } from '../kernel/state.ts';
import type { Answer, Args, Stimulus } from '../kernel/steps.ts';
import { STIMULI } from '../kernel/steps.ts';
import type { TraceRecord } from '../kernel/task.ts';
import type { Workload, WorkName } from './workloads.ts';
import { exploredAnswers, WORLD } from './workloads.ts';

/** One action of the world: a stimulus (actor `world`), or a task that is resumed. */
export interface Action {
  readonly actor: string;
  /** Name of the stimulus, or of the step that the task takes. */
  readonly step: string;
  readonly args: Args;
  readonly answer?: Answer;
}

/** A kernel that a workload runs on. */
export class WorkloadRun {
  readonly kernel: Kernel;
  readonly #workload: Workload;
  /** Requests begun, by thread. */
  readonly #begun: number[];

  constructor(workload: Workload, kernel: Kernel) {
    this.#workload = workload;
    this.kernel = kernel;
    this.#begun = workload.threads.map(() => 0);
    for (const { name, args } of workload.prepare ?? []) {
      kernel.perform(name, args);
      serve(kernel);
    }
  }

  /** Progress of the threads, for the key. */
  progress(): string {
    return this.#begun.join();
  }

  /** Everything that can happen next, in a fixed order. */
  actions(): Action[] {
    const out: Action[] = [];
    const k = this.kernel;
    if (k.state.ended !== null) return out;
    this.#workload.threads.forEach((t, i) => {
      const next = this.#next(i);
      if (next !== null && k.accepts(next.name, next.args))
        out.push({ actor: t.thread, step: next.name, args: next.args });
    });
    for (const name of WORLD)
      for (const args of k.offers(name))
        if (name !== 'kworker_start' || this.#workload.works.includes(args.work as WorkName))
          out.push({ actor: 'world', step: name, args });
    for (const t of k.state.tasks) {
      if (t.pending === null || !k.runnable(t)) continue;
      const { name, args } = t.pending;
      const answers = k.answers(t.pending);
      if (answers === null) out.push({ actor: t.name, step: name, args });
      else
        for (const answer of exploredAnswers(this.#workload, t.name, answers))
          out.push({ actor: t.name, step: name, args, answer });
    }
    return out;
  }

  /** Take an action without a record. */
  advance(a: Action): void {
    const k = this.kernel;
    if (a.step in STIMULI) {
      k.perform(a.step as Stimulus['name'], a.args);
      this.#count(a);
    } else k.advance(k.task(a.actor), a.answer);
  }

  /** Take an action and say what happened. Throws when it is not possible. */
  take(a: Action): TraceRecord[] {
    if (!(a.step in STIMULI)) return this.kernel.resume(a.actor, a.answer);
    const records = this.kernel.stimulate(a.step as Stimulus['name'], a.args);
    this.#count(a);
    return records;
  }

  /** A request of a thread has begun; those that were passed over (nothing is mapped) count as well. */
  #count(a: Action): void {
    const i = this.#workload.threads.findIndex((t) => t.thread === a.actor);
    if (i < 0) return;
    let n = this.#begun[i]!;
    const { ops } = this.#workload.threads[i]!;
    while (ops[n] !== undefined && ops[n]!.name !== a.step) n++;
    this.#begun[i] = n + 1;
  }

  #next(i: number): Stimulus | null {
    const { thread, ops, after } = this.#workload.threads[i]!;
    if (after !== undefined && !this.#isOver(after)) return null;
    // A thread asks for one thing after the other, also of those that no task of its own serves.
    if (this.kernel.state.tasks.some((t) => t.name === thread && t.pending !== null)) return null;
    return ops[this.#position(i)] ?? null;
  }

  /** Has the thread had all its requests served? What the boot and probes do, tasks of their own serve. */
  #isOver(thread: string): boolean {
    const i = this.#workload.threads.findIndex((t) => t.thread === thread);
    if (this.#position(i) < this.#workload.threads[i]!.ops.length) return false;
    return this.kernel.state.tasks.every(
      (t) => t.pending === null || !(t.name === thread || /^(boot|probe)\//.test(t.name)),
    );
  }

  /** A thread whose map failed has nothing to unmap, and whose allocation failed nothing to free: it passes on. */
  #position(i: number): number {
    const { thread, ops } = this.#workload.threads[i]!;
    let n = this.#begun[i]!;
    const { state } = this.kernel;
    const driver = thread.startsWith('driver/') ? state.drivers[Number(thread.slice(-1))] : undefined;
    if (driver === undefined || this.kernel.task(thread).pending !== null) return n;
    const nothing = (name: Stimulus['name'] | undefined): boolean =>
      name !== undefined && NEEDS[name]?.(driver) === false;
    while (nothing(ops[n]?.name)) n++;
    return n;
  }
}

/** Requests that need something: what the driver must have for them. */
const NEEDS: Partial<Record<Stimulus['name'], (driver: DriverState) => boolean>> = {
  unmap: ({ mapping }) => mapping !== null,
  unmap_sg: ({ list }) => list !== null,
  deviceWrite: ({ mapping, list }) => mapping !== null || list !== null,
  deviceRead: ({ mapping, list }) => mapping !== null || list !== null,
  sync: ({ mapping, list }) => mapping !== null || list !== null,
  sync_pages: ({ allocations }) => allocations.length > 0,
  free: ({ allocations }) => allocations.length > 0,
  mmap: ({ allocations }) => allocations.length > 0,
};

/** Let everything that runs finish, each choice answered 'ok' where that is possible. */
function serve(k: Kernel): void {
  for (;;) {
    const t = k.state.tasks.find((x) => x.pending !== null);
    if (t === undefined || k.state.ended !== null) return;
    k.advance(t, k.answers(t.pending!)?.[0]);
  }
}
