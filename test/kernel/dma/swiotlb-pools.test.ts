/** Which pool serves: areas, the kernel without dynamic pools, zones of transient pools, restricted pools. */
import { describe, expect, test } from 'vitest';
import { swiotlb_alloc, swiotlb_free } from '../../../src/kernel/dma/swiotlb-restricted.ts';
import { fieldsOf } from '../../../src/kernel/dma/swiotlb-slots.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { NORMAL_BASE } from '../../../src/kernel/memory.ts';
import type { Answer } from '../../../src/kernel/steps.ts';
import type { Run, Task } from '../../../src/kernel/task.ts';
import { drain, kernelOf, run } from '../platforms.ts';

const FREE = { defaultPoolFull: false };
const WHOLE = { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 };
const steps = (records: { step: string }[]) => records.map((r) => r.step);

describe('without SWIOTLB_DYNAMIC', () => {
  test('the areas of the one pool, the own one first: no list, no flag, no RCU', () => {
    const k = kernelOf('tdx', 'v5', { defaultAreas: 4, defaultPoolFull: true }, { dynamic: 'off' });
    const records = run(k, 'map', { ...WHOLE, driver: 1 });
    expect(records.slice(1, -1).map((r) => r.args.area)).toEqual([1, 2, 3, 0]);
    expect(k.state.drivers[1]!.mapping).toBeNull();
  });

  test('the pool of an address is told by one range test', () => {
    const k = kernelOf('tdx', 'v5', FREE, { dynamic: 'off' });
    run(k, 'map', WHOLE);
    expect(k.state.devices[0]!.dma_uses_io_tlb).toBe(false);
    expect(steps(run(k, 'unmap', { driver: 0, context: 'process' }))).toEqual([
      'unmap',
      'swiotlb_bounce',
      'swiotlb_release_slots',
      'dma_unmap_phys_ret',
    ]);
  });
});

test('each area in all pools before the next area, the newest dynamic pool first', () => {
  const k = kernelOf('tdx', 'v5', { growAreas: 2, growSlabs: 256, growMinSlabs: 128, ordinaryPages: 512 });
  run(k, 'map', WHOLE);
  k.stimulate('kworker_start', { work: 'dyn_alloc' });
  drain(k, () => 'ok');
  const grown = k.state.mems[0]!.pools;
  expect(grown).not.toBe(k.state.mems[0]!.defpool);
  // The grown pool is filled: the search passes through everything.
  const pool = k.state.pools.find((p) => p.addr === grown)!;
  for (const a of pool.areas) a.used = pool.area_nslabs;
  const searched = run(k, 'map', { ...WHOLE, driver: 1 })
    .filter((r) => r.step === 'swiotlb_search_pool_area')
    .map((r) => [r.args.pool === grown ? 'grown' : 'default', r.args.area]);
  expect(searched.slice(0, 4)).toEqual([
    ['grown', 1],
    ['default', 1],
    ['grown', 0],
    ['default', 0],
  ]);
});

describe('pages of a transient pool', () => {
  const sizes = { highBuffers: true, normalZonePages: 128, dmaZonePages: 16 };
  /** Zones that were tried, and what was given back. */
  const tries = (k: Kernel, answers: readonly Answer[] = []) =>
    run(k, 'map', WHOLE, answers)
      .filter((r) => r.step === 'alloc_pages' || r.step === '__free_pages')
      .map((r) =>
        r.step === 'alloc_pages'
          ? `${r.args.zone ?? 'normal'} ${(r.result as number) >= NORMAL_BASE ? 'high' : 'low'}`
          : 'given back',
      );

  test('come from the zone that the limit names', () => {
    expect(tries(kernelOf('plain', 'v5', sizes, { mask: '32' }))).toEqual(['dma32 low']);
    expect(tries(kernelOf('plain', 'v5', sizes, { swiotlb: 'force' }))).toEqual(['normal high']);
    expect(tries(kernelOf('plain', 'v5', { ...sizes, dmaMaskBits: 24 }))).toEqual(['dma low']);
  });

  test('above a limit that no zone ends at: given back, and asked for in the zone below', () => {
    // All memory of zone dma32 that is free lies above 32 MiB.
    const narrow = { dmaZonePages: 16, defaultSegments: 64, defaultAreas: 1, dmaMaskBits: 25 };
    const k = kernelOf('plain', 'v5', narrow, { swiotlb: 'force' });
    expect(tries(k)).toEqual(['dma32 low', 'given back', 'dma low']);
    const [pool] = k.state.pools.filter((p) => p.transient);
    expect(pool!.end).toBeLessThanOrEqual(2 ** 24);
    const none = kernelOf('plain', 'v5', { ...narrow, dmaZonePages: 0 }, { swiotlb: 'force' });
    // Where all memory is one zone, requests do not name it.
    expect(tries(none, ['ok', 'ok', 'fail'])).toEqual(['normal low', 'given back', 'normal low']);
    expect(none.state.drivers[0]!.mapping).toBeNull();
  });
});

