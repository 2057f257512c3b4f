/**
 * The simulated kernel under a scenario: calls run to their return, the world answers 'ok' unless it was told
 * otherwise, and the safety properties are judged after every step.
 */
import { SafetyMonitor } from '../conformance/safety.ts';
import type { SafetyName, Violation } from '../conformance/safety-names.ts';
import { createKernel, type KernelConfig } from '../kernel/index.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { quiescent } from '../kernel/rcu.ts';
import { lock, unlock } from '../kernel/scheduler.ts';
import type { Answer, StimulusName } from '../kernel/steps.ts';
import type { Fault, Run, Task, TraceRecord } from '../kernel/task.ts';
import { enter, leave } from '../kernel/task.ts';
import type { Failure, Failures } from './failures.ts';

/** What happened while a call ran. */
export interface Happened {
  readonly records: readonly TraceRecord[];
  readonly violations: readonly Violation[];
  /** Injected failures that came to be. */
  readonly failed: readonly Failure[];
}

/** A body of kernel code that runs on a task. */
export type Body<T> = (k: Kernel, t: Task) => Run<T>;

/** Longer than anything that ends. */
const ENDLESS = 100_000;
const WORLD: readonly StimulusName[] = ['rcu_gp_start', 'rcu_gp_end', 'rcu_softirq', 'kworker_start'];

/** One kernel, driven call by call. */
export class Machine {
  readonly kernel: Kernel;
  readonly #monitor: SafetyMonitor;
  readonly #failures: Failures;
  #early: Fault[] | null = null;

  /** @throws RangeError when a size is not accepted */
  constructor(config: KernelConfig, failures: Failures) {
    this.kernel = createKernel(config);
    this.#monitor = new SafetyMonitor(this.kernel);
    this.#failures = failures;
    // What goes wrong before the first step of a call belongs to no step: it is kept for the call.
    const { kernel } = this;
    const fault = kernel.fault.bind(kernel);
    kernel.fault = (kind, addr, because) => {
      this.#early?.push({ kind, addr, because });
      fault(kind, addr, because);
    };
  }

  /** Properties whose situation occurred so far. */
  witnesses(): SafetyName[] {
    return this.#monitor.witnesses();
  }

  /**
   * Run a body on an idle task until it returns.
   * @param name of the call, as the records name it
   * @param atomic with a spinlock held and interrupts off
   */
  call<T>(
    task: string,
    name: string,
    atomic: boolean,
    body: Body<T>,
  ): { readonly value: T | undefined; readonly happened: Happened } {
    const k = this.kernel;
    const t = k.task(task);
    const box: { value?: T } = {};
    if (atomic) {
      lock(k.state, `${task} lock`, task);
      t.context = 'atomic';
    }
    this.#early = [];
    k.start(t, caller(k, t, body, box));
    const faults = this.#early;
    this.#early = null;
    const records: TraceRecord[] = [
      {
        actor: task,
        cpu: t.cpu,
        context: t.context,
        fn: name,
        stack: [name],
        step: name,
        args: {},
        ...(faults.length > 0 && { faults }),
      },
    ];
    const happened = this.#finish(records, () => (t.pending === null ? null : t));
    if (atomic && t.pending === null) {
      unlock(k.state, `${task} lock`, task);
      t.context = 'process';
      quiescent(k, t);
    }
    return { value: box.value, happened };
  }

  /** Something that the world does to the state at once. */
  act(name: string, effect: (k: Kernel) => void): Happened {
    effect(this.kernel);
    const record: TraceRecord = {
      actor: 'world',
      cpu: null,
      context: null,
      fn: '',
      stack: [],
      step: name,
      args: {},
    };
    return this.#finish([record], () => null);
  }

  /** A stimulus of the simulator, and what it starts. */
  stimulate(name: StimulusName, args: Parameters<Kernel['stimulate']>[1]): Happened {
    return this.#finish(this.kernel.stimulate(name, args), () => this.#anyPending());
  }

  /** Workers, grace periods and softirqs, until none is left. */
  settle(): Happened {
    const all: Happened[] = [];
    for (let n = 0; n < ENDLESS; n++) {
      const next = this.#nextOfWorld();
      if (next === null) return merged(all);
      all.push(this.stimulate(next.name, next.args));
    }
    throw new Error('the workers never come to an end');
  }

  #nextOfWorld() {
    for (const name of WORLD) {
      const [args] = this.kernel.offers(name);
      if (args !== undefined) return { name, args };
    }
    return null;
  }

  #anyPending(): Task | null {
    return this.kernel.state.tasks.find((t) => t.pending !== null) ?? null;
  }

  /** Resume tasks until `next` names none. */
  #finish(first: readonly TraceRecord[], next: () => Task | null): Happened {
    const records: TraceRecord[] = [...first];
    const violations: Violation[] = this.#monitor.after(first);
    const failed: Failure[] = [];
    for (let n = 0; n < ENDLESS; n++) {
      const t = next();
      // A guest that is over runs nothing any more.
      if (t === null || this.kernel.state.ended !== null) return { records, violations, failed };
      const step = this.kernel.resume(t.name, this.#answer(t, failed));
      records.push(...step);
      violations.push(...this.#monitor.after(step));
    }
    throw new Error(`${next()?.name ?? 'a task'} never comes to an end`);
  }

  #answer(t: Task, failed: Failure[]): Answer | undefined {
    const answers = this.kernel.answers(t.pending!);
    if (answers === null) return undefined;
    const failure = answers.includes('fail') ? this.#failures.take(t) : null;
    if (failure === null) return answers[0];
    failed.push(failure);
    return 'fail';
  }
}

/** The driver's own frame below the kernel's. */
function* caller<T>(k: Kernel, t: Task, body: Body<T>, box: { value?: T }): Run {
  enter(t, { fn: 'driver', at: 0 });
  box.value = yield* body(k, t);
  leave(t);
}

function merged(all: readonly Happened[]): Happened {
  return {
    records: all.flatMap((h) => h.records),
    violations: all.flatMap((h) => h.violations),
    failed: all.flatMap((h) => h.failed),
  };
}
