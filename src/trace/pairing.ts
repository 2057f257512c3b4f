/**
 * Entries of probed functions and their returns, brought together: one stack per task (per CPU for the idle task,
 * of which every CPU has one) and per interrupt level, for an interrupt runs under the pid of what it interrupts.
 */
import type { Loss, TraceRecord } from './record.ts';

/** A call of which both ends were seen. */
export interface Pair {
  readonly entry: TraceRecord;
  readonly exit: TraceRecord;
}

/** What came of the probes that were pushed. */
export interface PairingCounts {
  paired: number;
  /** Entries whose return never came, although returns of that event are recorded. */
  entriesAlone: number;
  /** Returns without an entry: the log begins in the middle of a call, or lost the entry. */
  exitsAlone: number;
  /** Open calls that a loss in the log made worthless: whatever returns next need not be they. */
  resynchronised: number;
  /** Probes of lines that print no task, so that nothing tells whose they are. */
  withoutTask: number;
}

/** None of the probed functions calls itself; so deep is no kernel's stack of them. */
const MAX_DEPTH = 32;
const MAX_STACKS = 8192;
/** An entry that has been seen so often without one return has no return probe. */
const ENTRIES_TRIED = 1000;
/** Open entries are copied out of the log's blocks every so many records: see `TraceRecord.keep`. */
const SWEEP = 1 << 15;

const EMPTY: readonly TraceRecord[] = [];

const nameOf = (record: TraceRecord): string => record.func?.symbol ?? record.func?.address ?? '';

export class Pairing {
  readonly counts: PairingCounts = {
    paired: 0,
    entriesAlone: 0,
    exitsAlone: 0,
    resynchronised: 0,
    withoutTask: 0,
  };

  readonly #stacks = new Map<number, TraceRecord[]>();
  /** Entry events of which a return was found. */
  readonly #returning = new Set<string>();
  /** How often each other entry event was seen. */
  readonly #tried = new Map<string, number>();
  #pushed = 0;

  /**
   * Takes the next record, of whatever kind. Gives the pair when it is the return of a call whose entry is open;
   * otherwise undefined. Entries of functions without a return probe are forgotten in time.
   */
  push(record: TraceRecord): Pair | undefined {
    if (record.kind !== 'kprobe' && record.kind !== 'kretprobe') return undefined;
    if (++this.#pushed % SWEEP === 0) this.#sweep();
    if (record.pid < 0 || (record.pid === 0 && record.cpu < 0)) {
      this.counts.withoutTask++;
      return undefined;
    }
    if (record.kind === 'kretprobe') return this.#exit(record);
    this.#enter(record);
    return undefined;
  }

  /**
   * To be told of every loss. Behind one that may hide events no open call is to be trusted: all are dropped and
   * counted, and returns of which the entry is missing are no error but a count.
   */
  lost(loss: Loss): void {
    if (!loss.hides) return;
    for (const stack of this.#stacks.values()) {
      for (const entry of stack) if (this.#returning.has(entry.event)) this.counts.resynchronised++;
    }
    this.#stacks.clear();
  }

  /** Calls that are open where a record was made, outermost first; the record's own entry among them. */
  open(record: TraceRecord): readonly TraceRecord[] {
    return this.#stacks.get(keyOf(record)) ?? EMPTY;
  }

  #enter(record: TraceRecord): void {
    if (!this.#returning.has(record.event)) {
      const tried = this.#tried.get(record.event) ?? 0;
      if (tried >= ENTRIES_TRIED) return;
      this.#tried.set(record.event, tried + 1);
    }
    const key = keyOf(record);
    let stack = this.#stacks.get(key);
    if (!stack) {
      if (this.#stacks.size >= MAX_STACKS) this.#evict();
      stack = [];
      this.#stacks.set(key, stack);
    }
    // A second entry says that the first one's return is lost. Without flags it may be an interrupt's instead.
    if (record.context.known) {
      const again = stack.findIndex(
        (other) => other.event === record.event && nameOf(other) === nameOf(record),
      );
      if (again >= 0) for (const entry of stack.splice(again)) this.#alone(entry);
    }
    stack.push(record);
    if (stack.length > MAX_DEPTH) this.#alone(stack.shift()!);
  }

  #exit(exit: TraceRecord): Pair | undefined {
    const key = keyOf(exit);
    const stack = this.#stacks.get(key);
    const at = stack === undefined ? -1 : entryOf(stack, exit);
    if (stack === undefined || at < 0) {
      this.counts.exitsAlone++;
      return undefined;
    }
    const [entry, ...inner] = stack.splice(at);
    // Two probes at one entry, one of them without a return: both ended here.
    for (const other of inner) this.#alone(other);
    if (stack.length === 0) this.#stacks.delete(key);
    this.#returning.add(entry!.event);
    this.#tried.delete(entry!.event);
    this.counts.paired++;
    return { entry: entry!, exit };
  }

  #alone(entry: TraceRecord): void {
    if (this.#returning.has(entry.event)) this.counts.entriesAlone++;
  }

  /** The stack that was begun first is the one least likely to be closed. */
  #evict(): void {
    const [oldest] = this.#stacks;
    if (!oldest) return;
    for (const entry of oldest[1]) this.#alone(entry);
    this.#stacks.delete(oldest[0]);
  }

  #sweep(): void {
    for (const stack of this.#stacks.values()) {
      for (let i = 0; i < stack.length; i++) stack[i] = stack[i]!.keep();
    }
  }
}

/** Below 2^34: pids have 31 bits at most. */
function keyOf(record: TraceRecord): number {
  const task = record.pid === 0 ? -1 - record.cpu : record.pid;
  return task * 4 + record.context.interrupt;
}

/** The innermost open entry of the same function; the one named like the return, if several probes sit there. */
function entryOf(stack: readonly TraceRecord[], exit: TraceRecord): number {
  const name = nameOf(exit);
  let found = -1;
  for (let i = stack.length - 1; i >= 0; i--) {
    if (nameOf(stack[i]!) !== name) continue;
    if (`${stack[i]!.event}_ret` === exit.event) return i;
    if (found < 0) found = i;
  }
  return found;
}