describe('a restricted pool', () => {
  const k = () => kernelOf('pkvm', 'v5');
  /** Runs kernel code to its return. */
  function call<T>(kernel: Kernel, body: (t: Task) => Run<T>): T {
    const t = kernel.task('driver/0');
    let value: T | undefined;
    function* wrapper(): Run {
      value = yield* body(t);
    }
    kernel.start(t, wrapper());
    drain(kernel, () => 'ok');
    return value as T;
  }

  test('every mapping bounces in it; it neither grows nor has transient pools', () => {
    const kernel = k();
    const { defpool } = kernel.state.mems[1]!;
    expect(
      run(kernel, 'map', WHOLE)
        .filter((r) => r.args.pool !== undefined)
        .every((r) => r.args.pool === defpool),
    ).toBe(true);
    const full = k();
    for (const a of full.state.pools.find((p) => p.addr === full.state.mems[1]!.defpool)!.areas) a.used = 128;
    expect(steps(run(full, 'map', WHOLE))).not.toContain('schedule_work');
    expect(full.state.drivers[0]!.mapping).toBeNull();
  });

  test('allocations are aligned to their size, have no original address, and go back whole', () => {
    const kernel = k();
    run(kernel, 'map', { ...WHOLE, bytes: 100 });
    const phys = call(kernel, (t) => swiotlb_alloc(kernel, t, 0, 12288, true));
    expect(phys % 16384).toBe(0);
    const slots = kernel.state.slots.find((s) => s.nslabs === 128 && s.fields !== null)!;
    const pool = kernel.state.pools.find((p) => p.addr === kernel.state.mems[1]!.defpool)!;
    const first = (phys - pool.start) / 2048;
    expect(fieldsOf(slots).orig_addr[first]).toBe(-1);
    expect(pool.areas[0]!.used).toBe(1 + 6);
    expect(call(kernel, (t) => swiotlb_free(kernel, t, 0, phys, 12288))).toBe(true);
    expect(pool.areas[0]!.used).toBe(1);
    expect(call(kernel, (t) => swiotlb_free(kernel, t, 0, kernel.state.drivers[0]!.buffer, 4096))).toBe(
      false,
    );
  });

  test('7: a pool in the other state gives nothing; more than a segment is nowhere', () => {
    const kernel = k();
    expect(call(kernel, (t) => swiotlb_alloc(kernel, t, 0, 4096, false))).toBe(0);
    expect(call(kernel, (t) => swiotlb_alloc(kernel, t, 0, 262144 + 4096, true))).toBe(0);
    expect(call(kernel, (t) => swiotlb_alloc(kernel, t, 0, 65536, true))).toBeGreaterThan(0);
    const before = kernelOf('pkvm', 'prefix:6');
    expect(call(before, (t) => swiotlb_alloc(before, t, 0, 4096, false))).toBeGreaterThan(0);
  });

  test('under swiotlb=noforce no default pool sets the number of areas: with SWIOTLB_DYNAMIC nothing is searched', () => {
    const at = (dynamic: 'on' | 'off') => {
      const kernel = kernelOf('pkvm', 'v5', {}, { swiotlb: 'noforce', dynamic });
      return steps(run(kernel, 'map', WHOLE)).includes('swiotlb_search_pool_area');
    };
    expect(at('off')).toBe(true);
    expect(at('on')).toBe(false);
  });
});
