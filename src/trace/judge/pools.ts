/** Transient and dynamic pools: made, used, freed by a worker or by an RCU callback. */
import type { TraceRecord } from '../record.ts';
import { type Frame, type Lane, laneName } from './lanes.ts';
import type { Pool } from './objects.ts';
import { goesBack } from './pieces.ts';
import { byOf, hex, maybeCut, type Scene } from './scene.ts';

/**
 * The work item or RCU head lies so deep in a descriptor at most. No other descriptor begins as near before it, so
 * that a pool which is not known is never taken for its neighbour.
 */
const DESCRIPTOR = 0xc0;

/** `swiotlb_alloc_pool` returned. */
export function poolMade(scene: Scene, record: TraceRecord, lane: Lane, frame: Frame): void {
  const pointer = record.hex('ret');
  if (pointer === undefined || pointer === 0) return;
  const caller = record.caller?.symbol ?? '';
  const mapping = lane.inside('tbl_map');
  // swiotlb_find_slots() is mostly inlined into its caller.
  const transient =
    /^swiotlb_(?:tbl_map|find_slots)/.test(caller) || (caller === '' && mapping !== undefined);
  const pool: Pool = {
    ...scene.thing('pool', record),
    pointer,
    transient,
    fromPool: frame.fromPool ?? (frame.conversion?.ok === true ? false : undefined),
    conversion: frame.conversion,
    mapping: undefined,
    retired: undefined,
    freed: undefined,
    instance: scene.follow('swiotlb-pool', !frame.sure),
  };
  if (pool.fromPool !== undefined) {
    scene.step(pool.instance, pool.fromPool ? 'gen_pool_alloc' : 'alloc_pages', {}, record);
  } else pool.instance.lossy = true;
  scene.pools.set(pointer, pool);
  scene.freedPools.delete(pointer);
  scene.saw(pool, record, lane, transient ? 'a transient pool is made' : 'a dynamic pool is made');
  if (mapping && transient) mapping.pool = pool;
}

/** The pool that a work item or RCU head lies in. */
function poolOf(scene: Scene, pointer: number | undefined): Pool | undefined {
  if (pointer === undefined) return undefined;
  if (scene.workOffset !== undefined) return scene.pools.get(pointer - scene.workOffset);
  const found: Pool[] = [];
  for (let offset = 0; offset < DESCRIPTOR; offset += 8) {
    const pool = scene.pools.get(pointer - offset);
    if (pool) found.push(pool);
  }
  // One candidate, or the only one that is on its way: then all others lie at the same offset.
  const [first, ...others] = found.length > 1 ? found.filter(({ retired }) => retired !== undefined) : found;
  if (first === undefined || others.length > 0) return undefined;
  scene.workOffset = pointer - first.pointer;
  return first;
}

/** The deferred free begins: of what, in which context, and is anybody still in it. */
export function poolFreeBegins(scene: Scene, record: TraceRecord, lane: Lane, frame: Frame): void {
  const pointer = record.hex('work') ?? record.hex('rcu');
  const pool = poolOf(scene, pointer);
  frame.instance = scene.follow('dynamic-free', !frame.sure);
  if (record.context.known) scene.frees[record.context.interrupt > 0 ? 'softirq' : 'task']++;
  // In a machine with patch 17 the RCU callback only queues the work. Before it, a search that failed frees at once.
  if (lane.inside('tbl_map') !== undefined) scene.step(frame.instance, 'search_failed', {}, record);
  else if (record.context.interrupt > 0) scene.step(frame.instance, 'rcu_softirq', {}, record);
  else scene.step(frame.instance, 'kworker_start', { by: byOf(record, frame) }, record);
  if (pool === undefined) {
    scene.unknownObjects++;
    return;
  }
  frame.pool = pool;
  scene.saw(pool, record, lane, 'its deferred free begins');
  const { mapping } = pool;
  if (mapping?.viaSg && mapping.released === undefined) scene.tally.undecided('no-use-after-free');
  else if (mapping !== undefined && mapping.released === undefined && mapping.late === 0) {
    const unmapped = scene.binder.seen.has('tp_unmap') || scene.binder.seen.has('tbl_unmap');
    if (!unmapped) scene.tally.undecided('no-use-after-free');
    else {
      scene.tally.violated(
        'no-use-after-free',
        record,
        laneName(record),
        'swiotlb_dyn_free',
        `the pool is freed while the mapping ${hex(mapping.slot)} of ${mapping.device} in it (line ${mapping.firstLine}) has not been released`,
        pool,
      );
    }
  } else scene.tally.check('no-use-after-free');
  pool.freed = record.line;
  scene.pools.delete(pool.pointer);
  scene.remember(scene.freedPools, pool.pointer, pool);
}

