/**
 * One run of a scenario: the machine, what drivers hold, and the record of every call with its line.
 *
 * Everything that a scenario calls goes through {@link Session.kernelCall} or {@link Session.step}, so that each
 * call has a row, and what went wrong in it has a place.
 */
import type { Violation } from '../conformance/safety-names.ts';
import type { TraceRecord } from '../kernel/task.ts';
import { Recorder } from '../trace/simulated/recorder.ts';
import { type Position, ScenarioError, ScenarioStopped } from './errors.ts';
import type { Failures } from './failures.ts';
import type { Allocation, Buffer, Mapping } from './holdings.ts';
import { Judge } from './judge.ts';
import { Ledger } from './ledger.ts';
import type { Body, Happened, Machine } from './machine.ts';
import type { Positions } from './positions.ts';

/** A device of the scenario. */
export interface DeviceRecord {
  readonly name: string;
  /** Its number in the simulator. */
  readonly id: number;
  /** The task that its driver runs on. */
  readonly task: string;
  /** Name of the driver that is bound to it. */
  boundTo: string | null;
}

/** What a call was and what it did. */
export interface Row {
  readonly position: Position | null;
  /** The device, or empty. */
  readonly who: string;
  readonly what: string;
  result: string;
  readonly records: TraceRecord[];
  readonly violations: Violation[];
  /** Expectations that were not met. */
  readonly failures: string[];
}

/** A run in progress. */
export class Session {
  readonly machine: Machine;
  readonly failures: Failures;
  readonly positions: Positions;
  readonly ledger = new Ledger<Mapping | Allocation>();
  readonly judge: Judge;
  readonly devices: DeviceRecord[] = [];
  readonly buffers: Buffer[] = [];
  readonly rows: Row[] = [];
  /** `atomic()` is on the stack. */
  atomic = false;
  /** The call that ended the guest. */
  ended: Row | null = null;
  /** The scenario knows that the guest is over. */
  endExpected = false;
  #recorder: Recorder | null = null;
  #nothing: { readonly call: string; readonly at: Position | null } | null = null;

  constructor(machine: Machine, failures: Failures, positions: Positions) {
    this.machine = machine;
    this.failures = failures;
    this.positions = positions;
    this.judge = new Judge(this);
  }

  get kernel() {
    return this.machine.kernel;
  }

  /** From here on a log is written: of every call a mark, and what ftrace records of the kernel. */
  record(): Recorder {
    this.#recorder = new Recorder(this.kernel, {
      deviceName: (id) => this.devices.find((d) => d.id === id)?.name ?? `dev${id}`,
    });
    return this.#recorder;
  }

  /** A function that the world calls, and that is over at once. */
  recorded(event: string, args: Readonly<Record<string, string | number>>): void {
    this.#recorder?.called(event, args);
  }

  /** A mistake of the scenario, at the line that called. */
  mistake(message: string): never {
    throw new ScenarioError(message, this.positions.here());
  }

  /** A call that is no kernel code: its row, with what `body` says of it. */
  step<T>(who: string, what: string, body: (row: Row) => T, show: (value: T) => string = () => ''): T {
    this.#mustRun(what);
    const row = this.#row(who, what);
    const value = body(row);
    row.result = show(value);
    this.judge.after(row);
    return value;
  }

  /**
   * Kernel code runs on the device's task until it returns.
   * @param over what it returns when the guest ends meanwhile
   */
  kernelCall<T>(
    device: DeviceRecord,
    name: string,
    what: string,
    body: Body<T>,
    done: (value: T, row: Row) => string,
    over: T,
  ): T {
    this.#mustRun(what);
    const row = this.#row(device.name, what);
    const { value, happened } = this.machine.call(device.task, name, this.atomic, body);
    this.#note(row, happened);
    if (this.#isOver(row)) return over;
    if (value === undefined) throw new Error(`${what} never returned`);
    const warnings = happened.records.filter((r) => r.step === 'WARN').map((r) => `WARN: ${r.args.what}`);
    row.result = [done(value, row), ...warnings].filter((text) => text !== '').join('; ');
    this.judge.after(row);
    return value;
  }

  /** The world acts; tasks that it starts run to their end. */
  world(what: string, act: () => Happened, show: (happened: Happened) => string): void {
    this.#mustRun(what);
    const row = this.#row('', what);
    const happened = act();
    this.#note(row, happened);
    row.result = show(happened);
    if (!this.#isOver(row)) this.judge.after(row);
  }

  /** At the end of the scenario everything that waits runs; a row tells of it only where something did. */
  end(): void {
    this.world(
      'settle',
      () => this.machine.settle(),
      () => 'at the end of the scenario',
    );
    if (this.rows.at(-1)!.records.length === 0) this.rows.pop();
  }

  /** An expectation: `because` is null when it is met. */
  expectation(what: string, because: () => string | null): void {
    const row = this.#row('', what);
    const why = because();
    row.result = why === null ? 'yes' : 'no';
    if (why !== null) row.failures.push(why);
  }

  /** Remember that a call delivered nothing, for the message when the scenario goes on with it. */
  deliveredNothing(call: string): void {
    this.#nothing = { call, at: this.rows.at(-1)?.position ?? null };
  }

  /** The scenario passes on what a call did not deliver. */
  stopAt(value: string): never {
    const at = this.positions.here();
    throw new ScenarioStopped(this.nothingText(value) ?? `${value} is passed on`, at);
  }

  /** `dma_map_single on line 4 returned …`, when a call delivered nothing. */
  nothingText(value: string): string | null {
    if (this.kernel.state.ended !== null)
      return `the guest is over (${this.kernel.state.ended}), and the scenario goes on`;
    if (this.#nothing === null) return null;
    const { call, at } = this.#nothing;
    return `${call}${at === null ? '' : ` on line ${at.line}`} returned ${value}, and the scenario goes on with it`;
  }

  #note(row: Row, happened: Happened): void {
    row.records.push(...happened.records.map((r) => ({ ...r, actor: this.nameOf(r.actor) })));
    for (const v of happened.violations) row.violations.push({ ...v, because: this.nameOf(v.because) });
  }

  /** A text of the simulator with the scenario's names of devices instead of those of their drivers' tasks. */
  nameOf(text: string): string {
    return text.replace(/driver\/(\d+)/g, (task) => this.devices.find((d) => d.task === task)?.name ?? task);
  }

  #isOver(row: Row): boolean {
    const { ended } = this.kernel.state;
    if (ended === null) return false;
    this.ended = row;
    row.result = `the guest is over: ${ended}`;
    return true;
  }

  #mustRun(what: string): void {
    const { ended } = this.kernel.state;
    if (ended !== null)
      throw new ScenarioStopped(`${what}: the guest is over (${ended})`, this.positions.here());
  }

  #row(who: string, what: string): Row {
    const row: Row = {
      position: this.positions.here(),
      who,
      what,
      result: '',
      records: [],
      violations: [],
      failures: [],
    };
    this.rows.push(row);
    const line = row.position === null ? '' : `line ${row.position.line}: `;
    this.#recorder?.mark(`${line}${who === '' ? '' : `${who}: `}${what}`);
    return row;
  }
}
