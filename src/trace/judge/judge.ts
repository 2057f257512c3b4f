/** A log's records, one after the other, against the specification. */
import { Binder, type Bound, type PointRole, type Role } from '../binding/roles.ts';
import type { TraceSink } from '../parser.ts';
import type { Loss, TraceRecord } from '../record.ts';
import {
  allocated,
  directAllocBegins,
  directAllocEnds,
  directFreeBegins,
  directFreeEnds,
  freeing,
  pieceWanted,
} from './allocations.ts';
import { judgeContext, mayBlock } from './context-check.ts';
import { conversionBegins, conversionEnds } from './conversions.ts';
import { type Frame, frameOf, type Lane } from './lanes.ts';
import { mapBegins, mapped, mappedList, slotFound, slotReleased, unmapBegins, unmapped } from './mappings.ts';
import { pieceAnswered, pieceGiven } from './piece-calls.ts';
import { strayed } from './pieces.ts';
import { bufferNamed, poolFreeBegins, poolFreeEnds, poolMade, poolUsed } from './pools.ts';
import { Scene, type Touch } from './scene.ts';
import { expire } from './slots.ts';
import type { Specification } from './specification.ts';
import { Tally } from './tally.ts';

export interface JudgeOptions {
  readonly touch?: Touch;
  /** Told of every event that plays a part, before it is judged; `lane` says whose it is. */
  readonly observe?: (record: TraceRecord, bound: Bound, lane: Lane) => void;
}

export class Judge implements TraceSink {
  readonly tally = new Tally();
  readonly binder = new Binder();
  readonly scene: Scene;
  readonly #observe: JudgeOptions['observe'];
  /** A part of the log is missing from its beginning, on some CPU. */
  overrun = false;
  /** CPUs that the header names; those that have been heard of. */
  #cpus: number | undefined;
  readonly #heard = new Set<number>();
  #headed = false;
  #unit = 0;
  #unitKnown = false;
  #last: TraceRecord | undefined;
  #count = 0;

  constructor(specification: Specification, options: JudgeOptions = {}) {
    this.scene = new Scene(specification, this.tally, this.binder);
    this.scene.touch = options.touch;
    this.#observe = options.observe;
  }