/** A release names the pool that it was found in. */
export function poolUsed(scene: Scene, record: TraceRecord, lane: Lane): Pool | undefined {
  const pointer = record.hex('pool');
  if (pointer === undefined) return undefined;
  const pool = scene.pools.get(pointer);
  if (pool) {
    scene.tally.check('no-use-after-free');
    if (pool.transient) pool.retired = record.line;
    scene.saw(
      pool,
      record,
      lane,
      pool.transient ? 'its only mapping is released: it is retired' : 'a slot of it is released',
    );
    return pool;
  }
  const freed = scene.freedPools.get(pointer);
  if (freed === undefined) return undefined;
  // Its memory may have been given to a pool whose birth a probe missed in an interrupt.
  const mapping = scene.slots.get(record.hex('tlb') ?? Number.NaN);
  if (mapping !== undefined && mapping.firstLine < freed.freed!) {
    scene.saw(freed, record, lane, 'used');
    scene.tally.violated(
      'no-use-after-free',
      record,
      laneName(record),
      'swiotlb_tbl_unmap_single',
      `the pool was freed at line ${freed.freed}, and a mapping in it is released now`,
      freed,
    );
  } else scene.tally.undecided('no-use-after-free');
  return undefined;
}

/** The buffer that is freed has another address than the pool's: the pool was taken for another. */
export function bufferNamed(scene: Scene, record: TraceRecord, lane: Lane): void {
  const frame = lane.inside('dyn_free');
  const start = record.hex('start');
  const made = frame?.pool?.conversion;
  if (frame === undefined || made === undefined || start === undefined || start === made.start) return;
  frame.pool = undefined;
  scene.workOffset = undefined;
  scene.unknownObjects++;
}

/** The atomic pools were asked whether a dynamic pool's buffer is theirs. */
export function poolBufferOffered(
  scene: Scene,
  record: TraceRecord,
  lane: Lane,
  frame: Frame,
  owned: boolean,
): void {
  const { pool } = frame;
  scene.step(frame.instance, 'dma_free_from_pool', { by: byOf(record, frame), owned }, record);
  if (pool === undefined) return;
  if (!frame.sure) pool.instance.lossy = true;
  scene.step(pool.instance, owned ? 'lookup_hits' : 'lookup_misses', {}, record);
  scene.saw(
    pool,
    record,
    lane,
    owned ? 'its buffer goes back to the atomic pool' : 'its buffer is no atomic pool’s',
  );
  if (pool.fromPool === undefined) return;
  goesBack(scene, record, frame, 'dma_free_from_pool', pool.fromPool, owned, 'the buffer', pool);
}

/** The deferred free is over. */
export function poolFreeEnds(
  scene: Scene,
  record: TraceRecord,
  lane: Lane,
  frame: Frame,
  returned: boolean,
): void {
  const { pool } = frame;
  if (pool === undefined) return;
  if (returned) {
    scene.saw(pool, record, lane, 'its free is over');
    if (frame.owned === false) scene.step(pool.instance, 'gone', {}, record);
  }
  const made = pool.conversion;
  const back = frame.conversion?.to === 'private' ? frame.conversion : undefined;
  if (pool.fromPool !== false || made?.ok !== true) return;
  const site = 'set_memory_encrypted';
  if (back === undefined) {
    // Only a task misses no probe, and only a return says that the free is over.
    if (
      !returned ||
      frame.unread ||
      !frame.sure ||
      frame.owned === true ||
      !scene.binder.seen.has('encrypt')
    ) {
      scene.tally.undecided('free-private');
    } else {
      scene.tally.violated(
        'free-private',
        record,
        laneName(record),
        site,
        'its free is over, and what was made shared has not been made private',
        pool,
      );
    }
    return;
  }
  if (back.ok === undefined) {
    scene.tally.undecided('free-private');
    return;
  }
  scene.tally.check('free-private');
  const pages = (range: { start: number; end: number }) => (range.end - range.start) / 4096;
  if (back.start === made.start && back.end === made.end) scene.tally.check('free-undoes-alloc');
  else if (maybeCut(pages(back), pages(made), 10) || maybeCut(back.start, made.start, 16))
    scene.tally.undecided('free-undoes-alloc');
  else {
    scene.tally.violated(
      'free-undoes-alloc',
      record,
      laneName(record),
      site,
      `${pages(made)} pages from ${hex(made.start)} were shared, ${pages(back)} from ${hex(back.start)} are made private`,
      pool,
    );
  }
}
