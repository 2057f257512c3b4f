/**
 * The calls in which an object was made, used and freed, whole: a call's events before the object was known are part
 * of its life, too. Two more passes over the file: which object is meant, then its calls.
 */
import type { Bound, PointRole, Role } from '../binding/roles.ts';
import { type Any, Judge, type Lane, nameOf, type Specification, type Touch } from '../judge/index.ts';
import { type ReadOptions, readTrace } from '../reader.ts';
import type { TraceRecord } from '../record.ts';

/** One event of a call. */
export interface Seen {
  readonly record: TraceRecord;
  readonly bound: Bound;
}

/** Events of one task or interrupt, from where a driver's call or a work item begins to its end. */
export interface Segment {
  readonly events: Seen[];
}

export interface Life {
  readonly object: Any;
  readonly name: string;
  /** In the order of their first lines; within each, in that of its events. */
  readonly segments: readonly Segment[];
  /** Roles whose events the log has: what they would show and did not, did not happen. */
  readonly recorded: ReadonlySet<string>;
}

/**
 * How far out an event stands that may be the first of a call: another begins with one that stands as far out as the
 * first of the call before, or farther. Not every log has the outermost ones.
 */
const LEVELS: Readonly<Partial<Record<Role | PointRole, number>>> = {
  map: 0,
  unmap: 0,
  alloc: 0,
  free: 0,
  dyn_alloc: 0,
  dyn_free: 0,
  pool_work: 0,
  direct_alloc_pages: 0,
  tp_bounced: 1,
  tp_free: 1,
  direct_alloc: 1,
  expand: 1,
  direct_free: 2,
  direct_free_pages: 2,
  tbl_map: 2,
};
/** Tracepoints that are fired after what they tell of: the call is over. */
const ENDS: ReadonlySet<string> = new Set(['tp_map', 'tp_unmap', 'tp_unmap_sg', 'tp_map_sg']);
/** A call of the subject has fewer events. */
const MOST = 256;
const TASKS = 4096;

/** Cuts the log into calls. */
class Segments {
  readonly #open = new Map<Lane, Segment>();
  readonly #done: (segment: Segment) => void;

  constructor(done: (segment: Segment) => void) {
    this.#done = done;
  }

  add(record: TraceRecord, bound: Bound, lane: Lane): Segment {
    let segment = this.#open.get(lane);
    if (segment === undefined || begins(segment, bound) || segment.events.length >= MOST) {
      if (segment) this.#done(segment);
      segment = { events: [] };
      this.#open.delete(lane);
      this.#open.set(lane, segment);
      // Tasks come and go; the one that was silent for longest has said all that it will.
      const [oldest] = this.#open;
      if (this.#open.size > TASKS) {
        this.#open.delete(oldest![0]);
        this.#done(oldest![1]);
      }
    }
    segment.events.push({ record: record.keep(), bound });
    if (ENDS.has(bound.role)) this.#open.delete(lane);
    return segment;
  }

  /** To be called behind every event, once it is known whose it is. */
  over(segment: Segment, { role }: Bound): void {
    if (ENDS.has(role)) this.#done(segment);
  }

  end(): void {
    for (const segment of this.#open.values()) this.#done(segment);
    this.#open.clear();
  }
}

function begins({ events }: Segment, { role, ret }: Bound): boolean {
  const level = LEVELS[role];
  if (level === undefined || ret) return false;
  const [{ bound: first }] = events as [Seen];
  // Before patch 17 a mapping whose search failed frees its new pool by itself.
  if (role === 'dyn_free' && first.role === 'map') return false;
  return (LEVELS[first.role] ?? 3) >= level;
}

/** Which object is meant: by its name, by a line, or by both. */
export interface Wanted {
  readonly name?: string | undefined;
  readonly line?: number | undefined;
  /** The number that an earlier pass gave it. */
  readonly serial?: number | undefined;
}

const RANK = ['pool', 'allocation', 'mapping', 'page range'];

/** Ends a pass whose rest nobody wants. */
class Enough extends Error {}

/**
 * One pass: calls `seen` with every call that is over, and the objects that it touched.
 *
 * @param until the last line that matters; by default all do
 */
export async function pass(
  file: string,
  specification: Specification,
  options: ReadOptions,
  seen: (segment: Segment, touched: ReadonlySet<Any>) => void,
  touch: Touch = () => {},
  until = Number.POSITIVE_INFINITY,
): Promise<Judge> {
  const touched = new WeakMap<Segment, Set<Any>>();
  const segments = new Segments((segment) => seen(segment, touched.get(segment) ?? new Set()));
  let last: { readonly segment: Segment; readonly bound: Bound } | undefined;
  const finish = () => {
    if (last) segments.over(last.segment, last.bound);
    last = undefined;
  };
  const judge = new Judge(specification, {
    observe: (record, bound, lane) => {
      finish();
      if (record.line > until) throw new Enough();
      last = { segment: segments.add(record, bound, lane), bound };
    },
    touch: (thing, record, lane, change) => {
      touch(thing, record, lane, change);
      if (last === undefined) return;
      let all = touched.get(last.segment);
      if (all === undefined) {
        all = new Set();
        touched.set(last.segment, all);
      }
      all.add(thing);
    },
  });
  try {
    await readTrace(file, judge, options);
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  finish();
  segments.end();
  return judge;
}

/** The object that is meant; of several that a line concerns, the pool before its mapping. */
export async function objectOf(
  file: string,
  specification: Specification,
  { name, line, serial }: Wanted,
  options: ReadOptions = {},
): Promise<Any | undefined> {
  let found: Any | undefined;
  const better = (thing: Any) =>
    found === undefined || RANK.indexOf(thing.kind) < RANK.indexOf(found.kind) ? thing : found;
  await pass(file, specification, options, (segment, touched) => {
    for (const thing of touched) {
      if (serial !== undefined) {
        if (thing.serial === serial) found = thing;
      } else if (name !== undefined) {
        // Addresses are used again: the last one by this name that began before the line, or the first at all.
        const full = nameOf(thing);
        if (full !== name && full.split(' ')[1] !== name) continue;
        if (line === undefined) found ??= thing;
        else if (thing.firstLine <= line) found = thing;
      } else if (segment.events.some(({ record }) => record.line === line)) found = better(thing);
    }
  });
  return found?.kind === 'mapping' && found.pool !== undefined ? found.pool : found;
}

/** Its calls. */
export async function lifeOf(
  file: string,
  specification: Specification,
  object: Any,
  options: ReadOptions = {},
): Promise<Life> {
  const segments: Segment[] = [];
  const mapping = object.kind === 'pool' ? object.mapping?.serial : undefined;
  const judge = await pass(file, specification, options, (segment, touched) => {
    const ours = [...touched].some(({ serial }) => serial === object.serial || serial === mapping);
    if (ours) segments.push(segment);
  });
  segments.sort((a, b) => a.events[0]!.record.line - b.events[0]!.record.line);
  return { object, name: nameOf(object), segments, recorded: judge.binder.seen };
}
