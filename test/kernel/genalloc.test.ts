import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GenPool } from '../../src/kernel/genalloc.ts';
import {
  chunkOf,
  gen_pool_add_virt,
  gen_pool_alloc,
  gen_pool_free,
  gen_pool_virt_to_phys,
} from '../../src/kernel/genalloc.ts';

const KEY = 0x8000_0000;
const PHYS = 0x20_0000;

function pool(pages: number): GenPool {
  const p: GenPool = { chunks: [] };
  gen_pool_add_virt(p, KEY, PHYS, pages * 4096);
  return p;
}

test('first fit, aligned to the size: after one page, two pages start at the third', () => {
  const p = pool(4);
  expect(gen_pool_alloc(p, 4096)).toBe(KEY);
  expect(gen_pool_alloc(p, 8192)).toBe(KEY + 2 * 4096);
  expect(gen_pool_alloc(p, 8192)).toBe(0);
  expect(gen_pool_virt_to_phys(p, KEY + 2 * 4096)).toBe(PHYS + 2 * 4096);
});

test('a pool knows an address only under the key that it was added with', () => {
  const p = pool(4);
  expect(chunkOf(p, KEY, 4 * 4096)).not.toBeNull();
  expect(chunkOf(p, KEY + 3 * 4096, 8192)).toBeNull();
  expect(chunkOf(p, PHYS, 4096)).toBeNull();
});

test('a piece never spans two chunks', () => {
  const p = pool(1);
  gen_pool_add_virt(p, KEY + 4096, PHYS + 4096, 4096);
  expect(gen_pool_alloc(p, 8192)).toBe(0);
});

test('what is not handed out cannot be given back', () => {
  const p = pool(2);
  expect(gen_pool_free(p, KEY, 4096)).toBe(false);
  const piece = gen_pool_alloc(p, 8192);
  expect(gen_pool_free(p, piece, 8192)).toBe(true);
  expect(gen_pool_free(p, piece, 8192)).toBe(false);
});

test('property: pieces never overlap, and the pool is empty again when all are back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 }), (sizes) => {
      const p = pool(16);
      const held: { addr: number; size: number }[] = [];
      for (const pages of sizes) {
        const size = pages * 4096;
        const addr = gen_pool_alloc(p, size);
        if (addr === 0) continue;
        for (const h of held) expect(addr + size <= h.addr || addr >= h.addr + h.size).toBe(true);
        held.push({ addr, size });
      }
      for (const h of held) expect(gen_pool_free(p, h.addr, h.size)).toBe(true);
      expect(p.chunks[0]!.bits.every((b) => b === 0)).toBe(true);
    }),
    { seed: 1, numRuns: 200 },
  );
});
