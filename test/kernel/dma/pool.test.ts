import { describe, expect, test } from 'vitest';
import { poolOrder } from '../../../src/kernel/dma/pool.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import type { AtomicPool } from '../../../src/kernel/state.ts';
import {
  alloc,
  balance,
  failing,
  faults,
  free,
  got,
  kernel,
  leaked,
  names,
  run,
  uncertain,
  type World,
} from './bench.ts';

const pool = (name: AtomicPool['name']): AtomicPool => ({ name, pool: { chunks: [] }, unencrypted: true });
const order = (zone: 'dma' | 'dma32' | 'normal', ...have: AtomicPool['name'][]): string[] =>
  poolOrder(have.map(pool), zone).map((p) => p.name);

test('the order of the pools', () => {
  const all = ['kernel', 'dma32', 'dma'] as const;
  expect(order('normal', ...all)).toEqual(['kernel', 'dma32', 'dma']);
  expect(order('dma32', ...all)).toEqual(['dma32', 'dma']);
  expect(order('dma', ...all)).toEqual(['dma']);
  // Where the first choice is missing, the one that stands in its place decides what comes after it.
  expect(order('dma', 'kernel')).toEqual(['kernel']);
  expect(order('dma', 'kernel', 'dma32')).toEqual(['dma32']);
  expect(order('normal', 'dma')).toEqual(['dma']);
  expect(order('normal')).toEqual([]);
});

/** An early boot up to the atomic pools. */
function early(platform: string, series: string, world: World, sizes = {}): { k: Kernel; steps: string[] } {
  const k = kernel(platform, series, {}, { boot: 'early', ...sizes });
  for (const name of ['swiotlb_init', 'swiotlb_update_mem_attributes'] as const) {
    k.stimulate(name);
    run(k, 'boot/0');
  }
  return { k, steps: names([...k.stimulate('atomic_pool_init'), ...run(k, 'boot/0', world)]) };
}

const ok: World = () => 'ok';

describe('dma_atomic_pool_init', () => {
  test('one pool for each zone that has memory', () => {
    const sizes = { zonePools: true, dmaZonePages: 16 };
    const { k } = early('tdx', 'v5', ok, sizes);
    expect(k.state.atomicPools.map((p) => p.name)).toEqual(['kernel', 'dma', 'dma32']);
    expect(k.state.atomicPools.every((p) => p.unencrypted)).toBe(true);
  });

  test('from 5 memory is converted with MEM_ENCRYPT only; before, always', () => {
    expect(early('plain', 'v5', ok).steps.some((s) => s.startsWith('set_memory'))).toBe(false);
    expect(early('plain', 'prefix:4', ok).steps.some((s) => s.startsWith('set_memory'))).toBe(true);
    expect(early('plain', 'v5', ok).k.state.atomicPools[0]!.unencrypted).toBe(false);
  });

  test.each([
    ['no gen_pool', failing('kzalloc')],
    ['no pages of any order', failing('alloc_pages')],
    ['no alias', failing('vmap')],
    ['no chunk', failing('gen_pool_add_virt')],
  ] as const)('%s: no pool, and everything goes back', (_, world) => {
    const fresh = early('cca', 'v5', failing('kzalloc')).k;
    const { k, steps } = early('cca', 'v5', world);
    expect(steps.at(-1)).toBe('dma_atomic_pool_init_ret');
    expect(balance(k)).toEqual(balance(fresh));
  });

  test('a smaller pool when there is no block of the size', () => {
    const { k } = early('tdx', 'v5', failing('alloc_pages', 0));
    expect(k.state.atomicPools[0]!.pool.chunks[0]!.bits).toHaveLength(1);
  });

  test('a failed decrypt: leaked from 5; freed as it is before, where there is an alias', () => {
    for (const [platform, series, lost] of [
      ['cca', 'v5', 2],
      ['cca', 'prefix:4', 0],
      ['tdx', 'v5', 2],
      ['tdx', 'prefix:4', 2],
    ] as const) {
      const fresh = early(platform, series, failing('kzalloc')).k;
      const { k } = early(platform, series, failing('host_call'));
      expect([platform, series, leaked(k, fresh).length]).toEqual([platform, series, lost]);
      expect(k.state.memory.vmap).toEqual([]);
    }
  });

  test('patch 13: pages of a failed chunk are freed without an alias too', () => {
    for (const [series, lost] of [
      ['without:13', 2],
      ['v5', 0],
    ] as const) {
      const fresh = early('tdx', series, failing('kzalloc')).k;
      const { k } = early('tdx', series, failing('gen_pool_add_virt'));
      expect(leaked(k, fresh)).toHaveLength(lost);
      expect(leaked(k, fresh).some((phys) => uncertain(k, phys))).toBe(false);
    }
  });

  test('before 5 a chunk that cannot be added ends as a success, with an empty pool', () => {
    const world = failing('gen_pool_add_virt');
    expect(early('cca', 'prefix:4', world).k.state.atomicPools).toMatchObject([{ pool: { chunks: [] } }]);
    expect(early('cca', 'v5', world).k.state.atomicPools).toEqual([]);
  });

  test('before 5 the alias stays when the conversion back fails; from 5 it goes', () => {
    const world: World = (step, n) =>
      step === 'gen_pool_add_virt' || (step === 'conversion_begin' && n > 0) ? 'fail' : 'ok';
    expect(early('cca', 'prefix:4', world).k.state.memory.vmap).toHaveLength(1);
    expect(early('cca', 'v5', world).k.state.memory.vmap).toEqual([]);
  });

  test('pages of CMA go to the page allocator on error', () => {
    const { k, steps } = early('tdx', 'v5', failing('gen_pool_add_virt'), { cmaPages: 16 });
    expect(steps).toContain('cma_alloc');
    expect(steps).not.toContain('cma_release');
    expect(k.state.cma.bits.filter((b) => b === 1)).toHaveLength(2);
  });
});

