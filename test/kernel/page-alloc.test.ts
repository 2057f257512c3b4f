import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemory, PAGE_SIZE, RAM_BASE } from '../../src/kernel/memory.ts';
import {
  createBuddy,
  get_order,
  giveBlock,
  hasBlock,
  isFree,
  takeBlock,
} from '../../src/kernel/page-alloc.ts';

const FIRST = RAM_BASE / PAGE_SIZE;

test('a page is split off the lowest block, and merges back when it is freed', () => {
  const memory = createMemory(8);
  const buddy = createBuddy(FIRST, 8);
  expect(buddy.free).toEqual([FIRST, 3]);
  const page = takeBlock(buddy, 0);
  expect(page).toBe(RAM_BASE);
  expect(buddy.free).toEqual([FIRST + 1, 0, FIRST + 2, 1, FIRST + 4, 2]);
  expect(giveBlock(buddy, memory, page, 0)).toBeNull();
  expect(buddy).toEqual({ free: [FIRST, 3], used: [] });
});

test('what is not a block, or is free already, is refused and changes nothing', () => {
  const memory = createMemory(8);
  const buddy = createBuddy(FIRST, 8);
  const page = takeBlock(buddy, 1);
  const before = structuredClone(buddy);
  expect(giveBlock(buddy, memory, RAM_BASE + 2 * PAGE_SIZE, 1)).toBe('the block is free already');
  expect(giveBlock(buddy, memory, page + 1, 0)).toBe('not a block of pages');
  expect(giveBlock(buddy, memory, RAM_BASE + 8 * PAGE_SIZE, 0)).toBe('not a block of pages');
  expect(buddy).toEqual(before);
});

test('order of a size', () => {
  expect([1, 4096, 4097, 8192, 262144].map(get_order)).toEqual([0, 0, 1, 1, 6]);
});

test('property: blocks are aligned, never overlap, and all come back to one', () => {
  const action = fc.oneof(fc.record({ take: fc.nat(3) }), fc.record({ give: fc.nat(20) }));
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const memory = createMemory(32);
      const buddy = createBuddy(FIRST, 32);
      const start = structuredClone(buddy);
      const held: { phys: number; order: number }[] = [];
      for (const a of actions) {
        if ('take' in a) {
          const could = hasBlock(buddy, a.take);
          const phys = takeBlock(buddy, a.take);
          expect(phys !== 0).toBe(could);
          if (phys === 0) continue;
          const size = PAGE_SIZE * 2 ** a.take;
          expect(phys % size).toBe(0);
          for (const h of held)
            expect(phys + size <= h.phys || phys >= h.phys + PAGE_SIZE * 2 ** h.order).toBe(true);
          held.push({ phys, order: a.take });
        } else if (held.length > 0) {
          const [h] = held.splice(a.give % held.length, 1);
          expect(giveBlock(buddy, memory, h!.phys, h!.order)).toBeNull();
        }
        for (const h of held) expect(isFree(buddy, h.phys)).toBe(false);
      }
      for (const h of held) giveBlock(buddy, memory, h.phys, h.order);
      expect(buddy).toEqual(start);
    }),
    { seed: 1, numRuns: 200 },
  );
});
