/** Each safety property is shown to be able to fail: the state is damaged by hand, the property says so. */
import { describe, expect, test } from 'vitest';
import type { SafetyName, Violation } from '../../src/conformance/safety.ts';
import { judge, SafetyMonitor, violations } from '../../src/conformance/safety.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import {
  changeCodes,
  HOST_SHARED,
  PTE_SHARED,
  pageIndex,
  UNCERTAIN,
  writeByte,
} from '../../src/kernel/memory.ts';
import { giveBlock, takeBlock } from '../../src/kernel/page-alloc.ts';
import type { Args } from '../../src/kernel/steps.ts';
import type { TraceRecord } from '../../src/kernel/task.ts';
import {
  BASELINE,
  CCA,
  graceAndCallback,
  machine,
  mapAll,
  TDX,
  unmapAll,
  until,
  V5,
} from '../kernel/machine.ts';

const false_ = (k: Kernel): SafetyName[] => [...new Set(judge(k).standing.map((s) => s.property))].sort();
const SHARED = PTE_SHARED | HOST_SHARED;

test('nothing is false after boot, in the middle of a map, and behind it', () => {
  for (const platform of [TDX, CCA]) {
    const k = machine(platform, V5);
    expect(false_(k)).toEqual([]);
    k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
    while (k.pending().length > 0) {
      k.resume('driver/0', k.pending()[0]!.step.answers?.[0]);
      expect(false_(k)).toEqual([]);
    }
  }
});

describe('properties of states', () => {
  test.each<[SafetyName, (k: Kernel) => void]>([
    ['free-private', (k) => changeCodes(k.state.memory, k.state.buddy.free[0]! * 4096, 1, SHARED, 0)],
    ['no-exposure', (k) => changeCodes(k.state.memory, k.state.drivers[1]!.buffer, 1, SHARED, 0)],
    [
      'one-owner',
      (k) => {
        giveBlock(k.state.buddy, k.state.memory, k.state.drivers[1]!.buffer, 0);
      },
    ],
    [
      'pool-tells-the-truth',
      (k) => {
        k.state.mems[0]!.unencrypted = false;
      },
    ],
    [
      'nothing-leaks',
      (k) => {
        takeBlock(k.state.buddy, 3);
      },
    ],
  ])('%s', (name, damage) => {
    const k = machine(TDX, V5);
    mapAll(k);
    damage(k);
    expect(false_(k)).toEqual([name]);
  });

  test('address-matches-memory and device-can-reach: the mapped page turns private', () => {
    for (const [platform, name] of [
      [CCA, 'address-matches-memory'],
      [TDX, 'device-can-reach'],
    ] as const) {
      const k = machine(platform, V5);
      mapAll(k);
      changeCodes(k.state.memory, k.state.pools[1]!.start, 1, 0, SHARED);
      expect(false_(k)).toContain(name);
    }
  });

  test('device-can-reach: a private address for an untrusted device', () => {
    const k = machine(CCA, V5);
    mapAll(k);
    const d = k.state.drivers[0]!;
    d.mapping = { ...d.mapping!, dma: d.mapping!.dma - 2 ** 47 };
    expect(false_(k)).toContain('device-can-reach');
  });

  test('nothing-leaks: pages in uncertain state may be leaked', () => {
    const k = machine(TDX, V5);
    changeCodes(k.state.memory, takeBlock(k.state.buddy, 1), 2, UNCERTAIN, 0);
    expect(judge(k)).toEqual({ standing: [], leakedOnPurpose: true });
  });
});

describe('properties of steps', () => {
  test('no-use-after-free: a pool is freed while a reader stands on it', () => {
    const k = machine(TDX, BASELINE);
    mapAll(k);
    const monitor = new SafetyMonitor(k);
    k.stimulate('find_pool', { reader: 1 });
    until(k, 'reader/1', 'read_pool');
    k.resume('reader/1');
    k.resume('reader/1');
    until(k, 'reader/1', 'read_pool'); // on the transient pool
    unmapAll(k);
    // A grace period that forgot the reader.
    k.stimulate('rcu_gp_start');
    k.state.rcu.gp!.readers = [];
    k.stimulate('rcu_gp_end');
    k.stimulate('rcu_softirq', { cpu: 0 });
    const found: Violation[] = [];
    while (k.hasTask('softirq/0')) found.push(...monitor.after(k.resume('softirq/0')));
    expect(found.filter((v) => v.property === 'no-use-after-free').map((v) => v.site)).toEqual([
      'swiotlb_dyn_free',
      'swiotlb_dyn_free',
      'swiotlb_dyn_free',
    ]);
    // And the reader's next step is the use.
    expect(monitor.after(k.resume('reader/1')).map((v) => v.property)).toContain('no-use-after-free');
  });

  test('data-arrives: a byte changes on the way in, and on the way out', () => {
    const k = machine(TDX, V5);
    const monitor = new SafetyMonitor(k);
    k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
    until(k, 'driver/0', 'dma_map_phys_ret');
    writeByte(k.state.memory, k.state.pools[1]!.start, 0xee);
    expect(monitor.after(k.resume('driver/0')).map((v) => v.property)).toEqual(['data-arrives']);
    k.stimulate('deviceWrite', { driver: 0 });
    k.stimulate('unmap', { driver: 0, context: 'process' });
    until(k, 'driver/0', 'dma_unmap_phys_ret');
    writeByte(k.state.memory, k.state.drivers[0]!.buffer + 4095, 0xee);
    expect(monitor.after(k.resume('driver/0')).map((v) => v.property)).toEqual(['data-arrives']);
  });

  test('free-undoes-alloc, no-sleep-in-atomic: the free of a transient pool before 17 and 20', () => {
    const k = machine(CCA, BASELINE);
    mapAll(k);
    unmapAll(k);
    const monitor = new SafetyMonitor(k);
    const at = pageIndex(k.state.memory, k.state.pools[1]!.start);
    const found = graceAndCallback(k).flatMap((r) => monitor.after([r]));
    expect(found.map((v) => `${v.property} ${v.site}`)).toEqual(
      expect.arrayContaining([
        'no-sleep-in-atomic swiotlb_dyn_free',
        'free-undoes-alloc swiotlb_dyn_free',
        'one-owner swiotlb_dyn_free',
      ]),
    );
    expect(k.state.memory.codes[at]).toBe(0);
  });
});

