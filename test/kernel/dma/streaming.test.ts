/** Lists, syncs, directions, and what comes back from the bounce with its attributes. */
import { describe, expect, test } from 'vitest';
import { deviceOf } from '../../../src/kernel/device.ts';
import { swiotlb_bounce } from '../../../src/kernel/dma/swiotlb-bounce.ts';
import { fieldsOf } from '../../../src/kernel/dma/swiotlb-slots.ts';
import { answerPattern, bufferHolds, cpuPattern, devicePattern } from '../../../src/kernel/driver-data.ts';
import type { KernelSizes } from '../../../src/kernel/index.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { readByte } from '../../../src/kernel/memory.ts';
import type { Options } from '../../../src/series/index.ts';
import { kernelOf, run } from '../platforms.ts';

const FREE = { defaultPoolFull: false };
const WHOLE = { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 };
const bouncing = (sizes: Partial<KernelSizes> = {}, series = 'v5') =>
  kernelOf('tdx', series, { ...FREE, ...sizes });
const used = (k: Kernel) => k.state.pools.flatMap((p) => p.areas.map((a) => a.used));

describe('a list', () => {
  test('every entry is bounced by itself, and data arrives in each', () => {
    const k = bouncing();
    run(k, 'map_sg', { driver: 0, context: 'process', entries: 3, bytes: 8191 });
    expect(k.state.drivers[0]!.list!.segments.map(({ bytes }) => bytes)).toEqual([2731, 2731, 2729]);
    expect(used(k)).toEqual([6, 0]);
    expect(run(k, 'deviceRead', { driver: 0 })[0]!.result).toBe(true);
    run(k, 'deviceWrite', { driver: 0 });
    run(k, 'unmap_sg', { driver: 0, context: 'process' });
    expect(bufferHolds(k, 0, devicePattern(0, 8191), 8191)).toBe(true);
    expect(used(k)).toEqual([0, 0]);
  });

  test('an entry that cannot be mapped undoes those before it, first first, without a copy', () => {
    // Two slots are left: the first entry of one page fits, the second does not, and nothing grows.
    const k = kernelOf('tdx', 'v5', { ...FREE, defaultAreas: 1 }, { dynamic: 'off' });
    const [slots] = k.state.slots;
    fieldsOf(slots!).list.fill(0, 2);
    fieldsOf(slots!).list.splice(0, 2, 2, 1);
    k.state.pools[0]!.areas[0]!.used = 126;
    const records = run(k, 'map_sg', { driver: 0, context: 'process' });
    expect(records.map((r) => r.step)).toEqual([
      'map_sg',
      'swiotlb_search_pool_area',
      'swiotlb_bounce',
      'swiotlb_search_pool_area',
      'swiotlb_release_slots',
      'dma_map_sg_attrs_ret',
    ]);
    expect(records.at(-1)!.args).toEqual({ result: 0 });
    expect(k.state.drivers[0]!.list).toBeNull();
    expect(used(k)).toEqual([126]);
  });

  test('REQUIRE_COHERENT is asked for first, CC_SHARED of a device that is not direct never', () => {
    const direct = kernelOf('plain', 'v5', FREE, { remap: 'on', coherence: 'non-coherent' });
    run(direct, 'map_sg', { driver: 0, context: 'process', attrs: 'REQUIRE_COHERENT' });
    expect(direct.state.drivers[0]!.list).toBeNull();
    const behind = kernelOf('plain', 'v5', FREE, { iommu: 'on' });
    run(behind, 'map_sg', { driver: 0, context: 'process', attrs: 'CC_SHARED' });
    expect(behind.state.drivers[0]!.list).not.toBeNull();
  });
});

describe('directions', () => {
  const copies = (dir: string) => {
    const k = bouncing();
    const of = (records: { step: string; args: object }[]) =>
      records.flatMap((r) => (r.step === 'swiotlb_bounce' ? [(r.args as { dir: string }).dir] : []));
    return {
      map: of(run(k, 'map', { ...WHOLE, dir })),
      cpu: of(run(k, 'sync', { driver: 0, for: 'cpu', context: 'process' })),
      device: of(run(k, 'sync', { driver: 0, for: 'device', context: 'process' })),
      unmap: of(run(k, 'unmap', { driver: 0, context: 'process' })),
    };
  };

  test('a map always copies in; the rest follows the direction', () => {
    expect(copies('TO_DEVICE')).toEqual({ map: ['in'], cpu: [], device: ['in'], unmap: [] });
    expect(copies('FROM_DEVICE')).toEqual({ map: ['in'], cpu: ['out'], device: [], unmap: ['out'] });
    expect(copies('BIDIRECTIONAL')).toEqual({ map: ['in'], cpu: ['out'], device: ['in'], unmap: ['out'] });
  });

  test('FROM_DEVICE: bytes that the device does not write keep their value', () => {
    const k = bouncing();
    run(k, 'map', { ...WHOLE, dir: 'FROM_DEVICE' });
    run(k, 'deviceWrite', { driver: 0, bytes: 2048 });
    run(k, 'unmap', { driver: 0, context: 'process' });
    const both = [...devicePattern(0, 8192).slice(0, 2), ...cpuPattern(0, 8192).slice(2)];
    expect(bufferHolds(k, 0, both, 8192)).toBe(true);
  });

  test('unmap with SKIP_CPU_SYNC copies nothing', () => {
    const k = bouncing();
    run(k, 'map', WHOLE);
    run(k, 'deviceWrite', { driver: 0 });
    run(k, 'unmap', { driver: 0, context: 'process', attrs: 'SKIP_CPU_SYNC' });
    expect(bufferHolds(k, 0, cpuPattern(0, 8192), 8192)).toBe(true);
  });

  test('a device reads the answer only after the sync, and the CPU may not write without one', () => {
    const k = bouncing();
    run(k, 'map', WHOLE);
    expect(k.accepts('sync', { driver: 0, for: 'device', context: 'process' })).toBe(false);
    run(k, 'sync', { driver: 0, for: 'cpu', context: 'process' });
    expect(k.accepts('deviceRead', { driver: 0 })).toBe(false);
    run(k, 'sync', { driver: 0, for: 'device', context: 'process' });
    expect(bufferHolds(k, 0, answerPattern(0, 8192), 8192)).toBe(true);
    expect(run(k, 'deviceRead', { driver: 0 })[0]!.result).toBe(true);
  });
});

