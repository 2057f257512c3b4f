/**
 * What a reader hands out: one record per event of a trace log, and one loss per line (or per declaration in
 * the log) that may hide events.
 */
import type { Context } from './context.ts';
import type { Fields } from './fields.ts';
import { wordOf } from './numbers.ts';
import { detach } from './text.ts';

/**
 * What made the event. A kprobe that is named like a tracepoint is a kprobe: the parenthesis after the colon
 * decides, for the event's group is not printed. `kretprobe` is also what a function probe's exit looks like,
 * `kprobe` its entry. `other` never reaches a record's consumer except for stack traces and raw buffer writes.
 */
export type EventKind = 'tracepoint' | 'kprobe' | 'kretprobe' | 'function' | 'mark' | 'other';

/** A symbol as probes print it, or the raw address that `trace-cmd report` prints in its place. */
export interface Place {
  /** Symbol without offset, suffixes of the compiler (`.part.0`) kept; absent when only an address was printed. */
  readonly symbol: string | undefined;
  /** Sixteen hex digits or fewer, without `0x`; absent when a symbol was printed. */
  readonly address: string | undefined;
  /** Bytes into the function; 0 when not printed. */
  readonly offset: number;
}

/**
 * One event. Texts are slices of the block that they were read with: to hold a record for longer than the
 * callback, take `keep()`, or memory grows with the log.
 */
export class TraceRecord {
  constructor(
    /** Line in the file, from 1. */
    readonly line: number,
    /** The whole line, without its newline. */
    readonly raw: string,
    /** Name of the task: `<idle>`, `<...>` when the kernel had forgotten it, empty when none is printed. */
    readonly task: string,
    /** Process id of the interrupted or running task; -1 when none is printed. */
    readonly pid: number,
    readonly tgid: number | undefined,
    /** -1 when none is printed. */
    readonly cpu: number,
    readonly context: Context,
    /** In the log's unit (`summary.timeUnit`), as integer: rounded beyond 2^53, never out of order. -1: none. */
    readonly time: number,
    private readonly timeStart: number,
    private readonly timeEnd: number,
    /** Name of the event; `function` for lines of the function tracer. */
    readonly event: string,
    readonly kind: EventKind,
    /** Where the probe sits or which function was entered; of a return: the function that returned. */
    readonly func: Place | undefined,
    /** Of a return or a function tracer's line: the caller. */
    readonly caller: Place | undefined,
    readonly fields: Fields,
    /** Of a mark: its text; else empty. */
    readonly text: string,
  ) {}

  /** The timestamp as the log prints it, without unit and colon; empty when there is none. */
  get timeText(): string {
    return this.raw.slice(this.timeStart, this.timeEnd);
  }

  /** A field as the log prints it (quotes of strings removed), or undefined. `(fault)` stays as it is. */
  field(name: string): string | undefined {
    return this.fields.get(name);
  }

  /**
   * A hexadecimal field, with or without `0x`, as signed 64-bit number: `ffffffffffffffff` is -1, a kernel
   * address a negative number, both exact; arithmetic and order within one half are right. Undefined when the
   * field is missing, no number, or not exact (|value| >= 2^53).
   */
  hex(name: string): number | undefined {
    const text = this.fields.get(name);
    return text === undefined ? undefined : wordOf(text, true);
  }

  /** A field that is decimal unless it begins with `0x`; else like `hex`. */
  int(name: string): number | undefined {
    const text = this.fields.get(name);
    return text === undefined ? undefined : wordOf(text, false);
  }

  /** A copy that holds nothing but itself in memory. */
  keep(): TraceRecord {
    return new TraceRecord(
      this.line,
      detach(this.raw),
      detach(this.task),
      this.pid,
      this.tgid,
      this.cpu,
      this.context,
      this.time,
      this.timeStart,
      this.timeEnd,
      this.event,
      this.kind,
      this.func,
      this.caller,
      this.fields.keep(),
      detach(this.text),
    );
  }
}

/**
 * - `overrun`: the header says that more entries were written than are in the buffer; `count` is the difference.
 *   What is missing is the oldest, on every CPU.
 * - `lost-events`: the log says so between two lines of a CPU; `count` when it is told.
 * - `buffer-started`: a CPU's events begin only here.
 * - `truncated`: a line that ends too early, the last line without newline, a file that ends in mid-stream.
 * - `garbled`: a line that is none.
 * - `foreign`: whole text that is not of the tracer (console, script), or a fragment that looks like it.
 * - `unknown-event`: a whole line of an event that this project knows nothing about.
 * - `duplicate`: repeats the line before it byte for byte; dropped.
 * - `back-in-time`: earlier than the line before it on its CPU; dropped.
 * - `restart`: another log begins in the same file.
 */
export type LossKind =
  | 'overrun'
  | 'lost-events'
  | 'buffer-started'
  | 'truncated'
  | 'garbled'
  | 'foreign'
  | 'unknown-event'
  | 'duplicate'
  | 'back-in-time'
  | 'restart';

export const LOSS_KINDS: readonly LossKind[] = [
  'overrun',
  'lost-events',
  'buffer-started',
  'truncated',
  'garbled',
  'foreign',
  'unknown-event',
  'duplicate',
  'back-in-time',
  'restart',
];

export interface Loss {
  readonly kind: LossKind;
  readonly line: number;
  /** Whether events that matter may be missing here. False for unknown events, and for duplicates of timed lines. */
  readonly hides: boolean;
  /** The CPU, where it is known. */
  readonly cpu: number | undefined;
  /** How many events are missing, where it is known. */
  readonly count: number | undefined;
  /** The event's name, where it is known. */
  readonly event: string | undefined;
  /** The line, at most 400 characters of it. */
  readonly raw: string;
}
