/**
 * A workload on one kernel: which actions are possible now, and how one is taken.
 *
 * Generators cannot be copied, so a state is reached by taking the actions that lead to it on a fresh
 * kernel. The progress of the threads through their requests is part of the state.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Answer, Args, Stimulus } from '../kernel/steps.ts';
import { STIMULI } from '../kernel/steps.ts';
import type { TraceRecord } from '../kernel/task.ts';
import type { Workload } from './workloads.ts';
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
    this.#workload.threads.forEach((t, i) => {
      const next = this.#next(i);
      if (next !== null && k.accepts(next.name, next.args))
        out.push({ actor: t.thread, step: next.name, args: next.args });
    });
    for (const name of WORLD)
      for (const args of k.offers(name))
        if (name !== 'kworker_start' || this.#workload.works.includes(args.work as 'dyn_alloc'))
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
    return this.#workload.threads[i]!.ops[this.#position(i)] ?? null;
  }

  /** A thread whose map failed has nothing to unmap: it passes to its next map. */
  #position(i: number): number {
    const { thread, ops } = this.#workload.threads[i]!;
    let n = this.#begun[i]!;
    const driver = thread.startsWith('driver/')
      ? this.kernel.state.drivers[Number(thread.slice(-1))]
      : undefined;
    if (driver === undefined || this.kernel.task(thread).pending !== null) return n;
    while (driver.mapping === null && (ops[n]?.name === 'unmap' || ops[n]?.name === 'deviceWrite')) n++;
    return n;
  }
}

/** Let everything that runs finish, each choice answered 'ok' where that is possible. */
function serve(k: Kernel): void {
  for (;;) {
    const t = k.state.tasks.find((x) => x.pending !== null);
    if (t === undefined) return;
    k.advance(t, k.answers(t.pending!)?.[0]);
  }
}
