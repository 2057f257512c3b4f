/** What drivers ask for beside maps, allocations and frees: the largest mapping, syncs of parts and of pages. */
import { describe, expect, test } from 'vitest';
import { type Bytes, cpuPattern, devicePattern } from '../../src/kernel/driver-data.ts';
import { FAR_NORMAL_BASE, isPhysRange, pageIndex, phys_to_virt, readByte } from '../../src/kernel/memory.ts';
import type { Args } from '../../src/kernel/steps.ts';
import { kernel, run } from './dma/bench.ts';
import { steps } from './machine.ts';

const WIDE = { context: 'process', boundary: 'wide' } as const;

describe('dma_max_mapping_size', () => {
  const asks = (...of: Parameters<typeof kernel>) =>
    kernel(...of).stimulate('max_mapping_size', { device: 0 })[0]!.result;

  test('an example: from patch 10 on a forced device is limited to a segment, though nothing forces the bounce', () => {
    expect(asks('tdx', 'v5')).toBe(2 ** 18);
    expect(asks('tdx', 'v5', { device: 'trusted' })).toBe('unlimited');
    // Before 10 the architecture forces every bounce.
    expect(asks('tdx', 'prefix:9', { device: 'trusted' })).toBe(2 ** 18);
  });

  test('min_align_mask takes whole slots of it', () => {
    expect(asks('tdx', 'v5', {}, { minAlignMask: 0xfff })).toBe(2 ** 18 - 4096);
  });

  test('behind an IOMMU only for a device behind an external port; on Xen always', () => {
    expect(asks('plain', 'v5', { iommu: 'on' })).toBe('unlimited');
    expect(asks('plain', 'v5', { iommu: 'on' }, { externalPort: true })).toBe(2 ** 18);
    expect(asks('plain', 'v5', { xen: 'on' })).toBe(2 ** 18);
  });
});

describe('sync of a part', () => {
  test('is bounced alone, and the device keeps the buffer', () => {
    const k = kernel('tdx', 'v5', {}, { defaultPoolFull: false });
    k.stimulate('map', { driver: 0, ...WIDE, bytes: 8192 });
    run(k, 'driver/0');
    k.stimulate('deviceWrite', { driver: 0 });
    const part = { driver: 0, for: 'cpu', context: 'process', offset: 2048, size: 2048 } as const;
    k.stimulate('sync', part);
    expect(steps(run(k, 'driver/0'))).toContain('swiotlb_bounce');
    const d = k.state.drivers[0]!;
    expect([d.owner, d.lost]).toEqual(['device', null]);
    // What the device wrote before and behind the part is still in the slots.
    const at = (offset: number) => readByte(k.state.memory, d.buffer + offset);
    const wrote = (bytes: Bytes, offset: number) => bytes.find(([where]) => where === offset)![1];
    expect([0, 2048, 4096].map(at)).toEqual([
      wrote(cpuPattern(0, 8192), 0),
      wrote(devicePattern(0, 8192), 2048),
      wrote(cpuPattern(0, 8192), 4096),
    ]);
    k.stimulate('sync', { driver: 0, for: 'cpu', context: 'process' });
    run(k, 'driver/0');
    expect([d.owner, d.lost]).toEqual(['cpu', null]);
  });

  test.each([
    [{ offset: 0, size: 8193 }, 'longer than the mapping'],
    [{ offset: 8192, size: 1 }, 'behind it'],
    [{ offset: -1, size: 1 }, 'before it'],
    [{ offset: 0 }, 'without a size'],
  ])('%o is not accepted: %s', (part: Args, _) => {
    const k = kernel('tdx', 'v5', {}, { defaultPoolFull: false });
    k.stimulate('map', { driver: 0, ...WIDE, bytes: 8192 });
    run(k, 'driver/0');
    expect(k.accepts('sync', { driver: 0, for: 'cpu', context: 'process', ...part })).toBe(false);
  });
});

test('a sync of pages from a restricted pool passes over slots without an original address', () => {
  const k = kernel('pkvm', 'v5');
  k.stimulate('alloc', { driver: 0, fn: 'dma_alloc_pages', context: 'process', bytes: 8192, attrs: '' });
  run(k, 'driver/0');
  k.stimulate('sync_pages', { driver: 0, for: 'cpu', context: 'process' });
  const records = run(k, 'driver/0');
  expect(steps(records)).toContain('swiotlb_bounce');
  expect(records.flatMap(({ faults = [] }) => faults)).toEqual([]);
});

test('CC_SHARED is no attribute of coherent memory: from patch 4 on a free with it warns, and goes on', () => {
  const frees = (series: string) => {
    const k = kernel('tdx', series);
    k.stimulate('alloc', { driver: 0, fn: 'dma_alloc_attrs', context: 'process', bytes: 8192, attrs: '' });
    run(k, 'driver/0');
    k.stimulate('free', { driver: 0, context: 'process', attrs: 'CC_SHARED' });
    return steps(run(k, 'driver/0'));
  };
  expect(frees('v5')).toEqual(['WARN', ...frees('prefix:3')]);
});

test('ordinary memory far up: out of reach of 33 bits, so that the next lower zone is tried', () => {
  const k = kernel('plain', 'v5', {}, { ordinaryAt: '16G', dmaMaskBits: 33, dmaZonePages: 128 });
  expect(pageIndex(k.state.memory, FAR_NORMAL_BASE)).toBeGreaterThan(0);
  expect([FAR_NORMAL_BASE, phys_to_virt(FAR_NORMAL_BASE)].map(isPhysRange)).toEqual([true, false]);
  k.stimulate('alloc', { driver: 0, fn: 'dma_alloc_attrs', context: 'process', bytes: 8192, attrs: '' });
  const asked = run(k, 'driver/0').filter(({ step }) => step === 'alloc_pages' || step === '__free_pages');
  expect(asked.map(({ step, args, result }) => [step, args.zone ?? 'normal', result ?? args.addr])).toEqual([
    ['alloc_pages', 'normal', FAR_NORMAL_BASE],
    ['__free_pages', 'normal', FAR_NORMAL_BASE],
    ['alloc_pages', 'dma32', expect.any(Number)],
  ]);
  expect(k.state.drivers[0]!.allocations[0]!.dma).toBeLessThan(2 ** 24);
});
