/** Streaming mappings: slots handed out and released, addresses given to devices. */
import { ATTR } from '../binding/roles.ts';
import type { TraceRecord } from '../record.ts';
import { judgeEncoding } from './encoding.ts';
import { type Frame, type Lane, laneName } from './lanes.ts';
import type { Mapping } from './objects.ts';
import { hex, type Scene } from './scene.ts';
import { register } from './slots.ts';

const NO_MAPPING = -1;
const DIRECTIONS = ['BIDIRECTIONAL', 'TO_DEVICE', 'FROM_DEVICE'];

export function mapBegins(scene: Scene, record: TraceRecord, frame: Frame): void {
  frame.instance = scene.follow('streaming-mapping', !frame.sure);
  const dir = DIRECTIONS[record.int('dir') ?? -1];
  scene.step(frame.instance, 'dma_map_phys', dir === undefined ? {} : { dir }, record);
}

/** `swiotlb_tbl_map_single` returned. */
export function slotFound(scene: Scene, record: TraceRecord, lane: Lane, frame: Frame | undefined): void {
  const slot = record.hex('ret');
  if (slot === undefined) return;
  const outer = lane.inside('map');
  const found = slot !== NO_MAPPING;
  scene.step(outer?.instance, 'swiotlb_search_pool_area', { found }, record);
  if (!found) return;
  const device = frame?.device ?? outer?.device ?? '';
  const mapping = register(scene, record, lane, slot, device, frame?.size ?? 0, outer);
  if (frame?.pool) {
    mapping.pool = frame.pool;
    frame.pool.mapping = mapping;
    scene.saw(frame.pool, record, lane, `holds the mapping ${hex(slot)}`);
  }
  if (scene.binder.seen.has('bounce') && frame?.sure === true) {
    // Of a pool that was made before the log, or at boot, nobody knows whether the device can read what it holds.
    if (frame.copied && mapping.pool === undefined) scene.tally.undecided('data-arrives');
    if (frame.copied) scene.tally.check('data-arrives');
    else {
      scene.tally.violated(
        'data-arrives',
        record,
        laneName(record),
        'swiotlb_bounce',
        `the slot ${hex(slot)} was handed out, and nothing was copied into it`,
        mapping,
      );
    }
  }
  if (lane.pending.length < 4096) lane.pending.push(mapping);
}

/** The tracepoint of a mapping: fired after it. */
export function mapped(scene: Scene, record: TraceRecord, lane: Lane): void {
  const frame = lane.inside('map');
  const dma = record.hex('dma_addr');
  const device = scene.device(record, 'device') ?? '';
  const bounced = lane.bounced;
  lane.bounced = false;
  let mapping = lane.pending.pop();
  lane.pending.length = 0;
  const failed = dma === undefined || dma === NO_MAPPING;
  scene.step(frame?.instance, 'dma_map_phys_ret', failed ? { result: 'error' } : {}, record);
  if (lane.stack.length > 0) lane.leave('map');
  if (failed) return;
  if (mapping === undefined && bounced) {
    mapping = register(scene, record, lane, dma, device, record.int('size') ?? 0, frame);
  }
  const phys = record.hex('phys_addr');
  reach(scene, record, device, dma, phys, mapping);
  if (mapping === undefined) return;
  mapping.dma = dma;
  scene.saw(mapping, record, lane, 'the device has its address');
  if (dma !== mapping.slot) {
    scene.encoded++;
    scene.byDma.set(dma, mapping);
  }
  // From patch 7 on a pool serves a device only if its memory is what the device needs.
  const known = mapping.pool !== undefined || scene.specification.series.patches.has(7);
  if (scene.forced.has(device) && known) judgeEncoding(scene, record, dma, mapping, 'dma_map_phys');
  else if (!known && scene.specification.addressBit()) scene.tally.undecided('address-matches-memory');
}

/** A forced device is given the address of a slot, or of memory that is known to be shared. */
function reach(
  scene: Scene,
  record: TraceRecord,
  device: string,
  dma: number,
  phys: number | undefined,
  mapping: Mapping | undefined,
): void {
  if (!scene.forced.has(device)) return;
  const attrs = record.field('attrs') ?? '';
  if (mapping !== undefined || /CC_SHARED|MMIO/.test(attrs)) scene.tally.check('device-can-reach');
  else if (phys === undefined || phys !== dma) scene.tally.undecided('device-can-reach');
  else {
    scene.tally.violated(
      'device-can-reach',
      record,
      laneName(record),
      'dma_map_phys',
      `${device}, which reaches shared memory only, is given the address of its buffer itself (${hex(dma)}): it was not bounced, and nothing says that the buffer is shared`,
    );
  }
}

/** The tracepoint of a list of mappings: fired after it. */
export function mappedList(lane: Lane): void {
  for (const mapping of lane.pending) {
    mapping.viaSg = true;
    if (mapping.instance) mapping.instance.lossy = true;
  }
  lane.pending.length = 0;
  lane.bounced = false;
}

