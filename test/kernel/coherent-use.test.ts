/** Coherent memory in use: what the device writes the CPU finds, and back, while the driver has it. */
import { describe, expect, test } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { TraceRecord } from '../../src/kernel/task.ts';
import { kernelOf, NAMES, run } from './platforms.ts';

const SIZES = { defaultPoolFull: false, normalZonePages: 32 } as const;
const FN = 'dma_alloc_attrs';
const allocate = (k: Kernel, bytes = 8192) =>
  run(k, 'alloc', { driver: 0, fn: FN, context: 'process', bytes, attrs: '' });
const uses = (k: Kernel) =>
  (['deviceRead', 'deviceWrite', 'deviceRead'] as const).flatMap((name) =>
    k.stimulate(name, { driver: 0, which: 0 }),
  );
const results = (records: readonly TraceRecord[]) => records.map(({ result }) => result);
const faults = (records: readonly TraceRecord[]) =>
  records.flatMap((record) => record.faults ?? []).map(({ because }) => because);

test('an example: a device uses what its driver was given, until it is freed', () => {
  const k = kernelOf('tdx', 'v5', SIZES);
  expect(k.accepts('deviceWrite', { driver: 0, which: 0 })).toBe(false);
  allocate(k);
  expect(results(uses(k))).toEqual([true, true, true]);
  expect(k.state.drivers[0]!.lost).toBeNull();
  k.stimulate('free', { driver: 0, context: 'process' });
  // The driver has asked for the free: the device is done.
  expect(k.accepts('deviceRead', { driver: 0, which: 0 })).toBe(false);
});

describe('what was allocated can be used', () => {
  test.each(NAMES.flatMap((name) => [1, 3, 4096, 8192].map((bytes) => [name, bytes] as const)))(
    '%s, %i bytes',
    (name, bytes) => {
      const k = kernelOf(name, 'v5', SIZES);
      allocate(k, bytes);
      const records = uses(k);
      expect(faults(records)).toEqual([]);
      expect(results(records)).toEqual([true, true, true]);
    },
  );

  test('two allocations of one driver are told apart', () => {
    const k = kernelOf('cca', 'v5', SIZES);
    allocate(k);
    expect(k.accepts('deviceWrite', { driver: 0, which: 1 })).toBe(false);
    allocate(k);
    expect(results(k.stimulate('deviceWrite', { driver: 0, which: 1 }))).toEqual([true]);
    expect(k.accepts('deviceWrite', { driver: 1, which: 0 })).toBe(false);
    expect(k.accepts('deviceWrite', { driver: 0, which: 0, bytes: 1 })).toBe(false);
  });
});

test('what cannot be reached is a fault, and is seen not to arrive', () => {
  // Nobody shares memory for the devices of a protected KVM guest.
  const k = kernelOf('pkvm', 'baseline', SIZES, { 'restricted-pool': 'off' });
  allocate(k);
  const records = uses(k);
  expect(results(records)).toEqual([false, false, false]);
  expect(new Set(faults(records))).toEqual(new Set(['the host does not share the page']));
  expect(k.state.drivers[0]!.lost).toBe('to device');
});
