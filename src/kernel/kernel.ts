/**
 * The machine room: state, tasks, and the two ways in which the world drives it.
 *
 * `stimulate` lets the world act, `resume` lets a task take its pending step, with the answer where the
 * step is a choice. Both run the task to its next yield and say what happened. Nothing else moves.
 */

import { cmaRun } from './cma.ts';
import type { ConfigReader } from './config.ts';
import { showValue, wrongStimulus } from './errors.ts';
import { hasBlock, type Zone } from './page-alloc.ts';
import { runnable } from './scheduler.ts';
import type { IoTlbMem, IoTlbPool, KernelState, RcuCallback, SlotArray, WorkItem } from './state.ts';
import type { Answer, Args, ArgValue, Step, Stimulus, StimulusName } from './steps.ts';
import type { Fault, PendingStep, Run, Task, TaskContext, TraceRecord, Watcher } from './task.ts';
import { ANY_ANSWER } from './task.ts';

/** A stimulus: with which arguments it is accepted now, and what it does. */
export interface StimulusRule {
  readonly offers: (k: Kernel) => Args[];
  readonly apply: (k: Kernel, args: Args) => void;
  /** Accepts arguments beyond those offered (sizes, for instance). */
  readonly accepts?: (k: Kernel, args: Args) => boolean;
}

/** Code that the kernel calls by name. */
export interface KernelCode {
  readonly stimuli: Readonly<Record<StimulusName, StimulusRule>>;
  readonly callbacks: Readonly<Record<RcuCallback['fn'], (k: Kernel, t: Task, head: number) => Run>>;
  readonly works: Readonly<Record<WorkItem['work'], (k: Kernel, t: Task, pool: number) => Run>>;
}

type Rules = readonly (readonly [StimulusName, StimulusRule])[];

/** The rules as a list: it is gone through after every step of every path. */
function rulesOf(stimuli: KernelCode['stimuli']): Rules {
  const known = RULES.get(stimuli) ?? (Object.entries(stimuli) as unknown as Rules);
  RULES.set(stimuli, known);
  return known;
}
const RULES = new WeakMap<KernelCode['stimuli'], Rules>();

/** A pending step of a task. */
export interface Pending {
  readonly task: string;
  readonly step: Step;
  readonly runnable: boolean;
}

const NO_POOL: Omit<IoTlbPool, 'addr' | 'areas'> = {
  start: 0,
  end: 0,
  vaddr: 0,
  nslabs: 0,
  area_nslabs: 0,
  slots: 0,
  transient: false,
  late_alloc: false,
  areas_addr: 0,
  unencrypted: null,
  next: 0,
  workPending: false,
};
const BOTH: readonly Answer[] = ['ok', 'fail'];
const FAIL: readonly Answer[] = ['fail'];
/** As `needsPages()` numbers them. */
const ZONES: readonly Zone[] = ['normal', 'dma32', 'dma'];
const NO_MEM: Omit<IoTlbMem, 'addr'> = {
  defpool: 0,
  pools: 0,
  nslabs: 0,
  force_bounce: false,
  for_alloc: false,
  can_grow: false,
  phys_limit: 0,
  unencrypted: null,
};

/** A simulated kernel. Make one with `createKernel`. */
export class Kernel {
  readonly config: ConfigReader;
  readonly state: KernelState;
  readonly callbacks: KernelCode['callbacks'];
  readonly works: KernelCode['works'];
  readonly #stimuli: KernelCode['stimuli'];
  readonly #bodies = new Map<string, Run>();
  // What the step in progress wants in its record; reset at every step.
  #result: ArgValue | undefined;
  #sleep: TraceRecord['mightSleep'] = undefined;
  #faults: Fault[] | null = null;
  #watcher: Watcher | null = null;

  constructor(config: ConfigReader, state: KernelState, code: KernelCode) {
    this.config = config;
    this.state = state;
    this.callbacks = code.callbacks;
    this.works = code.works;
    this.#stimuli = code.stimuli;
  }

  // ---- for the world ----

  /** From here on, functions that begin and return on any task are told. */
  watch(watcher: Watcher): void {
    this.#watcher = watcher;
    for (const task of this.state.tasks) task.watcher = watcher;
  }