  record(record: TraceRecord): void {
    if (!this.#unitKnown) this.#learnUnit(record);
    if (this.overrun && !this.#heard.has(record.cpu)) this.#heard.add(record.cpu);
    if ((++this.#count & 0xff) === 0 && this.scene.conflicts.length > 0)
      expire(this.scene, record.time, this.#unit);
    const bound = this.binder.bind(record);
    if (bound === undefined) return;
    this.#last = record;
    const lane = this.scene.lanes.of(record);
    this.#observe?.(record, bound, lane);
    if (bound.entry) this.#entry(record, lane, bound);
    else if (bound.ret) this.#return(record, lane, bound);
    else this.#point(record, lane, bound.role as PointRole);
  }

  loss(loss: Loss): void {
    if (!loss.hides) return;
    if (loss.kind === 'overrun') {
      this.overrun = true;
      const cpus = /#P:(\d+)/.exec(loss.raw);
      this.#cpus = cpus ? Number(cpus[1]) : undefined;
      return;
    }
    if (loss.kind === 'buffer-started') {
      if (loss.cpu !== undefined) this.#heard.add(loss.cpu);
      this.tally.takeBack();
    }
    this.scene.forget();
    if (loss.kind !== 'buffer-started' && !this.overrun) this.tally.settle();
  }

  /** The end of the log. `headed`: it has the header that would say what is missing. */
  end(headed: boolean): void {
    this.#headed = headed;
    if (this.#last && this.scene.conflicts.length > 0) expire(this.scene, this.#last.time, this.#unit);
    for (const { open } of this.scene.conflicts) if (open) this.tally.undecided('one-owner');
    for (const { stack } of this.scene.lanes) {
      for (const { strayed } of stack) if (strayed !== undefined) this.tally.undecided('free-undoes-alloc');
    }
    const whole =
      this.#headed && !(this.overrun && (this.#cpus === undefined || this.#heard.size < this.#cpus));
    if (!whole) this.tally.takeBack();
  }

  #learnUnit(record: TraceRecord): void {
    this.#unitKnown = true;
    const point = record.timeText.indexOf('.');
    this.#unit = point < 0 ? 0 : 10 ** (record.timeText.length - point - 1);
  }

  #entry(record: TraceRecord, lane: Lane, bound: Bound): void {
    const role = bound.role as Role;
    if (role === 'tbl_unmap') {
      poolUsed(this.scene, record, lane);
      slotReleased(this.scene, record, lane);
      return;
    }
    if (role === 'bounce') {
      const inside = lane.inside('tbl_map', 'unmap');
      if (inside) inside.copied = true;
      return;
    }
    if (role === 'free_pages') {
      const inside = lane.inside('direct_free', 'dyn_free');
      if (inside) inside.released = true;
      return;
    }
    const frame = frameOf(record, role, this.scene.device(record, 'dev') ?? '');
    for (const over of lane.enter(frame)) this.#over(record, lane, over);
    this.#begins(record, lane, bound, frame);
  }

  #begins(record: TraceRecord, lane: Lane, bound: Bound, frame: Frame): void {
    const { scene } = this;
    switch (frame.role) {
      case 'decrypt':
      case 'encrypt':
        conversionBegins(scene, record, lane, bound, frame);
        break;
      case 'map':
        mapBegins(scene, record, frame);
        break;
      case 'unmap':
        unmapBegins(scene, record, lane, frame);
        break;
      case 'dyn_free':
        poolFreeBegins(scene, record, lane, frame);
        break;
      case 'alloc':
        this.#sleeps(record, lane, bound, frame);
        frame.instance = this.#allocating(record, frame);
        break;
      case 'accept':
        // It is accepted, or its mask changes: it may be given private memory from here on.
        scene.forced.delete(frame.device);
        lane.leave(frame.role);
        break;
      case 'direct_alloc':
        directAllocBegins(scene, frame);
        this.#inner(record, lane, bound, frame, lane.inside('alloc'));
        break;
      case 'direct_alloc_pages':
        directAllocBegins(scene, frame);
        this.#sleeps(record, lane, bound, frame);
        break;
      case 'pool_alloc':
        pieceWanted(scene, lane, frame);
        break;
      case 'pool_free':
        bufferNamed(scene, record, lane);
        break;
      case 'direct_free':
      case 'direct_free_pages':
        directFreeBegins(scene, record, lane, frame);
        if (frame.role === 'direct_free') {
          frame.instance = scene.follow('direct-free', !frame.sure);
          scene.step(frame.instance, 'dma_free_attrs', {}, record);
        }
        break;
      case 'expand':
        this.#sleeps(record, lane, bound, frame);
        frame.instance = scene.follow('atomic-pool-expand', !frame.sure);
        if (lane.inside('pool_work')) scene.step(frame.instance, 'kworker_start', {}, record);
        break;
      case 'vmap':
      case 'vunmap':
        this.#sleeps(record, lane, bound, frame);
        if (frame.unjudged) this.tally.undecided('no-sleep-in-atomic');
        lane.leave(frame.role);
        break;
    }
  }

  /** What may sleep by its nature (vmap) or by its gfp; a context that is not to be read is asked for again later. */
  #sleeps(record: TraceRecord, lane: Lane, bound: Bound, frame: Frame): void {
    const alias = frame.role === 'vmap' || frame.role === 'vunmap';
    if (!alias && !mayBlock(frame.gfp)) return;
    const what = alias ? bound.symbol : 'an allocation that may sleep';
    frame.unjudged = !judgeContext(this.scene, record, lane, bound.symbol, what);
  }

  /** Where its caller is not recorded, the allocation begins here. */
  #inner(record: TraceRecord, lane: Lane, bound: Bound, frame: Frame, outer: Frame | undefined): void {
    if (outer === undefined || outer.unjudged) this.#sleeps(record, lane, bound, frame);
    if (outer === undefined) frame.instance = this.#allocating(record, frame);
    else {
      outer.unjudged = false;
      frame.instance = outer.instance;
    }
  }

