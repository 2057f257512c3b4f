import { describe, expect, test } from 'vitest';
import { DEFAULT_POOL } from '../../src/kernel/boot.ts';
import { dma_to_phys } from '../../src/kernel/device.ts';
import { bufferHolds, cpuPattern, devicePattern } from '../../src/kernel/driver.ts';
import { readByte, VMALLOC_START } from '../../src/kernel/memory.ts';
import {
  BASELINE,
  CCA,
  finish,
  graceAndCallback,
  machine,
  mapAll,
  steps,
  TDX,
  unmapAll,
  V5,
} from './machine.ts';

describe('bytes arrive', () => {
  test.each([
    ['tdx', TDX],
    ['cca', CCA],
  ])('%s: through a transient pool, there and back', (_, platform) => {
    const k = machine(platform, V5);
    mapAll(k);
    const { dma } = k.state.drivers[0]!.mapping!;
    for (const [offset, value] of cpuPattern(0, 8192))
      expect(readByte(k.state.memory, dma_to_phys(k, dma) + offset)).toBe(value);
    expect(k.stimulate('deviceWrite', { driver: 0 })[0]).toMatchObject({ result: true });
    expect(bufferHolds(k, 0, cpuPattern(0, 8192), 8192)).toBe(true);
    unmapAll(k);
    expect(bufferHolds(k, 0, devicePattern(0, 8192), 8192)).toBe(true);
  });

  test('of a mapping of any length, through the default pool', () => {
    for (const bytes of [1, 2048, 2049, 4096, 4097, 8191, 8192]) {
      const k = machine(CCA, V5, {}, { defaultPoolFull: false });
      k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes });
      finish(k, 'driver/0');
      k.stimulate('deviceWrite', { driver: 0 });
      unmapAll(k);
      expect(bufferHolds(k, 0, devicePattern(0, bytes), bytes)).toBe(true);
      expect(k.state.slots[0]!.fields!.list.slice(0, 4)).toEqual([128, 127, 126, 125]);
    }
  });
});

test('a device that writes where the host shares nothing changes nothing', () => {
  const k = machine(TDX, V5);
  mapAll(k);
  k.state.memory.codes = k.state.memory.codes.map(() => 0);
  const [record] = k.stimulate('deviceWrite', { driver: 0 });
  expect(record!.result).toBe(false);
  expect(record!.faults![0]).toMatchObject({
    kind: 'device-access',
    because: 'the host does not share the page',
  });
});

describe('the steps of a map and an unmap', () => {
  test('v5: areas outside, pools inside, then a transient pool from the atomic pool', () => {
    const k = machine(TDX, V5);
    expect(steps(mapAll(k))).toEqual([
      'map',
      'list_first_rcu',
      'swiotlb_search_pool_area',
      'list_next_rcu',
      'list_first_rcu',
      'swiotlb_search_pool_area',
      'list_next_rcu',
      'schedule_work',
      'kzalloc',
      'gen_pool_alloc',
      '__get_free_pages',
      'swiotlb_search_pool_area',
      'list_add_rcu',
      'WRITE_ONCE',
      'swiotlb_bounce',
      'dma_map_phys_ret',
    ]);
    const look = ['READ_ONCE', 'list_first_rcu', 'read_pool', 'list_next_rcu', 'list_first_rcu', 'read_pool'];
    expect(steps(unmapAll(k))).toEqual([
      'unmap',
      ...look,
      'swiotlb_bounce',
      ...look,
      'list_del_rcu',
      'queue_rcu_work',
      'dma_unmap_phys_ret',
    ]);
  });

  test('the own area of the CPU comes first', () => {
    for (const driver of [0, 1]) {
      const k = machine(TDX, V5);
      const areas = mapAll(k, driver)
        .filter((r) => r.step === 'swiotlb_search_pool_area' && r.args.pool === DEFAULT_POOL)
        .map((r) => r.args.area);
      expect(areas).toEqual([driver, 1 - driver]);
    }
  });

  test('a mapping in the default pool gives its slots back', () => {
    const k = machine(TDX, V5, {}, { defaultPoolFull: false });
    mapAll(k);
    expect(steps(unmapAll(k)).slice(-2)).toEqual(['swiotlb_release_slots', 'dma_unmap_phys_ret']);
  });

  test('without DMA_COHERENT_POOL a forced device gets no transient pool', () => {
    const k = machine(TDX, V5, { DMA_COHERENT_POOL: false });
    const records = steps(mapAll(k));
    expect(records.slice(-3)).toEqual(['kzalloc', 'kfree', 'dma_map_phys_ret']);
    expect(k.state.drivers[0]!.mapping).toBeNull();
  });

  test('an address beyond the mask: the mapping is undone without a copy', () => {
    const k = machine(TDX, V5, {}, { defaultPoolFull: false, dmaMaskBits: 20 });
    const records = steps(mapAll(k));
    expect(records.slice(-3)).toEqual(['read_pool', 'swiotlb_release_slots', 'dma_map_phys_ret']);
    expect(records.filter((s) => s === 'swiotlb_bounce')).toHaveLength(1);
  });
});