const at = (scene: Scene, dma: number) => scene.byDma.get(dma) ?? scene.slots.get(dma);

export function unmapBegins(scene: Scene, record: TraceRecord, lane: Lane, frame: Frame): void {
  const dma = record.hex('addr');
  const mapping = dma === undefined ? undefined : at(scene, dma);
  if (mapping === undefined) return;
  frame.mapping = mapping;
  scene.saw(mapping, record, lane, 'to be unmapped');
  const skips = (frame.attrs & ATTR.SKIP_CPU_SYNC) !== 0;
  if (mapping.instance) mapping.instance.lossy ||= !frame.sure;
  scene.step(mapping.instance, 'dma_unmap_phys', { attrs: skips ? 'SKIP_CPU_SYNC' : 'none' }, record);
}

/** Entry of `__swiotlb_tbl_unmap_single`: the release. */
export function slotReleased(scene: Scene, record: TraceRecord, lane: Lane): void {
  const slot = record.hex('tlb');
  const mapping = slot === undefined ? undefined : scene.slots.get(slot);
  const outer = lane.inside('unmap');
  if (outer) outer.released = true;
  if (mapping === undefined) {
    scene.unknownObjects++;
    return;
  }
  if (mapping.released !== undefined) {
    // One of the two was missed, unless every mapping has a tracepoint to show for it.
    if (
      !scene.binder.seen.has('tp_map') ||
      mapping.viaSg ||
      mapping.conflicts !== undefined ||
      mapping.late > 0
    ) {
      scene.tally.undecided('free-undoes-alloc');
    } else {
      scene.saw(mapping, record, lane, 'released again');
      scene.tally.violated(
        'free-undoes-alloc',
        record,
        laneName(record),
        'swiotlb_tbl_unmap_single',
        `the slot ${hex(mapping.slot)} was released at line ${mapping.released} and not handed out since`,
        mapping,
      );
    }
    return;
  }
  scene.tally.check('free-undoes-alloc');
  copiedOut(scene, record, outer, mapping);
  mapping.released = record.line;
  scene.saw(mapping, record, lane, 'its slot is released');
  distrust(record, mapping);
  scene.step(mapping.instance, 'swiotlb_release_slots', {}, record);
  if (mapping.viaSg || mapping.dma === undefined) drop(scene, mapping);
}

function copiedOut(scene: Scene, record: TraceRecord, frame: Frame | undefined, mapping: Mapping): void {
  if (frame?.sure !== true || !scene.binder.seen.has('bounce') || frame.mapping !== mapping) return;
  const fromDevice = DIRECTIONS[record.int('dir') ?? -1] !== 'TO_DEVICE';
  if (!fromDevice || (frame.attrs & ATTR.SKIP_CPU_SYNC) !== 0) return;
  if (frame.copied) scene.tally.check('data-arrives');
  else
    scene.tally.violated(
      'data-arrives',
      record,
      laneName(record),
      'swiotlb_bounce',
      `the slot ${hex(mapping.slot)} is released, and what the device wrote was not copied out`,
      mapping,
    );
}

/** The tracepoint of an unmap: fired after it, so the slot may be another's by now. */
export function unmapped(scene: Scene, record: TraceRecord, lane: Lane): void {
  const dma = record.hex('dma_addr');
  lane.leave('unmap');
  const mapping = dma === undefined ? undefined : at(scene, dma);
  if (mapping === undefined) return;
  if (mapping.late > 0) {
    mapping.late--;
    const conflict = mapping.conflicts?.find(({ open }) => open);
    if (conflict) {
      conflict.open = false;
      scene.tally.check('one-owner');
    }
    if (mapping.late === 0) mapping.conflicts = undefined;
    return;
  }
  scene.saw(mapping, record, lane, 'unmapped');
  distrust(record, mapping);
  scene.step(mapping.instance, 'dma_unmap_phys_ret', {}, record);
  if (mapping.released === undefined) {
    mapping.released = record.line;
    // Its release was not recorded, or in an interrupt that the probe missed; the pool is no longer in use.
    if (mapping.pool) mapping.pool.retired ??= record.line;
  }
  drop(scene, mapping);
}

/** In an interrupt a probe may have been missed: the object's machine may have taken steps that nobody saw. */
function distrust({ context }: TraceRecord, { instance }: Mapping): void {
  if (instance && (context.interrupt > 0 || !context.known)) instance.lossy = true;
}

function drop(scene: Scene, mapping: Mapping): void {
  if (scene.slots.get(mapping.slot) === mapping) scene.slots.delete(mapping.slot);
  if (mapping.dma !== undefined && scene.byDma.get(mapping.dma) === mapping) scene.byDma.delete(mapping.dma);
}
