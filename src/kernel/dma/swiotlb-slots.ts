/**
 * Slots of a swiotlb pool: initial state, search, release (kernel/dma/swiotlb.c:
 * swiotlb_init_io_tlb_pool, swiotlb_search_pool_area, swiotlb_release_slots). Pure bookkeeping; the
 * caller holds the area lock.
 */
import type { IoTlbArea, SlotArray, SlotFields } from '../state.ts';

/** Bytes of a slot. */
export const IO_TLB_SIZE = 2048;
/** Slots of a segment; no mapping crosses one. */
export const IO_TLB_SEGSIZE = 128;
/** `sizeof(struct io_tlb_slot)` on 64 bit. */
export const SLOT_STRUCT_BYTES = 24;
/** `orig_addr` of a free slot. */
export const INVALID_PHYS_ADDR = -1;

/** Slots that hold `bytes`. */
export function nr_slots(bytes: number): number {
  return Math.ceil(bytes / IO_TLB_SIZE);
}

/**
 * `swiotlb_align_offset()`: how far into its slots a mapping begins, so that the bits of `min_align_mask` agree
 * with the original address. Whole slots of it are padding; only an allocation alignment makes such.
 */
export function swiotlb_align_offset(min_align_mask: number, alloc_align_mask: number, addr: number): number {
  return addr % ((min_align_mask & (alloc_align_mask | (IO_TLB_SIZE - 1))) + 1);
}

/** Fields of a slot array, laid out when somebody first needs them. */
export function fieldsOf(array: SlotArray): SlotFields {
  array.fields ??= initialFields(array);
  return array.fields;
}

function initialFields(array: SlotArray): SlotFields {
  const n = array.nslabs;
  const full = array.initial === 'full';
  const list: number[] = [];
  for (let i = 0; i < n; i++) list.push(full ? 0 : Math.min(IO_TLB_SEGSIZE - (i % IO_TLB_SEGSIZE), n - i));
  return {
    list,
    // A full pool is one long-lived mapping after the other, of one slot each, of memory that is not modelled.
    orig_addr: new Array<number>(n).fill(full ? 0 : INVALID_PHYS_ADDR),
    alloc_size: new Array<number>(n).fill(full ? IO_TLB_SIZE : 0),
    pad_slots: new Array<number>(n).fill(0),
  };
}

/** What a search needs to know. */
export interface SlotRequest {
  /** Original address; 0 when there is none. */
  readonly orig_addr: number;
  /** Bytes, offset and rounding included. */
  readonly alloc_size: number;
  /** Mask of the alignment that the caller asks for (0: none). */
  readonly alloc_align_mask: number;
  /** The device's min_align_mask (0: none). */
  readonly min_align_mask: number;
  /** The device's segment boundary mask. */
  readonly boundary_mask: number;
}

/** The part of a pool that is searched. */
export interface SlotPlace {
  readonly area: IoTlbArea;
  readonly areaIndex: number;
  readonly area_nslabs: number;
  /** Bus address of the first slot of the pool, encoded. */
  readonly dma: number;
}

/**
 * Find and take a run of slots in one area.
 *
 * A start slot fits when its bus address, cut to the segment boundary, is aligned to the allocation's
 * mask, agrees with the original address in the remaining bits of min_align_mask, the run does not cross
 * the boundary, and the free run is long enough. As in the kernel, a search that begins on a misaligned hint may
 * end one alignment unit too early: the last start that fits before the hint is then not looked at.
 *
 * @returns index of the first slot in the pool, or -1
 */
