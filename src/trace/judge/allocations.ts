/** Coherent allocations and their frees. */
import { ATTR } from '../binding/roles.ts';
import type { TraceRecord } from '../record.ts';
import { judgeEncoding } from './encoding.ts';
import { type Frame, type Lane, laneName } from './lanes.ts';
import type { Allocation } from './objects.ts';
import { goesBack } from './pieces.ts';
import { hex, maybeCut, type Scene } from './scene.ts';

/** An entry of `dma_direct_alloc`: the attributes say whether the device is forced. */
export function directAllocBegins(scene: Scene, frame: Frame): void {
  if ((frame.attrs & (ATTR.CC_SHARED | ATTR.ALLOC_CC_SHARED)) !== 0 && frame.device !== '')
    scene.forced.add(frame.device);
}

/** It returned: the address for the CPU, kept for the tracepoint, which hashes it. */
export function directAllocEnds(scene: Scene, record: TraceRecord, lane: Lane, frame: Frame): void {
  const cpu = record.hex('ret');
  if (cpu === undefined || cpu === 0) return;
  frame.start = cpu;
  lane.direct = frame;
  if (frame.role !== 'direct_alloc') return;
  // What an atomic pool hands out as shared must be what it was made of.
  if (frame.fromPool !== true || (frame.attrs & (ATTR.CC_SHARED | ATTR.ALLOC_CC_SHARED)) === 0) return;
  const known = scene.pages.overlapping(cpu, cpu + Math.max(frame.size, 1));
  if (known.length === 0) return;
  const wrong = known.find(({ state }) => state !== 'shared');
  if (wrong === undefined) scene.tally.check('pool-tells-the-truth');
  else {
    scene.tally.violated(
      'pool-tells-the-truth',
      record,
      laneName(record),
      'dma_alloc_from_pool',
      `a piece at ${hex(cpu)} was handed out as shared, and the state of its pages is uncertain since line ${wrong.thing.firstLine}`,
      wrong.thing,
    );
  }
}

const keyOf = (device: string, dma: number) => `${device} ${hex(dma)}`;

/** The tracepoint of an allocation: fired after it. */
export function allocated(scene: Scene, record: TraceRecord, lane: Lane): void {
  const device = scene.device(record, 'device');
  const dma = record.hex('dma_addr');
  const size = record.int('size');
  const failed = /^(?:0x)?0+$|^\(null\)$/.test(record.field('virt_addr') ?? '');
  const frame = lane.direct;
  lane.direct = undefined;
  if (device === undefined || dma === undefined || size === undefined || failed || size <= 0) return;
  if (/CC_SHARED/.test(record.field('attrs') ?? '')) scene.forced.add(device);
  const mine = frame?.device === device && frame.size === size ? frame : undefined;
  if (mine) pageHandedOut(scene, record, mine);
  const live = liveOf(scene, device);
  const other = live.get(dma);
  if (other !== undefined) {
    scene.tally.violated(
      'one-owner',
      record,
      laneName(record),
      'dma_alloc_attrs',
      `${hex(dma)} was handed out to ${device} at line ${other.firstLine} and has not been freed since`,
      other,
    );
  } else if (scene.binder.seen.has('tp_free')) scene.tally.check('one-owner');
  const allocation: Allocation = {
    ...scene.thing('allocation', record),
    device,
    dma,
    size,
    fromPool: mine && (mine.fromPool ?? (mine.conversion?.ok === true ? false : undefined)),
    conversion: mine?.conversion,
    cpu: mine?.start,
  };
  if (mine?.conversion?.ok === true) judgeEncoding(scene, record, dma, allocation, 'dma_alloc_attrs');
  live.set(dma, allocation);
  scene.freedAllocations.delete(keyOf(device, dma));
  scene.saw(
    allocation,
    record,
    lane,
    allocation.fromPool === true ? 'handed out by an atomic pool' : 'handed out',
  );
}

function liveOf(scene: Scene, device: string): Map<number, Allocation> {
  let live = scene.allocations.get(device);
  if (live === undefined) {
    live = new Map();
    scene.allocations.set(device, live);
  }
  return live;
}

/** The tracepoint of a free: fired before it. */
export function freeing(scene: Scene, record: TraceRecord, lane: Lane): void {
  const device = scene.device(record, 'device');
  const dma = record.hex('dma_addr');
  if (device === undefined || dma === undefined || record.int('size') === 0) return;
  const allocation = scene.allocations.get(device)?.get(dma);
  if (allocation === undefined) {
    const before = scene.freedAllocations.get(keyOf(device, dma));
    if (before === undefined || !scene.binder.seen.has('tp_alloc')) scene.unknownObjects++;
    else {
      scene.saw(before, record, lane, 'freed again');
      scene.tally.violated(
        'free-undoes-alloc',
        record,
        laneName(record),
        'dma_free_attrs',
        `${hex(dma)} of ${device} is freed again; it was freed before and not allocated since`,
        before,
      );
    }
    return;
  }
  scene.saw(allocation, record, lane, 'freed');
  scene.allocations.get(device)!.delete(dma);
  scene.remember(scene.freedAllocations, keyOf(device, dma), allocation);
  // The frames of the free that are to come, or have begun, work for it.
  const frame = lane.inside('free');
  if (frame) frame.allocation = allocation;
  lane.direct = undefined;
  freeOf.set(lane, allocation);
}

