/** How pools are made, converted and torn down at boot, with every failure, on every platform. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_POOL } from '../../src/kernel/boot.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import {
  HOST_SHARED,
  PAGE_SIZE,
  PTE_SHARED,
  pageIndex,
  RAM_BASE,
  UNCERTAIN,
} from '../../src/kernel/memory.ts';
import { isFree } from '../../src/kernel/page-alloc.ts';
import type { Answer, StimulusName } from '../../src/kernel/steps.ts';
import { drain, everyAnswer, kernelOf, NAMES, run } from './platforms.ts';

const SHARED = PTE_SHARED | HOST_SHARED;
const EARLY = { boot: 'early', defaultPoolFull: false } as const;
const DONE = { boot: 'done', defaultPoolFull: false } as const;
const SERIES = ['baseline', 'prefix:1', 'prefix:2', 'prefix:6', 'prefix:7', 'prefix:9', 'prefix:10', 'v5'];

const steps = (records: readonly { step: string }[]): string[] => records.map(({ step }) => step);
const codeAt = (k: Kernel, phys: number): number => k.state.memory.codes[pageIndex(k.state.memory, phys)]!;
const mem = (k: Kernel) => k.state.mems[0]!;

test('an example: what a TDX guest does, and the window before the attribute update', () => {
  const k = kernelOf('tdx', 'v5', EARLY);
  expect(mem(k)).toMatchObject({ nslabs: 0, unencrypted: false });
  expect(steps(run(k, 'swiotlb_init'))).toEqual([
    'swiotlb_init',
    'memblock_alloc',
    'memblock_alloc',
    'memblock_alloc',
    'list_add_rcu',
    'swiotlb_init_ret',
  ]);
  // The window: the pool is there, private, and says so.
  expect(mem(k)).toMatchObject({ nslabs: 256, unencrypted: false });
  expect(codeAt(k, RAM_BASE)).toBe(0);
  run(k, 'swiotlb_update_mem_attributes');
  expect(mem(k)).toMatchObject({ nslabs: 256, unencrypted: true });
  expect(codeAt(k, RAM_BASE)).toBe(SHARED);
});

describe.each(NAMES)('%s', (name) => {
  test.each(SERIES)('%s: the steps of the boot end where a kernel begins after its boot', (series) => {
    for (const dynamic of ['on', 'off'] as const)
      for (const swiotlb of ['default', 'force', 'noforce'] as const) {
        const options = { dynamic, swiotlb };
        const done = kernelOf(name, series, DONE, options);
        const k = kernelOf(name, series, EARLY, options);
        run(k, 'swiotlb_init');
        run(k, 'swiotlb_update_mem_attributes');
        for (const device of k.offers('rmem_device_init')) run(k, 'rmem_device_init', device);
        for (const table of ['mems', 'pools', 'slots', 'slab', 'devices', 'regions'] as const)
          expect({ [table]: k.state[table] }).toEqual({ [table]: done.state[table] });
        const pages = (mem(done).nslabs * 2048) / PAGE_SIZE;
        expect(k.state.memory.codes.slice(0, pages)).toEqual(done.state.memory.codes.slice(0, pages));
      }
  });

  test('the update: every answer; what cannot be converted is not used from 18 on', () => {
    for (const series of ['prefix:17', 'v5']) {
      const all = everyAnswer((answers) => {
        const k = kernelOf(name, series, EARLY);
        run(k, 'swiotlb_init');
        const records = run(k, 'swiotlb_update_mem_attributes', {}, answers);
        return { result: { k, records }, choices: records.filter((r) => r.answer !== undefined).length };
      });
      for (const { result } of all) {
        const { k, records } = result;
        const ret = records.find((r) => r.step === 'set_memory_decrypted_ret')?.args.ret ?? 0;
        if (k.state.ended !== null) continue;
        expect(mem(k).unencrypted).toBe(name !== 'plain');
        if (mem(k).nslabs === 0) continue;
        const pool = k.pool(DEFAULT_POOL);
        const full = ret !== 0 && series === 'v5';
        expect(pool.areas.map(({ used }) => used)).toEqual(full ? [128, 128] : [0, 0]);
        expect(mem(k)).toMatchObject({ nslabs: 256, can_grow: true });
        // Before 18 a pool that is not shared, or not wholly, is used as if it were.
        expect((codeAt(k, pool.start) & UNCERTAIN) !== 0).toBe(ret !== 0);
      }
      const fails = all.filter(({ result }) => steps(result.records).includes('set_memory_decrypted'));
      expect(fails.length > 1).toBe(name !== 'plain');
    }
  });
});

describe('the reservation', () => {
  const reserve = (answers: readonly Answer[]) => {
    const k = kernelOf('cca', 'v5', { ...EARLY, defaultAreas: 4, defaultSegments: 2, defaultMinSlabs: 256 });
    return { k, records: run(k, 'swiotlb_init', {}, answers) };
  };

  test.each([
    ['at once', [], 1024, 4],
    ['halved', ['fail'], 512, 4],
    ['halved twice: fewer areas, each a segment at least', ['fail', 'fail'], 256, 2],
  ] as [string, Answer[], number, number][])('%s', (_, answers, nslabs, areas) => {
    const { k } = reserve(answers);
    expect(mem(k)).toMatchObject({ nslabs, force_bounce: false, can_grow: true });
    expect(k.pool(DEFAULT_POOL)).toMatchObject({ nslabs, area_nslabs: nslabs / areas });
  });

  test.each([
    ['never', ['fail', 'fail', 'fail']],
    ['no slots', ['ok', 'fail']],
    ['no areas', ['ok', 'ok', 'fail']],
  ] as [string, Answer[]][])('%s: no pool, and swiotlb is not active', (_, answers) => {
    const { k, records } = reserve(answers);
    expect(records.at(-1)!.args).toEqual({ active: false });
    expect(mem(k)).toMatchObject({ nslabs: 0, pools: 0, can_grow: true });
    expect(k.state.pools).toEqual([]);
    // The update has nothing to convert, and records the state all the same.
    expect(steps(run(k, 'swiotlb_update_mem_attributes'))).not.toContain('set_memory_decrypted');
    expect(mem(k).unencrypted).toBe(true);
  });

  test('10: who bounces everything afterwards', () => {
    const forces = (name: string, series: string): boolean => mem(kernelOf(name, series)).force_bounce;
    expect(NAMES.filter((name) => forces(name, 'prefix:9'))).toEqual([
      'sev',
      'snp',
      'tdx',
      'vtom',
      'cca',
      's390-pv',
      'ppc-svm',
    ]);
    expect(NAMES.filter((name) => forces(name, 'prefix:10'))).toEqual([]);
  });
});

describe('a late pool', () => {
  const LATE = { ...EARLY, lateSlabs: 512, ordinaryPages: 512 };
  /** Nothing is reserved early. */
  const before = (series: string, updated: boolean, name = 'tdx'): Kernel => {
    const k = kernelOf(name, series, LATE);
    run(k, 'swiotlb_init', {}, ['fail', 'fail']);
    if (updated) run(k, 'swiotlb_update_mem_attributes');
    return k;
  };

  test('is converted iff the default io_tlb_mem says shared already, and skipped by the update', () => {
    const after = before('v5', true);
    run(after, 'swiotlb_init_late');
    expect(codeAt(after, after.pool(DEFAULT_POOL).start)).toBe(SHARED);
    const early = before('v5', false);
    run(early, 'swiotlb_init_late');
    run(early, 'swiotlb_update_mem_attributes');
    // Recorded shared, and private.
    expect(mem(early).unencrypted).toBe(true);
    expect(codeAt(early, early.pool(DEFAULT_POOL).start)).toBe(0);
    const old = before('prefix:6', false);
    run(old, 'swiotlb_init_late');
    expect(codeAt(old, old.pool(DEFAULT_POOL).start)).toBe(SHARED);
  });

  test('every answer, before and after 18: what is left is a pool, or nothing but leaked pages', () => {
    for (const series of ['prefix:17', 'v5'])
      for (const name of NAMES) {
        const all = everyAnswer((answers) => {
          const k = before(series, true, name);
          const free = JSON.stringify(k.state.buddy);
          const records = run(k, 'swiotlb_init_late', {}, answers);
          const choices = records.filter((r) => r.answer !== undefined).length;
          return { result: { k, records, same: free === JSON.stringify(k.state.buddy) }, choices };
        });
        for (const { result, answers } of all) {
          const { k, records, same } = result;
          if (k.state.ended !== null) continue;
          expect(
            records.flatMap(({ faults }) => faults ?? []).filter(({ kind }) => kind !== 'cpu-access'),
          ).toEqual([]);
          const ret = records.find((r) => r.step === 'swiotlb_init_late_ret')?.args.ret;
          const converted = records.find((r) => r.step === 'set_memory_decrypted_ret')?.args.ret ?? 0;
          const where = `${name} ${series} ${answers.join()}`;
          if (mem(k).nslabs > 0) expect([where, ret]).toEqual([where, 0]);
          else if (converted === 0) expect([where, ret, same]).toEqual([where, -12, true]);
          else {
            // The pages are leaked, areas and slots are not.
            expect([where, ret, series]).toEqual([where, converted, 'v5']);
            expect(k.state.buddy.used.length).toBe(2);
          }
        }
      }
  });

  test('nothing is done where there is a pool, or with noforce', () => {
    const there = kernelOf('tdx', 'v5', DONE);
    expect(steps(run(there, 'swiotlb_init_late'))).toEqual(['swiotlb_init_late', 'swiotlb_init_late_ret']);
    const k = kernelOf('tdx', 'v5', EARLY, { swiotlb: 'noforce' });
    run(k, 'swiotlb_init');
    expect(steps(run(k, 'swiotlb_init_late'))).toEqual(['swiotlb_init_late', 'swiotlb_init_late_ret']);
    expect(mem(k).nslabs).toBe(0);
  });
});

