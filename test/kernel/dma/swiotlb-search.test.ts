/** The slot search, against a plain look at every start. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SlotRequest } from '../../../src/kernel/dma/swiotlb-slots.ts';
import {
  fieldsOf,
  IO_TLB_SIZE,
  mappingAt,
  nr_slots,
  recordMapping,
  releaseRun,
  searchArea,
  swiotlb_align_offset,
} from '../../../src/kernel/dma/swiotlb-slots.ts';
import type { SlotArray } from '../../../src/kernel/state.ts';

const SLOTS = 256;
const free = (): SlotArray => ({ addr: 1, nslabs: SLOTS, initial: 'free', fields: null });
const place = (dma: number, index = 0) => ({
  area: { used: 0, index },
  areaIndex: 0,
  area_nslabs: SLOTS,
  dma,
});
const ask = (more: Partial<SlotRequest>): SlotRequest => ({
  orig_addr: 0x100_0000,
  alloc_size: 4096,
  alloc_align_mask: 0,
  min_align_mask: 0,
  boundary_mask: 0xffff_ffff,
  ...more,
});

/** May a run begin at this slot? Every rule said by itself, on addresses. */
function mayBegin(a: SlotArray, dma: number, slot: number, req: SlotRequest): boolean {
  const n = nr_slots(req.alloc_size);
  const { list } = fieldsOf(a);
  for (let i = slot; i < slot + n; i++)
    if (i >= SLOTS || Math.floor(i / 128) !== Math.floor(slot / 128) || list[i] === 0) return false;
  const addr = (dma % (req.boundary_mask + 1)) + slot * IO_TLB_SIZE;
  const asked =
    req.alloc_align_mask === 0 && req.min_align_mask === 0 && req.alloc_size >= 4096
      ? 4095
      : req.alloc_align_mask;
  if (addr % (Math.max(asked, IO_TLB_SIZE - 1) + 1) !== 0) return false;
  for (let bit = Math.max(asked, IO_TLB_SIZE - 1) + 1; bit <= req.min_align_mask; bit *= 2) {
    const same = Math.floor(addr / bit) % 2 === Math.floor(req.orig_addr / bit) % 2;
    if (req.orig_addr !== 0 && !same) return false;
  }
  const segment = req.boundary_mask + 1;
  return Math.floor(addr / segment) === Math.floor((addr + n * IO_TLB_SIZE - 1) / segment);
}

describe('what the rules give', () => {
  test('a larger mask than a slot: the slot agrees with the original address in all of its bits', () => {
    const at = (orig_addr: number) =>
      searchArea(free(), place(0x10_0000), ask({ min_align_mask: 0x3fff, orig_addr }));
    expect([0, 0x800, 0x1000, 0x3800].map((bits) => at(0x100_0000 + bits))).toEqual([0, 1, 2, 7]);
  });

  test('bits below a slot are an offset into the first one, which the recorded size leaves out', () => {
    const a = free();
    const offset = swiotlb_align_offset(0xfff, 0, 0x100_0123);
    expect(offset).toBe(0x123);
    searchArea(
      a,
      place(0x10_0000),
      ask({ min_align_mask: 0xfff, orig_addr: 0x100_0123, alloc_size: 2048 + offset }),
    );
    expect(fieldsOf(a).alloc_size.slice(0, 3)).toEqual([2048, 0, 0]);
  });

  test('with an allocation alignment the offset has whole slots, which are padding before the mapping', () => {
    expect(swiotlb_align_offset(0xfff, 0xfff, 0x100_0923)).toBe(0x923);
    const a = free();
    const p = place(0x10_0000);
    const index = searchArea(
      a,
      p,
      ask({ alloc_align_mask: 0xfff, min_align_mask: 0xfff, orig_addr: 0x100_0923, alloc_size: 8192 }),
    );
    recordMapping(a, index + 1, 3, 0x100_0923, 1);
    expect(fieldsOf(a).orig_addr.slice(0, 5)).toEqual([-1, 0x100_0923, 0x100_1123, 0x100_1923, -1]);
    // A release is told the address of the mapping, and steps back over the padding.
    expect(mappingAt(a, index + 1, 0x123)).toEqual({ index, nslots: 4 });
  });

  test('an allocation without an original address is aligned by its mask alone', () => {
    const p = place(0x10_1000);
    expect(
      searchArea(free(), p, ask({ orig_addr: 0, alloc_align_mask: 0x3fff, min_align_mask: 0xffff })),
    ).toBe(6);
  });

  test('the address that counts is the one that the device sees, cut to its segment boundary', () => {
    const shared = 2 ** 47;
    expect(
      searchArea(free(), place(shared + 0x10_1000), ask({ alloc_align_mask: 0x1fff, orig_addr: 0 })),
    ).toBe(2);
  });

  test('a search that begins on a misaligned hint does not look at the last start before it', () => {
    const a = free();
    const p = place(0x10_0000, 2);
    // Only slot 1 is free, and it would fit: odd slots agree with the original address.
    fieldsOf(a).list.fill(0);
    fieldsOf(a).list[1] = 1;
    p.area.used = SLOTS - 1;
    const req = ask({ min_align_mask: 0xfff, orig_addr: 0x100_0800, alloc_size: 2048 });
    expect(mayBegin(a, 0x10_0000, 1, req)).toBe(true);
    expect(searchArea(a, p, req)).toBe(-1);
    p.area.index = 1;
    expect(searchArea(a, p, req)).toBe(1);
  });
});

