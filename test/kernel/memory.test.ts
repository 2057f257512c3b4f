/** Banks and zones, CMA, aliases. */
import { describe, expect, test } from 'vitest';
import { alloc_pages, cma_alloc, dma_alloc_contiguous, dma_free_contiguous } from '../../src/kernel/cma.ts';
import type { KernelSizes } from '../../src/kernel/config.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import {
  changeCodes,
  cpuFault,
  HIGHMEM_BASE,
  HOST_SHARED,
  isLinear,
  isPhysRange,
  PAGE_SIZE,
  PageHighMem,
  PTE_SHARED,
  pageIndex,
  phys_to_virt,
  readByte,
  sparseBytes,
  translate,
  writeByte,
} from '../../src/kernel/memory.ts';
import { hasBlock, takeBlock, type Zone, zoneOf } from '../../src/kernel/page-alloc.ts';
import type { Answer } from '../../src/kernel/steps.ts';
import type { Run, Task } from '../../src/kernel/task.ts';
import { findAlias, framesOf, is_vmalloc_addr, vmap, vunmap } from '../../src/kernel/vmap.ts';
import { drain, kernelOf } from './platforms.ts';

const ZONES: Partial<KernelSizes> = { dmaZonePages: 8, normalZonePages: 16, ordinaryPages: 128 };

/** Run a function on the reader's thread; what it returned, and its steps. */
function call<T>(
  k: Kernel,
  body: (t: Task) => Run<T>,
  answer: Answer = 'ok',
): { value: T; steps: string[]; sleeps: boolean } {
  const t = k.task('reader/1');
  let value: T | undefined;
  k.start(
    t,
    (function* () {
      value = yield* body(t);
    })(),
  );
  const records = drain(k, () => answer);
  return {
    value: value as T,
    steps: records.map((r) => r.step),
    sleeps: records.some((r) => r.mightSleep !== undefined),
  };
}

describe('zones', () => {
  test('a request falls back to lower zones, never to higher ones', () => {
    const k = kernelOf('tdx', 'v5', ZONES);
    const { buddy } = k.state;
    const taken: Zone[] = [];
    for (let n = 0; n < 16; n++) taken.push(zoneOf(takeBlock(buddy, 0)));
    expect(new Set(taken)).toEqual(new Set(['normal']));
    // Zone normal is empty: what comes next is the zone below it.
    expect(zoneOf(takeBlock(buddy, 0))).toBe('dma32');
    expect(zoneOf(takeBlock(buddy, 3, 'dma'))).toBe('dma');
    expect(hasBlock(buddy, 0, 'dma')).toBe(false);
    expect(takeBlock(buddy, 0, 'dma')).toBe(0);
    expect(hasBlock(buddy, 0, 'dma32')).toBe(true);
  });

  test('a choice offers ok only where the zones of the request have a block', () => {
    const k = kernelOf('tdx', 'v5', { ...ZONES, dmaZonePages: 0 });
    const { value, steps } = call(k, (t) => alloc_pages(k, t, 0, { mayBlock: true, zone: 'dma' }), 'fail');
    expect([value, steps]).toEqual([0, ['alloc_pages']]);
    const t = k.task('reader/1');
    k.start(t, alloc_pages(k, t, 0, { mayBlock: true, zone: 'dma' }) as unknown as Run);
    expect(k.pending()[0]!.step.answers).toEqual(['fail']);
  });

  test('bytes and codes of every bank are its own', () => {
    const k = kernelOf('tdx', 'v5', { ...ZONES, cmaPages: 4, cmaHighmem: true });
    const m = k.state.memory;
    expect(m.banks.flatMap(({ first, pages }) => [first, pages]).length).toBe(8);
    const seen = new Set<number>();
    for (const bank of m.banks)
      for (let n = 0; n < bank.pages; n++) {
        const phys = bank.start + n * PAGE_SIZE;
        seen.add(pageIndex(m, phys));
        writeByte(m, phys + 9, (n % 200) + 1);
        expect(readByte(m, phys + 9)).toBe((n % 200) + 1);
        expect(sparseBytes(m, phys, PAGE_SIZE)).toEqual([[9, (n % 200) + 1]]);
        expect(isPhysRange(phys)).toBe(true);
        expect(isLinear(m, phys_to_virt(phys))).toBe(bank.start !== HIGHMEM_BASE);
        expect(isPhysRange(phys_to_virt(phys))).toBe(false);
      }
    expect(seen.size).toBe(m.codes.length);
    expect(pageIndex(m, HIGHMEM_BASE - 1)).toBe(-1);
  });
});