describe('teardown', () => {
  test.each(NAMES)('%s: the pages go back, private; of the io_tlb_mem nothing is undone', (name) => {
    const k = kernelOf(name, 'v5', DONE);
    const nslabs = mem(k).nslabs;
    run(k, 'swiotlb_exit');
    expect(mem(k).nslabs).toBe(nslabs);
    if (nslabs === 0) return;
    for (let phys = RAM_BASE; phys < RAM_BASE + nslabs * 2048; phys += PAGE_SIZE) {
      expect(isFree(k.state.buddy, phys)).toBe(true);
      expect(codeAt(k, phys)).toBe(0);
    }
    expect(k.pool(DEFAULT_POOL)).toMatchObject({ start: 0, end: 0, nslabs: 0, areas: [] });
    expect(k.state.slots.filter(({ addr }) => addr < 0x3100_0000)).toEqual([]);
  });

  test('18: pages that cannot be made private again are leaked, and were given back before', () => {
    for (const [series, free] of [
      ['prefix:17', true],
      ['v5', false],
    ] as const) {
      const k = kernelOf('tdx', series, DONE);
      run(k, 'swiotlb_exit', {}, ['ok', 'fail']);
      expect(isFree(k.state.buddy, RAM_BASE)).toBe(free);
    }
  });

  test('of a late pool: all three pieces go back where they came from', () => {
    const k = kernelOf('tdx', 'v5', { ...EARLY, lateSlabs: 512, ordinaryPages: 512 });
    run(k, 'swiotlb_init', {}, ['fail', 'fail']);
    run(k, 'swiotlb_update_mem_attributes');
    const before = JSON.stringify(k.state.buddy);
    run(k, 'swiotlb_init_late');
    run(k, 'swiotlb_exit');
    expect(JSON.stringify(k.state.buddy)).toBe(before);
  });

  test('swiotlb=force keeps the pool', () => {
    const k = kernelOf('tdx', 'v5', DONE, { swiotlb: 'force' });
    expect(steps(run(k, 'swiotlb_exit'))).toEqual(['swiotlb_exit', 'swiotlb_exit_ret']);
    expect(k.pool(DEFAULT_POOL).nslabs).toBe(256);
  });

  test('the list still leads to the pool, and from there to nowhere', () => {
    const k = kernelOf('tdx', 'v5', DONE);
    run(k, 'swiotlb_exit');
    expect(mem(k).pools).toBe(DEFAULT_POOL);
    const { next } = k.pool(DEFAULT_POOL);
    expect(next).not.toBe(0);
    expect(k.state.pools.some(({ addr }) => addr === next)).toBe(false);
  });
});

test('each step of the boot is offered once, in its order', () => {
  const k = kernelOf('tdx', 'v5', EARLY);
  const names: StimulusName[] = ['swiotlb_init', 'swiotlb_update_mem_attributes', 'swiotlb_exit'];
  const offered = (): StimulusName[] => names.filter((name) => k.offers(name).length > 0);
  for (const name of names) {
    expect(offered()).toEqual([name]);
    k.stimulate(name);
    expect(offered()).toEqual([]);
    drain(k, () => 'ok');
  }
  expect(offered()).toEqual([]);
});