describe('what the patches change', () => {
  test('17: a worker frees the pool, before it the RCU callback does', () => {
    const before = machine(TDX, BASELINE);
    mapAll(before);
    expect(steps(unmapAll(before))).toContain('call_rcu');
    expect(steps(graceAndCallback(before))).toEqual([
      'free_pages',
      'dma_free_from_pool',
      'kfree',
      'softirq_exit',
    ]);
    const after = machine(TDX, V5);
    mapAll(after);
    unmapAll(after);
    expect(steps(graceAndCallback(after))).toEqual(['queue_work', 'softirq_exit']);
    after.stimulate('kworker_start', { work: 'dyn_free', pool: after.state.queued[1]!.pool });
    expect(steps(finish(after, 'kworker/dyn_free'))).toEqual([
      'free_pages',
      'dma_free_from_pool',
      'kfree',
      'work_done',
    ]);
  });

  test('17: a pool whose search failed is freed in the caller, or deferred', () => {
    for (const [patches, last] of [
      [BASELINE, ['free_pages', 'dma_free_from_pool', 'kfree', 'dma_map_phys_ret']],
      [V5, ['swiotlb_search_pool_area', 'queue_rcu_work', 'dma_map_phys_ret']],
    ] as const) {
      const k = machine(TDX, patches);
      k.stimulate('map', { driver: 0, context: 'atomic', boundary: 'narrow', bytes: 8192 });
      expect(steps(finish(k, 'driver/0')).slice(-last.length)).toEqual(last);
    }
  });

  test('20: on cca the pool goes back under the alias that it came by; before, under an address nobody knows', () => {
    const after = machine(CCA, V5);
    mapAll(after);
    expect(after.state.pools[1]!.vaddr).toBe(VMALLOC_START);
    const before = machine(CCA, BASELINE);
    mapAll(before);
    expect(before.state.pools[1]!.vaddr).not.toBe(VMALLOC_START);
    unmapAll(before);
    const records = graceAndCallback(before);
    expect(records.find((r) => r.step === 'dma_free_from_pool')!.result).toBe(false);
    expect(records.find((r) => r.step === 'set_memory_encrypted')).toMatchObject({
      context: 'softirq',
      mightSleep: 'forbidden',
    });
  });

  test('20: the same when the slot array cannot be had', () => {
    for (const [patches, owned] of [
      [BASELINE, false],
      [V5, true],
    ] as const) {
      const k = machine(CCA, patches);
      k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
      const records = finish(k, 'driver/0', ['__get_free_pages']);
      expect(records.find((r) => r.step === 'dma_free_from_pool')!.result).toBe(owned);
    }
  });

  test('7: a trusted device does not get shared memory; before, its map converts in any context', () => {
    const after = machine(TDX, V5, { trusted: true });
    expect(steps(mapAll(after))).toEqual(['map', 'dma_map_phys_ret']);
    const before = machine(TDX, BASELINE, { trusted: true });
    const records = mapAll(before, 0, 'atomic');
    expect(records.find((r) => r.step === 'set_memory_decrypted')!.mightSleep).toBe('forbidden');
  });

  test('5: an atomic pool knows its state and is asked for it', () => {
    expect(machine(TDX, BASELINE).state.atomicPools[0]!.unencrypted).toBeNull();
    expect(machine(TDX, V5).state.atomicPools[0]!.unencrypted).toBe(true);
    // Private pool, shared memory wanted: skipped with a warning, the map fails without touching it.
    const k = machine(TDX, V5);
    (k.state.atomicPools as { unencrypted: boolean }[])[0]!.unencrypted = false;
    expect(steps(mapAll(k)).slice(-4)).toEqual(['kzalloc', 'WARN', 'kfree', 'dma_map_phys_ret']);
  });
});

test('answers are those that are possible: without a free block there is only failure', () => {
  const k = machine(TDX, V5);
  k.state.buddy.free.length = 0;
  k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
  for (const p of iteratePending(k)) if (p.name === '__get_free_pages') expect(p.answers).toEqual(['fail']);
});

function* iteratePending(k: ReturnType<typeof machine>) {
  let seen = false;
  for (;;) {
    const p = k.pending()[0];
    if (p === undefined) break;
    seen ||= p.step.name === '__get_free_pages';
    yield p.step;
    k.resume(p.task, p.step.answers?.[0]);
  }
  expect(seen).toBe(true);
}
