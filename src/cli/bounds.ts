/** The bounds of a command: states, memory, time, and an interrupt from the keyboard. */
import { type Halt, type HaltReason, halt, haltWatch, newHalt } from '../conformance/halt.ts';
import { UsageError } from './usage.ts';

export interface BoundOptions {
  readonly maxStates?: number;
  /** Bytes. */
  readonly maxMemory?: number;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Which bound ended a run before everything was seen. */
export type Stopped = 'states' | HaltReason;

/** Without a bound, of the memory that is free. */
const FREE_SHARE = 0.8;

export class Bounds {
  readonly maxStates: number | undefined;
  readonly halt: Halt;
  /** Why to stop, or null. */
  readonly reason: () => HaltReason | null;
  readonly #onSignal: () => void;

  /** Listens for interrupts until it is closed. A second interrupt ends the process as ever. */
  constructor({ maxStates, maxMemory, timeout }: BoundOptions) {
    this.maxStates = maxStates;
    const free = process.memoryUsage.rss() + FREE_SHARE * process.availableMemory();
    this.halt = newHalt(timeout === undefined ? null : Date.now() + timeout, maxMemory ?? free);
    this.reason = haltWatch(this.halt);
    this.#onSignal = () => {
      halt(this.halt, 'interrupt');
      process.off('SIGINT', this.#onSignal);
    };
    process.on('SIGINT', this.#onSignal);
  }

  /** Bytes that may still be taken. */
  get left(): number {
    return Math.max(0, this.halt.maxRss - process.memoryUsage.rss());
  }

  close(): void {
    process.off('SIGINT', this.#onSignal);
  }
}

/** Does something within bounds, and listens for interrupts no longer. */
export async function within<T>(options: BoundOptions, work: (bounds: Bounds) => Promise<T>): Promise<T> {
  const bounds = new Bounds(options);
  try {
    return await work(bounds);
  } finally {
    bounds.close();
  }
}

const UNITS = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 } as const;

/** `512M`, `2G`: bytes. @throws UsageError */
export function sizeOf(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMG])i?B?$/.exec(text);
  const bytes = match === null ? 0 : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  if (bytes > 0) return bytes;
  throw new UsageError(`${flag} is '${text}'; accepted: a number with K, M or G, as 512M or 2G`);
}

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `30s`, `5m`, `1h`: milliseconds. @throws UsageError */
export function durationOf(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const time = match === null ? 0 : Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS];
  if (time > 0) return time;
  throw new UsageError(`${flag} is '${text}'; accepted: a number with ms, s, m or h, as 30s or 5m`);
}

/** Which bound it was, for people. */
export function stoppedText(stopped: Stopped): string {
  switch (stopped) {
    case 'states':
      return 'A bound was hit (--max-states)';
    case 'memory':
      return 'A bound was hit (--max-memory)';
    case 'time':
      return 'A bound was hit (--timeout)';
    case 'interrupt':
      return 'Interrupted';
  }
}