test('property: the first start from the hint on that fits, round the area', () => {
  const mask = (...values: number[]) => fc.constantFrom(...values);
  const request = fc.record({
    alloc_size: fc.oneof(fc.integer({ min: 1, max: 8 * 2048 }), mask(2048, 4096, 65536, 262144)),
    orig_addr: fc.oneof(
      fc.constant(0),
      fc.nat(0xffff).map((n) => 0x100_0000 + n),
    ),
    min_align_mask: mask(0, 0, 0x1ff, 0x7ff, 0xfff, 0x1fff, 0xffff),
    alloc_align_mask: mask(0, 0, 0x7ff, 0xfff, 0x3fff),
    boundary_mask: mask(0xffff_ffff, 0xfff, 0xffff, 0x3ffff),
  });
  const op = fc.oneof(
    { arbitrary: request, weight: 3 },
    { arbitrary: fc.record({ release: fc.nat(300) }), weight: 2 },
  );
  const scene = fc.record({
    ops: fc.array(op, { maxLength: 30, size: 'max' }),
    dma: mask(0x100_0000, 0x100_1000, 0x100_3000, 2 ** 47 + 0x101_f000, 2 ** 32 - 0x2_0000),
    // Slots that are taken before, one by one; the rest is free.
    taken: fc.uniqueArray(fc.nat(SLOTS - 1), { maxLength: SLOTS, size: 'max' }),
    hint: fc.nat(SLOTS - 1),
  });
  let missed = 0;
  fc.assert(
    fc.property(scene, ({ ops, dma, taken, hint }) => {
      const { a, area, held } = furnish(taken, hint);
      for (const o of ops) {
        if ('release' in o) {
          const [h] = held.splice(o.release % (held.length + 1), 1);
          if (h !== undefined) releaseRun(a, area, h.index, h.nslots);
        } else {
          const from = area.index;
          const first = firstFit(a, dma, from, o);
          const wanted = structuredClone(a);
          const index = searchArea(a, { area, areaIndex: 0, area_nslabs: SLOTS, dma }, o);
          if (index >= 0 && !mayBegin(wanted, dma, index, o)) throw new Error(`slot ${index} does not fit`);
          // Without an original address the step is min_align_mask's all the same, and passes over places that fit.
          const coarse = o.orig_addr === 0 && o.min_align_mask > Math.max(o.alloc_align_mask, 2047);
          if (index !== first && !coarse) {
            // The one start that is not looked at: less than an alignment unit before a misaligned hint.
            missed++;
            const unit = Math.max(o.alloc_align_mask, o.min_align_mask, 4095) + 1;
            expect(index).toBe(-1);
            expect((from - first + SLOTS) % SLOTS).toBeLessThan(unit / IO_TLB_SIZE);
          }
          if (index >= 0) held.push({ index, nslots: nr_slots(o.alloc_size) });
        }
        expectBooksKept(a, area.used, held);
      }
    }),
    { seed: 20260522, numRuns: 400 },
  );
  // The exception is met, and stays one.
  expect(missed).toBeGreaterThan(0);
  expect(missed).toBeLessThan(40);
});

interface Held {
  readonly index: number;
  readonly nslots: number;
}

/** An area in which these slots are taken, each by an allocation of its own. */
function furnish(taken: readonly number[], hint: number) {
  const a = free();
  const area = { used: 0, index: 0 };
  const held: Held[] = [];
  for (let i = 0; i < SLOTS; i++)
    held.push({
      index: searchArea(
        a,
        { area, areaIndex: 0, area_nslabs: SLOTS, dma: 0x100_0000 },
        ask({ alloc_size: 1 }),
      ),
      nslots: 1,
    });
  const stay = new Set(taken);
  for (const { index, nslots } of held) if (!stay.has(index)) releaseRun(a, area, index, nslots);
  area.index = hint;
  return { a, area, held: held.filter(({ index }) => stay.has(index)) };
}

/** The first start that fits, from the hint on and round; -1: none does. */
function firstFit(a: SlotArray, dma: number, hint: number, req: SlotRequest): number {
  for (let i = 0; i < SLOTS; i++) if (mayBegin(a, dma, (hint + i) % SLOTS, req)) return (hint + i) % SLOTS;
  return -1;
}

/** No two allocations overlap, the free runs are counted, and the use is what is held. */
function expectBooksKept(a: SlotArray, used: number, held: readonly Held[]): void {
  const owner = new Array<boolean>(SLOTS).fill(false);
  for (const { index, nslots } of held)
    for (let i = index; i < index + nslots; i++) {
      if (owner[i]) throw new Error(`slot ${i} was given out twice`);
      owner[i] = true;
    }
  const { list } = fieldsOf(a);
  for (let i = SLOTS - 1, run = 0; i >= 0; i--) {
    run = owner[i] ? 0 : i % 128 === 127 ? 1 : run + 1;
    if (list[i] !== run) throw new Error(`slot ${i} says ${list[i]} free, there are ${run}`);
  }
  if (used !== owner.filter(Boolean).length) throw new Error(`${used} used`);
}