  /** Every stimulus that would be accepted now, judged from the state alone. */
  stimuli(): Stimulus[] {
    const out: Stimulus[] = [];
    if (this.state.ended !== null) return out;
    for (const [name, rule] of rulesOf(this.#stimuli)) {
      for (const args of rule.offers(this)) out.push({ name, args });
    }
    return out;
  }

  /** Arguments with which one stimulus would be accepted now. */
  offers(name: StimulusName): Args[] {
    if (this.state.ended !== null) return [];
    return this.#stimuli[name]?.offers(this) ?? [];
  }

  /** Would this stimulus be accepted now? */
  accepts(name: StimulusName, args: Args): boolean {
    const rule = this.#stimuli[name];
    if (rule === undefined || this.state.ended !== null) return false;
    return rule.accepts?.(this, args) ?? rule.offers(this).some((offered) => sameArgs(offered, args));
  }

  /** The world acts. Throws when the stimulus is not accepted now. */
  stimulate(name: StimulusName, args: Args = {}): TraceRecord[] {
    if (!this.accepts(name, args)) throw wrongStimulus(name, args, this.stimuli());
    this.perform(name, args);
    return [this.#record('world', null, null, [], name, args, undefined)];
  }

  /** Steps that tasks will take when resumed, and whether they can be. */
  pending(): Pending[] {
    const out: Pending[] = [];
    for (const t of this.state.tasks) {
      if (t.pending === null) continue;
      out.push({ task: t.name, step: this.#show(t.pending), runnable: runnable(this.state, t) });
    }
    return out;
  }

  /** May this task be resumed now? */
  runnable(task: Task): boolean {
    return runnable(this.state, task);
  }

  /**
   * Let a task take its pending step and run to the next yield.
   *
   * @param answer the world's answer, for a choice and only then
   * @returns what happened
   * @throws Error when there is no such task, it cannot run now, or the answer does not fit
   */
  resume(taskName: string, answer?: Answer): TraceRecord[] {
    const t = this.state.tasks.find((x) => x.name === taskName);
    if (t === undefined || t.pending === null) {
      const have = this.pending().map((p) => p.task);
      throw new Error(
        `task ${showValue(taskName)} has no pending step; tasks that have one: ${have.join(', ') || 'none'}`,
      );
    }
    const step = t.pending;
    if (this.state.ended !== null)
      throw new Error(`nothing can run: the guest is over (${this.state.ended})`);
    if (!runnable(this.state, t))
      throw new Error(`task ${taskName} cannot run now: its CPU is taken, or its lock is held`);
    const answers = this.answers(step);
    if (answers === null ? answer !== undefined : answer === undefined || !answers.includes(answer))
      throw new Error(
        `${step.name} of ${taskName} was answered ${showValue(answer)}; accepted: ${answers?.join(', ') ?? 'no answer'}`,
      );
    const { cpu, context } = t;
    const stack = t.stack.map(({ fn }) => fn);
    this.advance(t, answer);
    return [this.#record(t.name, cpu, context, stack, step.name, step.args, answer)];
  }

  // ---- the same without checks and records, for replays ----

  /** Apply a stimulus that is known to be accepted. */
  perform(name: StimulusName, args: Args): void {
    this.#begin();
    this.#stimuli[name]!.apply(this, args);
  }

  /** Resume a task that is known to be runnable, with a fitting answer. */
  advance(t: Task, answer: Answer | undefined): void {
    this.#begin();
    t.watcher?.resumed(t);
    const body = this.#bodies.get(t.name)!;
    this.#settle(t, body, body.next(answer));
  }

  /** Possible answers of a pending step; null when it is no choice. */
  answers(step: PendingStep): readonly Answer[] | null {
    if (step.choice === null) return null;
    if (step.choice === ANY_ANSWER) return BOTH;
    if (step.choice < ANY_ANSWER) return cmaRun(this.state.cma, ANY_ANSWER - step.choice) < 0 ? FAIL : BOTH;
    return hasBlock(this.state.buddy, step.choice % 32, ZONES[step.choice >> 5]!) ? BOTH : FAIL;
  }

  // ---- for kernel code ----

  /** Is there a task of this name? */
  hasTask(name: string): boolean {
    return this.state.tasks.some((t) => t.name === name);
  }

  /** The task of this name. */
  task(name: string): Task {
    const t = this.state.tasks.find((x) => x.name === name);
    if (t === undefined) throw new Error(`no task ${showValue(name)}`);
    return t;
  }

  /** Start a body on an idle thread. */
  start(task: Task, body: Run): void {
    if (this.#watcher !== null) task.watcher = this.#watcher;
    this.#bodies.set(task.name, body);
    this.#settle(task, body, body.next());
  }

  /** Start a task that ends with its body. */
  spawn(name: string, cpu: number, context: TaskContext, body: (task: Task) => Run): void {
    const task: Task = { name, cpu, context, rcu: 0, stack: [], pending: null };
    const { tasks } = this.state;
    let i = 0;
    while (i < tasks.length && tasks[i]!.name < name) i++;
    tasks.splice(i, 0, task);
    this.start(task, body(task));
  }

  /** `might_sleep()`: notes whether the context allows it; the code goes on, as the kernel's does. */
  might_sleep(task: Task): boolean {
    const allowed = task.context === 'process' && task.rcu === 0;
    this.#sleep = allowed ? 'allowed' : 'forbidden';
    return allowed;
  }

  /** Put what the step found into its record. */
  note(result: ArgValue): void {
    this.#result = result;
  }

  /** Put a wrong access into the record. */
  fault(kind: Fault['kind'], addr: number, because: string): void {
    this.#faults ??= [];
    this.#faults.push({ kind, addr, because });
  }

  /** The guest is over, and nothing more happens. The caller yields `guest_over` behind it, which is never taken. */
  end(why: string): void {
    this.state.ended = why;
  }

  /** The `io_tlb_mem` at an address. One that was freed reads as zeroes, and is a fault. */
  mem(addr: number): IoTlbMem {
    for (const m of this.state.mems) if (m.addr === addr) return m;
    this.fault('use-after-free', addr, 'no io_tlb_mem lives at this address');
    return { ...NO_MEM, addr };
  }

  /** The pool descriptor at an address. One that was freed reads as zeroes, and is a fault. */
  pool(addr: number): IoTlbPool {
    for (const p of this.state.pools) if (p.addr === addr) return p;
    this.fault('use-after-free', addr, 'no pool descriptor lives at this address');
    return { ...NO_POOL, addr, areas: [] };
  }

  /** The slot array at an address. One that was freed has no slots, and is a fault. */
  slotArray(addr: number): SlotArray {
    for (const s of this.state.slots) if (s.addr === addr) return s;
    this.fault('use-after-free', addr, 'no slot array lives at this address');
    return { addr, nslabs: 0, initial: 'free', fields: null };
  }

  #begin(): void {
    this.#result = undefined;
    this.#sleep = undefined;
    this.#faults = null;
  }

  #settle(t: Task, body: Run, next: IteratorResult<PendingStep, void>): void {
    if (next.done !== true) {
      t.pending = next.value;
      return;
    }
    t.pending = null;
    this.#bodies.delete(t.name);
    if (body !== undefined && isPassing(t.name)) {
      const i = this.state.tasks.indexOf(t);
      this.state.tasks.splice(i, 1);
    }
  }

  #show(p: PendingStep): Step {
    const answers = this.answers(p);
    return {
      name: p.name,
      args: p.args,
      ...(answers !== null && { answers }),
      ...(p.lock !== null && { lock: p.lock }),
    };
  }

  #record(
    actor: string,
    cpu: number | null,
    context: TaskContext | null,
    stack: readonly string[],
    step: string,
    args: Args,
    answer: Answer | undefined,
  ): TraceRecord {
    return {
      actor,
      cpu,
      context,
      fn: stack[stack.length - 1] ?? '',
      stack,
      step,
      args,
      ...(answer !== undefined && { answer }),
      ...(this.#result !== undefined && { result: this.#result }),
      ...(this.#sleep !== undefined && { mightSleep: this.#sleep }),
      ...(this.#faults !== null && { faults: this.#faults }),
    };
  }
}

/** Threads stay when they are idle; workers and softirqs end with their body. */
function isPassing(name: string): boolean {
  return /^(kworker|softirq|boot|probe)\//.test(name);
}

function sameArgs(a: Args, b: Args): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
