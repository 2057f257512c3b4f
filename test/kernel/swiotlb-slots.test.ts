import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SlotRequest } from '../../src/kernel/dma/swiotlb-slots.ts';
import {
  fieldsOf,
  mappingAt,
  nr_slots,
  recordMapping,
  releaseRun,
  searchArea,
} from '../../src/kernel/dma/swiotlb-slots.ts';
import type { SlotArray } from '../../src/kernel/state.ts';

const array = (nslabs: number): SlotArray => ({ addr: 1, nslabs, initial: 'free', fields: null });
const place = (nslabs: number, dma = 0x10_0000) => ({
  area: { used: 0, index: 0 },
  areaIndex: 0,
  area_nslabs: nslabs,
  dma,
});
const ask = (bytes: number, more: Partial<SlotRequest> = {}): SlotRequest => ({
  orig_addr: 0x20_0000,
  alloc_size: bytes,
  alloc_align_mask: 0,
  min_align_mask: 0,
  boundary_mask: 0xffff_ffff,
  ...more,
});

describe('search', () => {
  test('a page takes two slots, the run before them shrinks, the hint moves behind', () => {
    const a = array(8);
    const p = place(8);
    expect(searchArea(a, p, ask(4096))).toBe(0);
    expect(searchArea(a, p, ask(4096))).toBe(2);
    expect(fieldsOf(a).list).toEqual([0, 0, 0, 0, 4, 3, 2, 1]);
    expect(p.area).toEqual({ used: 4, index: 4 });
  });

  test('without masks a mapping of a page or more is aligned to a page, a smaller one to a slot', () => {
    const a = array(8);
    const p = place(8);
    expect(searchArea(a, p, ask(100))).toBe(0);
    expect(searchArea(a, p, ask(4096))).toBe(2);
    expect(searchArea(a, p, ask(100))).toBe(4);
  });

  test('min_align_mask: the slot agrees with the original address in those bits', () => {
    const mask = 0xfff;
    expect(searchArea(array(8), place(8), ask(2048, { min_align_mask: mask, orig_addr: 0x20_0800 }))).toBe(1);
    expect(searchArea(array(8), place(8), ask(2048, { min_align_mask: mask, orig_addr: 0x20_0000 }))).toBe(0);
  });

  test('a segment boundary shorter than the mapping: nothing fits, as often as one looks', () => {
    const a = array(8);
    expect(searchArea(a, place(8), ask(8192, { boundary_mask: 0xfff }))).toBe(-1);
    expect(searchArea(a, place(8), ask(4096, { boundary_mask: 0xfff }))).toBe(0);
  });

  test('a run does not cross a segment of 128 slots', () => {
    const a = array(256);
    const p = place(256);
    p.area.index = 126;
    expect(searchArea(a, p, ask(8192))).toBe(128);
  });

  test('the search wraps round from its hint', () => {
    const a = array(8);
    const p = place(8);
    p.area.index = 6;
    expect(searchArea(a, p, ask(8192))).toBe(0);
  });
});

test('a release merges with free neighbours, and everything is as it was', () => {
  const a = array(8);
  const p = place(8);
  const before = structuredClone(fieldsOf(a));
  const first = searchArea(a, p, ask(4096));
  recordMapping(a, first, 2, 0x20_0000, 0);
  const second = searchArea(a, p, ask(4096));
  recordMapping(a, second, 2, 0x20_1000, 0);
  expect(mappingAt(a, second, 0)).toEqual({ index: 2, nslots: 2 });
  releaseRun(a, p.area, first, 2);
  expect(fieldsOf(a).list).toEqual([2, 1, 0, 0, 4, 3, 2, 1]);
  releaseRun(a, p.area, second, 2);
  expect(fieldsOf(a)).toEqual(before);
  expect(p.area.used).toBe(0);
});

test('property: a search finds a run exactly when a plain look at all starts finds one', () => {
  const request = fc.record({
    bytes: fc.integer({ min: 1, max: 20 * 2048 }),
    orig: fc.integer({ min: 1, max: 63 }).map((n) => n * 512),
    min_align_mask: fc.constantFrom(0, 0x7ff, 0xfff, 0x1fff),
    alloc_align_mask: fc.constantFrom(0, 0x7ff, 0xfff, 0x3fff),
    boundary_mask: fc.constantFrom(0xffff_ffff, 0xffff, 0x1fff),
    release: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(request, { maxLength: 25 }),
      fc.constantFrom(0x10_0000, 0x10_1000),
      (requests, dma) => {
        const a = array(256);
        const p = { ...place(128, dma), areaIndex: 1 };
        const held: { index: number; nslots: number }[] = [];
        for (const r of requests) {
          const req = ask(r.bytes, { ...r, orig_addr: r.orig });
          const possible = [...Array(128).keys()].map((i) => 128 + i).filter((i) => fits(a, dma, i, req));
          const index = searchArea(a, p, req);
          if (index < 0) expect(possible).toEqual([]);
          else {
            expect(possible).toContain(index);
            held.push({ index, nslots: nr_slots(r.bytes) });
          }
          if (r.release && held.length > 0) {
            const h = held.shift()!;
            releaseRun(a, p.area, h.index, h.nslots);
          }
          expect(p.area.used).toBe(held.reduce((n, h) => n + h.nslots, 0));
          expectRunsCounted(a);
        }
      },
    ),
    { seed: 1, numRuns: 150 },
  );
});

/** Does a run fit at this slot? Said plainly, slot by slot. */
function fits(a: SlotArray, dma: number, slot: number, req: SlotRequest): boolean {
  const n = nr_slots(req.alloc_size);
  const { list } = fieldsOf(a);
  for (let i = slot; i < slot + n; i++) {
    if (i >= a.nslabs || Math.floor(i / 128) !== Math.floor(slot / 128) || list[i] === 0) return false;
  }
  let align = Math.max(req.alloc_align_mask, 2047);
  if (req.alloc_align_mask === 0 && req.min_align_mask === 0 && req.alloc_size >= 4096) align = 4095;
  const addr = (dma % (req.boundary_mask + 1)) + slot * 2048;
  if (addr % (align + 1) !== 0) return false;
  for (let bit = align + 1; bit <= req.min_align_mask; bit *= 2)
    if (Math.floor(addr / bit) % 2 !== Math.floor(req.orig_addr / bit) % 2) return false;
  const boundary = req.boundary_mask + 1;
  return Math.floor(addr / boundary) === Math.floor((addr + n * 2048 - 1) / boundary);
}

/** `list` of every free slot is the length of the free run from there in its segment. */
function expectRunsCounted(a: SlotArray): void {
  const { list } = fieldsOf(a);
  for (let i = 0; i < list.length; i++) {
    if (list[i] === 0) continue;
    const next = (i + 1) % 128 === 0 ? 0 : (list[i + 1] ?? 0);
    expect(list[i]).toBe(next + 1);
  }
}