/** The allocation that a task is freeing, until its `dma_direct_free` takes it. */
const freeOf = new WeakMap<Lane, Allocation>();

export function directFreeBegins(scene: Scene, record: TraceRecord, lane: Lane, frame: Frame): void {
  const allocation = freeOf.get(lane);
  freeOf.delete(lane);
  const dma = record.hex('dma_addr');
  if (allocation !== undefined && (dma === undefined || dma === allocation.dma)) {
    frame.allocation = allocation;
    scene.saw(allocation, record, lane);
  }
  frame.start = record.hex('cpu_addr') ?? 0;
}

/** The atomic pools were asked whether what is freed is theirs. */
export function pieceOffered(
  scene: Scene,
  record: TraceRecord,
  lane: Lane,
  frame: Frame,
  symbol: string,
  owned: boolean,
): void {
  const { allocation } = frame;
  frame.owned = owned;
  if (allocation === undefined || allocation.fromPool === undefined) return;
  scene.saw(allocation, record, lane, owned ? 'goes back to the atomic pool' : 'is no atomic pool’s');
  goesBack(scene, record, frame, symbol, allocation.fromPool, owned, 'it', allocation);
}

/** From a pool that is asked for shared memory: the device that it is for needs it. */
export function pieceWanted(scene: Scene, lane: Lane, frame: Frame): void {
  const caller = lane.inside('direct_alloc', 'direct_alloc_pages');
  if (caller === undefined || (frame.attrs & (ATTR.CC_SHARED | ATTR.ALLOC_CC_SHARED)) === 0) return;
  caller.attrs |= frame.attrs & (ATTR.CC_SHARED | ATTR.ALLOC_CC_SHARED);
  if (caller.device !== '') scene.forced.add(caller.device);
}

/** `dma_alloc_pages()` hands out the page that the pool gave, and not its CPU address. */
function pageHandedOut(scene: Scene, record: TraceRecord, frame: Frame): void {
  if (frame.role !== 'direct_alloc_pages' || frame.piece === undefined || frame.piece === 0) return;
  if (frame.start === frame.piece) scene.tally.check('data-arrives');
  else {
    scene.tally.violated(
      'data-arrives',
      record,
      laneName(record),
      'dma_direct_alloc_pages',
      `the atomic pool gave the page ${hex(frame.piece)}, and ${hex(frame.start)} is handed out as a page`,
    );
  }
}

/** `dma_direct_free` returned: what it had to undo is undone, or nobody saw. */
export function directFreeEnds(scene: Scene, record: TraceRecord, lane: Lane, frame: Frame): void {
  const { allocation, conversion } = frame;
  if (allocation) scene.saw(allocation, record, lane, 'its free is over');
  const back = conversion?.to === 'private' ? conversion : undefined;
  if (frame.owned === true) {
    if (back !== undefined) {
      scene.tally.violated(
        'free-undoes-alloc',
        record,
        laneName(record),
        'set_memory_encrypted',
        'a piece that an atomic pool has back is made private',
        allocation,
      );
    }
    return;
  }
  const made = allocation?.conversion;
  if (back?.ok !== undefined) scene.tally.check('free-private');
  else if (back !== undefined) scene.tally.undecided('free-private');
  leaks(scene, record, frame, back?.ok, allocation);
  if (made?.ok !== true) return;
  if (back === undefined) {
    if (!frame.sure || frame.unread || !scene.binder.seen.has('encrypt')) {
      scene.tally.undecided('free-private');
      return;
    }
    scene.tally.violated(
      'free-private',
      record,
      laneName(record),
      'dma_direct_free',
      'its free is over, and what was made shared has not been made private',
      allocation,
    );
    return;
  }
  const pages = (range: { start: number; end: number }) => (range.end - range.start) / 4096;
  if (back.start === made.start && back.end === made.end) scene.tally.check('free-undoes-alloc');
  else if (maybeCut(pages(back), pages(made), 10) || maybeCut(back.start, made.start, 16))
    scene.tally.undecided('free-undoes-alloc');
  else {
    scene.tally.violated(
      'free-undoes-alloc',
      record,
      laneName(record),
      'set_memory_encrypted',
      `${pages(made)} pages from ${hex(made.start)} were shared, ${pages(back)} from ${hex(back.start)} are made private`,
      allocation,
    );
  }
}

/** Where frees of pages are recorded: memory in a known state goes back, memory in an unknown one does not. */
function leaks(
  scene: Scene,
  record: TraceRecord,
  frame: Frame,
  ok: boolean | undefined,
  allocation: Allocation | undefined,
): void {
  if (ok === undefined || !scene.binder.seen.has('free_pages') || !frame.sure) return;
  if (ok === frame.released) {
    scene.tally.check(ok ? 'nothing-leaks' : 'free-private');
  } else if (ok) {
    scene.tally.violated(
      'nothing-leaks',
      record,
      laneName(record),
      'dma_direct_free',
      'it was made private, and its pages were not given back',
      allocation,
    );
  } else {
    scene.tally.violated(
      'free-private',
      record,
      laneName(record),
      '__free_pages',
      'it could not be made private, and its pages were given back',
      allocation,
    );
  }
}
