/** What stops a long run before its end: time, memory, an interrupt. One for all threads of a command. */
import { getHeapStatistics } from 'node:v8';

export type HaltReason = 'time' | 'memory' | 'interrupt';

const REASONS: readonly HaltReason[] = ['time', 'memory', 'interrupt'];
/** Of the heap of a thread: beyond this share its collector works more than it frees. */
const HEAP_SHARE = 0.85;
/** Asking for memory costs tens of microseconds; it is asked at most so often. */
const MEMORY_EVERY_MS = 50;

/** Plain data and shared memory, so that it crosses to threads. */
export interface Halt {
  /** One number: 0, or the position of the reason in `REASONS`, from 1. */
  readonly flag: SharedArrayBuffer;
  /** Milliseconds since the epoch; null: no bound. */
  readonly deadline: number | null;
  /** Bytes that the process may take. */
  readonly maxRss: number;
}

export function newHalt(deadline: number | null, maxRss: number): Halt {
  return { flag: new SharedArrayBuffer(4), deadline, maxRss };
}

/** Stops everything that asks. The first reason stays. */
export function halt({ flag }: Halt, reason: HaltReason): void {
  Atomics.compareExchange(new Int32Array(flag), 0, 0, REASONS.indexOf(reason) + 1);
}

/**
 * A function that says why to stop, or null, cheap enough to be called in every step.
 * What one thread finds (time is over, memory is full) holds for all.
 */
export function haltWatch(all: Halt): () => HaltReason | null {
  const flag = new Int32Array(all.flag);
  let asked = Number.NEGATIVE_INFINITY;
  return () => {
    const set = Atomics.load(flag, 0);
    if (set !== 0) return REASONS[set - 1]!;
    const now = Date.now();
    if (all.deadline !== null && now >= all.deadline) halt(all, 'time');
    else if (now - asked >= MEMORY_EVERY_MS) {
      asked = now;
      if (memoryIsFull(all.maxRss)) halt(all, 'memory');
    }
    const after = Atomics.load(flag, 0);
    return after === 0 ? null : REASONS[after - 1]!;
  };
}

function memoryIsFull(maxRss: number): boolean {
  if (process.memoryUsage.rss() > maxRss) return true;
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used > limit * HEAP_SHARE;
}