describe('CMA', () => {
  const sizes = { cmaPages: 8 };
  const free = (k: Kernel): number => k.state.cma.bits.filter((bit) => bit === 0).length;

  test('only if it may block and for more than a page; a free asks CMA first', () => {
    const k = kernelOf('cca', 'v5', sizes);
    expect(call(k, (t) => dma_alloc_contiguous(k, t, 2 * PAGE_SIZE, false)).steps).toEqual([]);
    expect(call(k, (t) => dma_alloc_contiguous(k, t, PAGE_SIZE, true)).steps).toEqual([]);
    const got = call(k, (t) => dma_alloc_contiguous(k, t, 3 * PAGE_SIZE, true));
    expect(got).toMatchObject({ steps: ['cma_alloc'], sleeps: true });
    expect(free(k)).toBe(5);
    expect(call(k, (t) => dma_free_contiguous(k, t, got.value, 3 * PAGE_SIZE)).steps).toEqual([
      'cma_release',
    ]);
    expect(free(k)).toBe(8);
    const page = takeBlock(k.state.buddy, 1);
    expect(call(k, (t) => dma_free_contiguous(k, t, page, 2 * PAGE_SIZE)).steps).toEqual(['__free_pages']);
  });

  test('runs are aligned to their size, and a full area can only fail', () => {
    const k = kernelOf('cca', 'v5', sizes);
    const one = call(k, (t) => cma_alloc(k, t, 3)).value;
    const two = call(k, (t) => cma_alloc(k, t, 4)).value;
    expect((one / PAGE_SIZE) % 4).toBe(0);
    expect((two / PAGE_SIZE) % 4).toBe(0);
    expect(call(k, (t) => cma_alloc(k, t, 4), 'fail').value).toBe(0);
    const t = k.task('reader/1');
    k.start(t, cma_alloc(k, t, 4) as unknown as Run);
    expect(k.pending()[0]!.step.answers).toEqual(['fail']);
  });

  test('what was not handed out cannot be released', () => {
    const k = kernelOf('cca', 'v5', sizes);
    const t = k.task('reader/1');
    k.start(t, dma_free_contiguous(k, t, k.state.cma.phys, 2 * PAGE_SIZE));
    expect(k.resume('reader/1')[0]!.faults).toMatchObject([{ kind: 'bad-page' }]);
  });

  test('in highmem its pages have no linear address', () => {
    const k = kernelOf('plain', 'v5', { ...sizes, cmaHighmem: true }, { remap: 'on' });
    const { value } = call(k, (t) => cma_alloc(k, t, 2));
    expect(PageHighMem(k.state.memory, value)).toBe(true);
    expect(translate(k.state.memory, phys_to_virt(value))).toBeNull();
    const alias = call(k, (t) => vmap(k, t, framesOf(value, 2), 'encrypted')).value;
    expect(translate(k.state.memory, alias + 5000)).toMatchObject({ phys: value + 5000 });
  });
});

describe('aliases', () => {
  test('pages anywhere, addresses one behind the other; what is given back is used again', () => {
    const k = kernelOf('tdx');
    const [a, b] = [takeBlock(k.state.buddy, 0), takeBlock(k.state.buddy, 1)];
    const one = call(k, (t) => vmap(k, t, [b, a], 'encrypted'));
    expect(one).toMatchObject({ steps: ['vmap'], sleeps: true });
    expect(translate(k.state.memory, one.value + 1)).toMatchObject({ phys: b + 1, shared: false });
    expect(translate(k.state.memory, one.value + PAGE_SIZE)).toMatchObject({ phys: a });
    expect(translate(k.state.memory, one.value + 2 * PAGE_SIZE)).toBeNull();
    expect(is_vmalloc_addr(one.value)).toBe(true);
    expect(findAlias(k, one.value + PAGE_SIZE)!.vaddr).toBe(one.value);
    const two = call(k, (t) => vmap(k, t, [a], 'decrypted')).value;
    expect(two).toBeGreaterThan(one.value + 2 * PAGE_SIZE);
    expect(call(k, (t) => vunmap(k, t, one.value))).toMatchObject({ steps: ['vunmap'], sleeps: true });
    expect(call(k, (t) => vmap(k, t, [b], 'decrypted')).value).toBe(one.value);
    expect(call(k, (t) => vmap(k, t, [b], 'decrypted'), 'fail').value).toBe(0);
  });

  test('an address that no alias begins at is a fault', () => {
    const k = kernelOf('tdx');
    const t = k.task('reader/1');
    k.start(t, vunmap(k, t, 12345));
    expect(k.resume('reader/1')[0]!.faults).toMatchObject([{ kind: 'bad-free' }]);
  });

  test('a conversion does not change an alias: it fits only the state that it was made for', () => {
    for (const [name, matters] of [
      ['cca', true],
      ['tdx', true],
      ['pkvm', false],
      ['s390-pv', false],
    ] as const) {
      const k = kernelOf(name);
      const phys = takeBlock(k.state.buddy, 0);
      const alias = call(k, (t) => vmap(k, t, [phys], 'decrypted')).value;
      expect(cpuFault(k.state.memory, alias) !== null).toBe(matters);
      changeCodes(k.state.memory, phys, 1, PTE_SHARED | HOST_SHARED, 0);
      expect(cpuFault(k.state.memory, alias)).toBeNull();
    }
  });
});
