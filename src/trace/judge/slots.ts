/** Slots handed out: one at a time, and what to make of one that is handed out while it is held. */
import type { TraceRecord } from '../record.ts';
import { type Frame, type Lane, laneName } from './lanes.ts';
import type { Conflict, Mapping } from './objects.ts';
import { hex, type Scene } from './scene.ts';

/** A slot is a mapping's from here on. */
export function register(
  scene: Scene,
  record: TraceRecord,
  lane: Lane,
  slot: number,
  device: string,
  size: number,
  outer: Frame | undefined,
): Mapping {
  const mapping: Mapping = {
    kind: 'mapping',
    serial: scene.nextSerial(),
    firstLine: record.line,
    firstEvent: record.event,
    lastLine: record.line,
    lastEvent: record.event,
    device,
    slot,
    size,
    dma: undefined,
    pool: undefined,
    released: undefined,
    late: 0,
    conflicts: undefined,
    viaSg: false,
    instance: outer?.instance,
  };
  const earlier = scene.slots.get(slot);
  if (earlier === undefined || earlier.released !== undefined) {
    scene.tally.check('one-owner');
    // Its tracepoint is still to come: it is fired after the release.
    if (earlier && earlier.dma !== undefined && scene.binder.seen.has('tp_unmap'))
      mapping.late = earlier.late + 1;
    if (earlier?.conflicts) mapping.conflicts = earlier.conflicts;
  } else if (earlier.viaSg || !scene.binder.seen.has('tp_unmap')) {
    // A release in an interrupt may have been missed by its probe, and no tracepoint names its address.
    scene.tally.undecided('one-owner');
  } else {
    const conflict: Conflict = { earlier, later: mapping, line: record.line, time: record.time, open: true };
    mapping.late = earlier.late + 1;
    mapping.conflicts = [...(earlier.conflicts ?? []), conflict];
    scene.conflicts.push(conflict);
    heldLines.set(conflict, {
      line: record.line,
      raw: record.keep().raw,
      who: laneName(record),
      site: 'swiotlb_tbl_map_single',
    });
  }
  scene.slots.set(slot, mapping);
  scene.saw(mapping, record, lane, 'a slot is found');
  return mapping;
}

const heldLines = new WeakMap<Conflict, { line: number; raw: string; who: string; site: string }>();

/** A conflict that no release has explained within this many seconds is one. */
const PATIENCE = 1;

/** Gives a verdict on conflicts that have waited long enough. `unit`: timestamps per second, 0 if unknown. */
export function expire(scene: Scene, now: number, unit: number): void {
  if (unit === 0) return;
  while (scene.conflicts.length > 0) {
    const first = scene.conflicts[0]!;
    if (first.open && now - first.time < PATIENCE * unit) return;
    scene.conflicts.shift();
    if (!first.open) continue;
    first.open = false;
    const { earlier } = first;
    scene.tally.violatedAt(
      'one-owner',
      heldLines.get(first)!,
      `the slot ${hex(earlier.slot)} was handed out to ${earlier.device} at line ${earlier.firstLine}, and was handed out again with no release before and none that belongs to it within a second after`,
      earlier,
    );
  }
}
