/**
 * What runs where: a stack of the calls that a task, or an interrupt level of a CPU, is in. An interrupt runs
 * under the pid of the task that it interrupts, and the idle tasks share pid 0: a task's lane is its pid, the
 * lanes of interrupts and of idle tasks belong to the CPU.
 */
import type { Role } from '../binding/roles.ts';
import type { TraceRecord } from '../record.ts';
import type { Allocation, Conversion, Instance, Mapping, Pool } from './objects.ts';

/** A call that has begun and is not known to have ended. */
export interface Frame {
  readonly role: Role;
  readonly line: number;
  device: string;
  /** Bytes, as asked for; 0 where the probe does not say. */
  size: number;
  attrs: number;
  /** Undefined where the probe does not say. */
  gfp: number | undefined;
  /** Whether an event that is not here did not happen: only a task misses no probe. */
  readonly sure: boolean;
  /** The context could not be read at the entry (another probe on the symbol): the return tells. */
  unjudged: boolean;
  start: number;
  /** What it has done so far. */
  fromPool: boolean | undefined;
  owned: boolean | undefined;
  /** An atomic pool's piece that the pool did not take back: why that is wrong, until what follows is seen. */
  strayed: string | undefined;
  /** The page that an atomic pool gave; 0 where it gave none, undefined where that was not seen. */
  piece: number | undefined;
  conversion: Conversion | undefined;
  /** It asked for a conversion whose pages the log does not tell. */
  unread: boolean;
  copied: boolean;
  released: boolean;
  pool: Pool | undefined;
  mapping: Mapping | undefined;
  allocation: Allocation | undefined;
  instance: Instance | undefined;
}

/** The frame of a call that a record begins. */
export function frameOf(record: TraceRecord, role: Role, device: string): Frame {
  const { context } = record;
  return {
    role,
    line: record.line,
    device,
    size: record.int('size') ?? 0,
    attrs: record.int('attrs') ?? 0,
    gfp: record.int('gfp'),
    sure: context.known && context.interrupt === 0,
    unjudged: false,
    start: 0,
    fromPool: undefined,
    owned: undefined,
    strayed: undefined,
    piece: undefined,
    conversion: undefined,
    unread: false,
    copied: false,
    released: false,
    pool: undefined,
    mapping: undefined,
    allocation: undefined,
    instance: undefined,
  };
}

/** These begin a call of a driver or a work item: none of them runs inside another. */
const OUTERMOST: ReadonlySet<Role> = new Set([
  'map',
  'unmap',
  'alloc',
  'free',
  'dyn_alloc',
  'dyn_free',
  'pool_work',
]);
const MAX_DEPTH = 64;
const NOBODY: readonly Frame[] = [];

export class Lane {
  readonly stack: Frame[] = [];
  /** Slots handed out in a mapping whose tracepoint has not come yet. */
  readonly pending: Mapping[] = [];
  /** The tracepoint that announces a bounce was here. */
  bounced = false;
  /** The last allocation whose tracepoint has not come yet. */
  direct: Frame | undefined;

  constructor(readonly name: string) {}

  top(): Frame | undefined {
    return this.stack[this.stack.length - 1];
  }

  /** The innermost call of one of these roles. */
  inside(a: Role, b?: Role, c?: Role): Frame | undefined {
    for (let i = this.stack.length - 1; i >= 0; i--) {
      const { role } = this.stack[i]!;
      if (role === a || role === b || role === c) return this.stack[i];
    }
    return undefined;
  }

  /** The innermost call of any of these. */
  among(roles: ReadonlySet<Role>): Frame | undefined {
    for (let i = this.stack.length - 1; i >= 0; i--) {
      if (roles.has(this.stack[i]!.role)) return this.stack[i];
    }
    return undefined;
  }

  /** @returns frames that must be over now, innermost first: they had no return probe */
  enter(frame: Frame): readonly Frame[] {
    // Before patch 17 a mapping whose search failed frees its new pool by itself.
    const direct = frame.role === 'dyn_free' && this.inside('tbl_map') !== undefined;
    const outer = OUTERMOST.has(frame.role) && !direct;
    const full = outer || this.stack.length >= MAX_DEPTH;
    const over = full && this.stack.length > 0 ? this.stack.splice(0).reverse() : NOBODY;
    if (outer) {
      this.pending.length = 0;
      this.bounced = false;
      this.direct = undefined;
    }
    this.stack.push(frame);
    return over;
  }

  /** The call of this role that returns; what was inside it and had no return probe is over too. */
  leave(role: Role): Frame | undefined {
    if (this.stack[this.stack.length - 1]?.role === role) return this.stack.pop();
    for (let i = this.stack.length - 1; i >= 0; i--) {
      if (this.stack[i]!.role !== role) continue;
      return this.stack.splice(i)[0];
    }
    return undefined;
  }
}

const LEVELS = ['process', 'softirq', 'hardirq', 'NMI'];

export class Lanes {
  #all = new Map<number, Lane>();

  of(record: TraceRecord): Lane {
    const { interrupt } = record.context;
    const key = interrupt === 0 && record.pid > 0 ? record.pid : -1 - (record.cpu + 1) * 4 - interrupt;
    let lane = this.#all.get(key);
    if (lane === undefined) {
      lane = new Lane(laneName(record));
      // Tasks come and go; one that is between calls holds nothing.
      if (this.#all.size > 8192) {
        for (const [old, { stack, pending }] of this.#all) {
          if (stack.length === 0 && pending.length === 0) this.#all.delete(old);
        }
      }
      this.#all.set(key, lane);
    }
    return lane;
  }

  clear(): void {
    this.#all.clear();
  }

  [Symbol.iterator](): Iterator<Lane> {
    return this.#all.values();
  }
}

/** Who acts, for people: `kworker/1:1-35`, `softirq on CPU 0`. */
export function laneName(record: TraceRecord): string {
  const { interrupt } = record.context;
  if (interrupt > 0) return `${LEVELS[interrupt]} on CPU ${record.cpu}`;
  if (record.pid > 0) return record.task === '' ? `task ${record.pid}` : `${record.task}-${record.pid}`;
  return record.cpu < 0 ? 'someone' : `CPU ${record.cpu}`;
}
