/** Devices and their restricted pool: attached, detached, with every failure, and two at once. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_MEM } from '../../src/kernel/boot.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { HOST_SHARED, PTE_SHARED, pageIndex } from '../../src/kernel/memory.ts';
import type { TraceRecord } from '../../src/kernel/task.ts';
import { drain, everyAnswer, kernelOf, run } from './platforms.ts';

const EARLY = { boot: 'early', devices: 2 } as const;
const RESTRICTED = { 'restricted-pool': 'on' } as const;
const ARM = ['pkvm', 'cca', 'plain'] as const;

const early = (name: string, series = 'v5'): Kernel =>
  kernelOf(name, series, EARLY, name === 'plain' ? { ...RESTRICTED, remap: 'on' } : RESTRICTED);
const memOf = (k: Kernel, device: number): number => k.state.devices[device]!.io_tlb_mem;
const retOf = (records: readonly TraceRecord[]): unknown =>
  records.find((r) => r.step === 'rmem_device_init_ret')?.args.ret;
const regionCode = (k: Kernel): number =>
  k.state.memory.codes[pageIndex(k.state.memory, k.state.regions[0]!.phys)]!;

test('an example: the first device makes the pool, the second shares it, and leaving it gives nothing back', () => {
  const k = early('pkvm');
  run(k, 'rmem_device_init', { device: 0 });
  const made = memOf(k, 0);
  expect(k.mem(made)).toMatchObject({
    for_alloc: true,
    force_bounce: true,
    can_grow: false,
    unencrypted: true,
  });
  expect(regionCode(k)).toBe(PTE_SHARED | HOST_SHARED);
  const second = run(k, 'rmem_device_init', { device: 1 });
  expect(second.some((r) => r.step === 'set_memory_decrypted')).toBe(false);
  expect(memOf(k, 1)).toBe(made);
  for (const device of [0, 1]) run(k, 'rmem_device_release', { device });
  expect(k.state.devices.map((d) => d.io_tlb_mem)).toEqual([DEFAULT_MEM, DEFAULT_MEM]);
  expect(regionCode(k)).toBe(PTE_SHARED | HOST_SHARED);
  expect(k.state.regions[0]!.priv).toBe(made);
});

describe.each(ARM)('%s', (name) => {
  test('7: converted with memory encryption only; before, always', () => {
    const codeOf = (series: string): number => {
      const k = early(name, series);
      run(k, 'rmem_device_init', { device: 0 });
      return regionCode(k);
    };
    const SHARED = PTE_SHARED | HOST_SHARED;
    expect(codeOf('prefix:6')).toBe(name === 'plain' ? 0 : SHARED);
    expect(codeOf('v5')).toBe(name === 'plain' ? 0 : SHARED);
    const k = early(name, 'without:1');
    run(k, 'rmem_device_init', { device: 0 });
    expect(k.mem(memOf(k, 0)).unencrypted).toBe(name === 'cca');
  });

  test('every answer, before and after 18', () => {
    for (const series of ['prefix:17', 'v5']) {
      const all = everyAnswer((answers) => {
        const k = early(name, series);
        const records = run(k, 'rmem_device_init', { device: 0 }, answers);
        return { result: { k, records }, choices: records.filter((r) => r.answer !== undefined).length };
      });
      expect(all.length).toBeGreaterThan(3);
      for (const { result, answers } of all) {
        const { k, records } = result;
        const converted = records.find((r) => r.step === 'set_memory_decrypted_ret')?.args.ret ?? 0;
        const noMemory = answers.slice(0, 3).includes('fail');
        const want = noMemory ? -12 : series === 'v5' ? converted : 0;
        expect(retOf(records)).toBe(want);
        if (want === 0) {
          expect(k.mem(memOf(k, 0)).nslabs).toBe(128);
          continue;
        }
        // The device keeps the pool it had, nothing of the new one is left, and the next one starts afresh.
        expect(memOf(k, 0)).toBe(DEFAULT_MEM);
        expect(k.state).toMatchObject({ slab: [], pools: [], slots: [] });
        expect(k.state.regions[0]!.priv).toBe(0);
        expect(retOf(run(k, 'rmem_device_init', { device: 1 }))).toBe(0);
      }
    }
  });

  test('two devices that are probed at once can both make a pool of the same region: nothing locks rmem->priv', () => {
    const k = early(name);
    k.stimulate('rmem_device_init', { device: 0 });
    k.stimulate('rmem_device_init', { device: 1 });
    // Both have looked before either has written.
    k.resume('probe/0');
    k.resume('probe/1');
    drain(k, () => 'ok');
    expect(memOf(k, 0)).not.toBe(memOf(k, 1));
    const [one, other] = k.state.pools.filter((p) => p.start === k.state.regions[0]!.phys);
    expect(one!.addr).not.toBe(other!.addr);
    expect([one!.start, one!.end]).toEqual([other!.start, other!.end]);
  });
});

test('a device is probed only while nobody uses it', () => {
  const k = early('pkvm');
  k.stimulate('rmem_device_init', { device: 0 });
  expect(k.offers('rmem_device_init')).toEqual([{ device: 1 }]);
  drain(k, () => 'ok');
  expect(k.offers('rmem_device_release')).toEqual([{ device: 0 }]);
  (k.state.drivers[0] as { mapping: unknown }).mapping = { dma: 0, bytes: 1 };
  expect(k.offers('rmem_device_release')).toEqual([]);
});