export function searchArea(array: SlotArray, place: SlotPlace, req: SlotRequest): number {
  const nslots = nr_slots(req.alloc_size);
  const { area, area_nslabs } = place;
  if (nslots > area_nslabs - area.used) return -1;
  let allocMask = req.alloc_align_mask;
  if (allocMask === 0 && req.min_align_mask === 0 && req.alloc_size >= 4096) allocMask = 4095;
  allocMask |= IO_TLB_SIZE - 1;
  const ioMask = req.min_align_mask & ~allocMask;
  const stride = Math.floor(Math.max(allocMask, ioMask) / IO_TLB_SIZE) + 1;
  const maxSlots = Math.floor(req.boundary_mask / IO_TLB_SIZE) + 1;
  const tblDma = place.dma % (req.boundary_mask + 1);
  const shift = nr_slots(tblDma);
  const slots = fieldsOf(array);
  let index = area.index;
  for (let checked = 0; checked < area_nslabs; ) {
    const slot = place.areaIndex * area_nslabs + index;
    const addr = tblDma + slot * IO_TLB_SIZE;
    const misaligned =
      addr % (allocMask + 1) !== 0 || (req.orig_addr !== 0 && ((addr ^ req.orig_addr) & ioMask) !== 0);
    if (misaligned) {
      index = wrap(index + 1, area_nslabs);
      checked++;
      continue;
    }
    const crosses = ((shift + slot) % maxSlots) + nslots > maxSlots;
    if (!crosses && slots.list[slot]! >= nslots) {
      take(slots, slot, nslots, req.alloc_size - swiotlb_align_offset(req.min_align_mask, 0, req.orig_addr));
      area.index = wrap(index + nslots, area_nslabs);
      area.used += nslots;
      return slot;
    }
    index = wrap(index + stride, area_nslabs);
    checked += stride;
  }
  return -1;
}

function wrap(index: number, area_nslabs: number): number {
  return index >= area_nslabs ? 0 : index;
}

/** `alloc_size`: bytes of the allocation that lie behind the offset into the first slot. */
function take(slots: SlotFields, first: number, nslots: number, alloc_size: number): void {
  for (let i = first; i < first + nslots; i++) {
    slots.list[i] = 0;
    slots.alloc_size[i] = alloc_size - (i - first) * IO_TLB_SIZE;
  }
  shortenBefore(slots, first, 0);
}

/** Count the free run before `first` anew, so that it ends there (count 0) or goes on (count > 0). */
function shortenBefore(slots: SlotFields, first: number, count: number): void {
  let n = count;
  for (let i = first - 1; i >= 0 && (i + 1) % IO_TLB_SEGSIZE !== 0 && slots.list[i] !== 0; i--)
    slots.list[i] = ++n;
}

/** Record which original memory a run of slots stands for. */
export function recordMapping(
  array: SlotArray,
  index: number,
  count: number,
  orig_addr: number,
  pad: number,
): void {
  const slots = fieldsOf(array);
  slots.pad_slots[index] = pad;
  for (let i = 0; i < count; i++) slots.orig_addr[index + i] = orig_addr + i * IO_TLB_SIZE;
}

/**
 * Where the allocation of a mapping begins that starts in a slot, padding included, and how long it is.
 *
 * @param offset how far into the slot the mapping begins
 */
export function mappingAt(array: SlotArray, slot: number, offset: number): { index: number; nslots: number } {
  const slots = fieldsOf(array);
  const index = slot - slots.pad_slots[slot]!;
  return { index, nslots: nr_slots(slots.alloc_size[index]! + offset) };
}

/** Free a run of slots and merge it with free neighbours in its segment. */
export function releaseRun(array: SlotArray, area: IoTlbArea, index: number, nslots: number): void {
  const slots = fieldsOf(array);
  const end = index + nslots;
  let count = end % IO_TLB_SEGSIZE === 0 || end >= array.nslabs ? 0 : slots.list[end]!;
  for (let i = end - 1; i >= index; i--) {
    slots.list[i] = ++count;
    slots.orig_addr[i] = INVALID_PHYS_ADDR;
    slots.alloc_size[i] = 0;
    slots.pad_slots[i] = 0;
  }
  shortenBefore(slots, index, count);
  area.used -= nslots;
}