describe('who owns memory, and what still refers to it', () => {
  const standing = (k: Kernel): string[] => judge(k).standing.map((s) => `${s.property}: ${s.because}`);
  /** Run the driver to the end, every choice answered 'ok'. */
  const allocate = (k: Kernel, args: Partial<Args> = {}): void => {
    const request = { driver: 0, fn: 'dma_alloc_attrs', context: 'process', bytes: 8192, attrs: '' };
    k.stimulate('alloc', { ...request, ...args } as Args);
    while (k.pending().length > 0) k.resume('driver/0', k.pending()[0]!.step.answers?.[0]);
  };

  test('an allocation belongs to the driver: its pages, given away behind its back, have two owners', () => {
    const k = machine(TDX, V5);
    allocate(k);
    expect(standing(k)).toEqual([]);
    const { dma } = k.state.drivers[0]!.allocations[0]!;
    changeCodes(k.state.memory, dma, 2, 0, SHARED);
    giveBlock(k.state.buddy, k.state.memory, dma, 1);
    expect(false_(k)).toEqual(['device-can-reach', 'one-owner']);
  });

  test('memory that an atomic pool lent stays its own, until the pool thinks that it has it back', () => {
    const k = machine(CCA, V5);
    allocate(k, { context: 'atomic' });
    expect(standing(k)).toEqual([]);
    k.state.atomicPools[0]!.pool.chunks[0]!.bits.fill(0);
    expect(standing(k)[0]).toMatch(/^one-owner: page .* belongs to atomic pool kernel and to allocation 0/);
  });

  test('an allocation that nobody remembers is a leak, and its alias is left behind', () => {
    const k = machine(CCA, V5, { coherent: false });
    allocate(k);
    expect(standing(k)).toEqual([]);
    k.state.drivers[0]!.allocations.length = 0;
    expect(false_(k)).toEqual(['free-undoes-alloc', 'nothing-leaks']);
  });

  test('pages that CMA has not handed out are private', () => {
    const k = machine(TDX, V5, {}, { cmaPages: 16 });
    changeCodes(k.state.memory, k.state.cma.phys + 4096, 1, SHARED, 0);
    expect(standing(k)[0]).toMatch(/^free-private: page .* of CMA is not private/);
  });

  test('slots that a restricted pool lent, and took back too early', () => {
    const k = machine(CCA, V5, { restrictedPool: true });
    allocate(k);
    expect(standing(k)).toEqual([]);
    const slots = k.state.slots.find(({ fields }) => fields !== null)!;
    slots.fields!.list.fill(1);
    expect(standing(k)[0]).toMatch(/^one-owner: page .* belongs to .* and to /);
  });

  test('a guest that is over is not judged', () => {
    const k = machine(TDX, V5);
    takeBlock(k.state.buddy, 3);
    expect(false_(k)).toEqual(['nothing-leaks']);
    k.end('a page state was refused');
    expect(judge(k)).toEqual({ standing: [], leakedOnPurpose: false });
  });

  test('a device that becomes a forced one was given nothing then', () => {
    const k = machine({ ...TDX, forces: 'none' }, V5, {}, { defaultPoolFull: false });
    k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
    while (k.pending().length > 0) k.resume('driver/0', k.pending()[0]!.step.answers?.[0]);
    const held = k.state.drivers[0]!.mapping;
    const forced = machine(TDX, V5);
    forced.state.drivers[0]!.mapping = { ...held!, dma: forced.state.drivers[0]!.buffer };
    const standingNow = judge(forced).standing;
    const record = (step: string): TraceRecord => ({
      actor: 'world',
      cpu: null,
      context: null,
      fn: '',
      stack: [],
      step,
      args: {},
    });
    const laid = (step: string): string[] =>
      violations(forced, [record(step)], [], standingNow).map(({ property }) => property);
    expect(laid('set_coherent_mask')).not.toContain('device-can-reach');
    expect(laid('dma_map_phys_ret')).toContain('device-can-reach');
  });
});