  #allocating(record: TraceRecord, frame: Frame) {
    const instance = this.scene.follow('direct-alloc', !frame.sure);
    const told = frame.gfp === undefined ? {} : { ctx: mayBlock(frame.gfp) ? 'process' : 'atomic' };
    this.scene.step(instance, 'dma_alloc_attrs', told, record);
    return instance;
  }

  #return(record: TraceRecord, lane: Lane, bound: Bound): void {
    const { scene } = this;
    const role = bound.role as Role;
    const frame = lane.leave(role);
    if (role === 'decrypt' || role === 'encrypt') {
      conversionEnds(scene, record, lane, bound, frame);
      return;
    }
    if (role === 'tbl_map') {
      slotFound(scene, record, lane, frame);
      return;
    }
    if (frame === undefined) return;
    if (frame.unjudged && !judgeContext(scene, record, lane, bound.symbol, 'an allocation that may sleep')) {
      this.tally.undecided('no-sleep-in-atomic');
    }
    if (frame.strayed !== undefined) strayed(scene, record, frame, bound.symbol);
    switch (role) {
      case 'alloc_pool':
        poolMade(scene, record, lane, frame);
        break;
      case 'pool_alloc':
        pieceGiven(scene, record, lane, frame);
        break;
      case 'pool_free':
        pieceAnswered(scene, record, lane, bound.symbol);
        break;
      case 'direct_alloc':
      case 'direct_alloc_pages':
        directAllocEnds(scene, record, lane, frame);
        break;
      case 'direct_free':
        scene.step(frame.instance, 'dma_free_attrs_ret', {}, record);
        directFreeEnds(scene, record, lane, frame);
        break;
      case 'alloc':
        scene.step(
          frame.instance,
          'dma_alloc_attrs_ret',
          record.hex('ret') === 0 ? { got: 'null' } : {},
          record,
        );
        break;
      case 'expand':
        if (record.int('ret') !== 0) {
          // Where the pages of a chunk go that came to nothing is not recorded.
          this.tally.undecided('free-private');
          this.tally.undecided('free-undoes-alloc');
        }
        scene.step(
          frame.instance,
          lane.inside('pool_work') ? 'work_done' : 'dma_atomic_pool_init_ret',
          {},
          record,
        );
        break;
      case 'dyn_free':
        poolFreeEnds(scene, record, lane, frame, true);
        break;
    }
  }

  /** A call without a return probe is over, because another one begins. */
  #over(record: TraceRecord, lane: Lane, frame: Frame): void {
    if (frame.strayed !== undefined) strayed(this.scene, record, frame, frame.role);
    if (frame.role === 'dyn_free') poolFreeEnds(this.scene, record, lane, frame, false);
    else if (frame.unjudged) this.tally.undecided('no-sleep-in-atomic');
  }

  #point(record: TraceRecord, lane: Lane, role: PointRole): void {
    const { scene } = this;
    switch (role) {
      case 'tp_map':
        mapped(scene, record, lane);
        break;
      case 'tp_unmap':
        unmapped(scene, record, lane);
        break;
      case 'tp_map_sg':
        mappedList(lane);
        break;
      case 'tp_bounced':
        lane.bounced = true;
        break;
      case 'tp_alloc':
        allocated(scene, record, lane);
        break;
      case 'tp_free':
        freeing(scene, record, lane);
        break;
      case 'tp_unmap_sg':
        break;
    }
  }
}