describe('growth', () => {
  const sizes = { atomicPoolGrows: true };

  test('an allocation from a pool that has not grown schedules it; the worker doubles the pool', () => {
    const k = kernel('cca', 'v5', {}, sizes);
    expect(names(alloc(k, { context: 'atomic' }))).toEqual([
      'gen_pool_alloc',
      'gen_pool_avail',
      'schedule_work',
      'dma_alloc_attrs_ret',
    ]);
    k.stimulate('kworker_start', { work: 'atomic_pool_work' });
    run(k, 'kworker/atomic_pool_work');
    const [grown] = k.state.atomicPools;
    expect(grown!.pool.chunks.map((c) => c.bits.length)).toEqual([2, 2]);
    expect(names(alloc(k, { driver: 1, context: 'atomic' }))).toContain('schedule_work');
    expect(faults([...free(k), ...free(k, { driver: 1 })])).toEqual([]);
    expect(grown!.pool.chunks.flatMap((c) => c.bits)).toEqual([0, 0, 0, 0]);
  });

  test('it does not when enough is left', () => {
    const k = kernel('cca', 'v5', {}, sizes);
    alloc(k, { context: 'atomic' });
    k.stimulate('kworker_start', { work: 'atomic_pool_work' });
    run(k, 'kworker/atomic_pool_work');
    free(k);
    expect(names(alloc(k, { context: 'atomic' })).slice(0, 3)).toEqual([
      'gen_pool_alloc',
      'gen_pool_avail',
      'dma_alloc_attrs_ret',
    ]);
  });

  test('a failed growth leaves the pool as it is', () => {
    const k = kernel('tdx', 'v5', {}, sizes);
    alloc(k, { context: 'atomic' });
    const before = balance(k);
    k.stimulate('kworker_start', { work: 'atomic_pool_work' });
    run(k, 'kworker/atomic_pool_work', failing('gen_pool_add_virt'));
    expect(balance(k)).toEqual(before);
  });
});

test('memory of a pool that the device cannot reach is passed over', () => {
  const k = kernel('cca', 'v5', {}, { coherentMaskBits: 40 });
  const before = balance(k);
  expect(names(alloc(k, { context: 'atomic' }))).toEqual(['gen_pool_alloc', 'dma_alloc_attrs_ret']);
  expect(got(k)).toBeNull();
  expect(balance(k)).toEqual(before);
});