describe('a device that does not snoop', () => {
  const options: Partial<Options> = { remap: 'on', coherence: 'non-coherent', swiotlb: 'noforce' };

  test('sees what the CPU wrote once the caches are cleaned, and the CPU what it wrote once they are invalidated', () => {
    const k = kernelOf('plain', 'v5', FREE, options);
    run(k, 'map', { ...WHOLE, attrs: 'SKIP_CPU_SYNC' });
    const { buffer, mapping } = k.state.drivers[0]!;
    const [view] = k.state.deviceViews;
    expect(mapping!.dma).toBe(buffer);
    expect(view!.bytes).toEqual([]);
    run(k, 'sync', { driver: 0, for: 'device', context: 'process' });
    expect(view!.bytes).toEqual(answerPattern(0, 8192));
    run(k, 'deviceWrite', { driver: 0 });
    expect(readByte(k.state.memory, buffer)).toBe(answerPattern(0, 8192)[0]![1]);
    run(k, 'sync', { driver: 0, for: 'cpu', context: 'process' });
    expect(bufferHolds(k, 0, devicePattern(0, 8192), 8192)).toBe(true);
    expect(k.state.drivers[0]!.lost).toBeNull();
  });

  test('a sync that is missing shows: the data is lost, and the state says so', () => {
    const k = kernelOf('plain', 'v5', FREE, options);
    run(k, 'map', WHOLE);
    k.state.deviceViews[0]!.bytes = [];
    run(k, 'deviceRead', { driver: 0 });
    expect(k.state.drivers[0]!.lost).toBe('to device');
    run(k, 'unmap', { driver: 0, context: 'process' });
    expect(k.state.drivers[0]!.lost).toBe('from device');
  });
});

test('a copy that is longer than what was recorded is cut, with a warning', () => {
  const k = bouncing();
  run(k, 'map', { ...WHOLE, bytes: 3000 });
  const { dma } = k.state.drivers[0]!.mapping!;
  const t = k.task('driver/0');
  k.start(t, swiotlb_bounce(k, t, 0, 'out', k.state.mems[0]!.defpool, dma + 1000, 2500));
  const records = [...k.resume('driver/0'), ...k.resume('driver/0')];
  expect(records.map((r) => r.step)).toEqual(['swiotlb_bounce', 'WARN']);
  expect(records[0]!.faults).toBeUndefined();
});

describe('6: who sees the attributes that the bounce rewrote', () => {
  // With 7 and without 6 the caller encodes by attributes that it never got back: 7 needs 6.
  const address = (patches: string) => {
    const k = kernelOf('cca', patches, FREE);
    run(k, 'map', WHOLE);
    return k.state.drivers[0]!.mapping?.dma ?? -1;
  };

  test('the caller, once they are passed by reference', () => {
    expect(address('prefix:7')).toBeGreaterThanOrEqual(2 ** 47);
  });

  test('nobody needs them before 7: the steps of prefix 5 and 6 are the same', () => {
    const steps = (series: string) => {
      const k = kernelOf('cca', series);
      return [...run(k, 'map', WHOLE), ...run(k, 'unmap', { driver: 0, context: 'atomic' })];
    };
    expect(steps('prefix:6')).toEqual(steps('prefix:5'));
  });

  test('a device that is accepted while it is mapped: the state of the pool stands, the next map is direct', () => {
    const k = kernelOf('cca', 'v5', FREE);
    run(k, 'map', WHOLE);
    k.stimulate('accept', { device: 0 });
    expect(run(k, 'deviceWrite', { driver: 0 })[0]!.result).toBe(true);
    run(k, 'unmap', { driver: 0, context: 'process' });
    expect(bufferHolds(k, 0, devicePattern(0, 8192), 8192)).toBe(true);
    run(k, 'map', WHOLE);
    expect(k.state.drivers[0]!.mapping!.dma).toBe(k.state.drivers[0]!.buffer);
    expect(deviceOf(k, 0).trusted).toBe(true);
  });
});

test('Xen: the address is its own translation, and the copy out is part of giving the slots back', () => {
  const k = kernelOf('plain', 'v5', FREE, { xen: 'on', swiotlb: 'force' });
  run(k, 'map', WHOLE);
  const records = run(k, 'unmap', { driver: 0, context: 'process' }).map((r) => r.step);
  expect(records.slice(-3)).toEqual(['swiotlb_bounce', 'swiotlb_release_slots', 'dma_unmap_phys_ret']);
  expect(records.filter((s) => s === 'READ_ONCE')).toHaveLength(1);
});
