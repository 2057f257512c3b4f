import { describe, expect, test } from 'vitest';
import type { Exploration } from '../../src/conformance/explore.ts';
import { explore } from '../../src/conformance/explore.ts';
import { WorkloadRun } from '../../src/conformance/explore-run.ts';
import { SafetyMonitor } from '../../src/conformance/safety.ts';
import type { Workload } from '../../src/conformance/workloads.ts';
import { map, unmap, WORKLOADS } from '../../src/conformance/workloads.ts';
import type { PlatformFacts } from '../../src/kernel/config.ts';
import { kernelMaker } from '../../src/kernel/index.ts';
import { BASELINE, CCA, OPTIONS, TDX, V5 } from '../kernel/machine.ts';

const workload = (name: string): Workload => {
  const w = WORKLOADS.find((x) => x.name === name);
  if (w === undefined) throw new Error(`no workload ${name}`);
  return w;
};
const on = (platform: PlatformFacts, patches: ReadonlySet<number>, trusted = false) => ({
  platform,
  patches,
  options: { ...OPTIONS, trusted },
});
type Kernel = ReturnType<typeof on>;
/** Explored once for all tests that ask. */
const explored = new Map<string, Exploration>();
const exploreOnce = (name: string, kernel: Kernel): Exploration => {
  const { platform, patches, options } = kernel;
  const key = JSON.stringify([name, platform.name, [...patches], options]);
  const known = explored.get(key) ?? explore(workload(name), kernel);
  explored.set(key, known);
  return known;
};
/** Property and kernel function of each violation, and how many steps it takes. */
const list = (e: Exploration): string[] =>
  e.violations.map((v) => `${v.property} ${v.site} ${v.schedule.length}`).sort();

test('shortest way to the conversion in softirq: a map, an unmap, a grace period, the callback', () => {
  const e = exploreOnce('remap-while-pending', on(CCA, BASELINE));
  const found = e.violations.find((v) => v.property === 'no-sleep-in-atomic')!;
  expect(found).toMatchObject({
    site: 'swiotlb_dyn_free',
    because: 'set_memory_encrypted in softirq context',
  });
  const names = found.schedule.map((a) => a.step);
  expect(names.slice(-7)).toEqual([
    'call_rcu',
    'rcu_gp_start',
    'rcu_gp_end',
    'rcu_softirq',
    'free_pages',
    'dma_free_from_pool',
    'set_memory_encrypted',
  ]);
  // Nobody else needs to do anything.
  expect(new Set(found.schedule.map((a) => a.actor))).toEqual(new Set(['driver/0', 'world', 'softirq/0']));
});

describe('baseline', () => {
  test('cca: pages of the atomic pool are encrypted and given to the page allocator', () => {
    const e = exploreOnce('search-fails', on(CCA, BASELINE));
    expect(list(e)).toEqual([
      'free-undoes-alloc swiotlb_alloc_pool 13',
      'free-undoes-alloc swiotlb_find_slots 15',
      'no-sleep-in-atomic swiotlb_alloc_pool 13',
      'no-sleep-in-atomic swiotlb_find_slots 15',
      'nothing-leaks swiotlb_alloc_pool 19',
      'nothing-leaks swiotlb_find_slots 22',
      'one-owner swiotlb_alloc_pool 19',
      'one-owner swiotlb_find_slots 21',
    ]);
  });

  test('tdx, a device that is forced: memory comes from the atomic pool and goes back, nothing is converted', () => {
    for (const name of ['search-fails', 'remap-while-pending'])
      expect(list(exploreOnce(name, on(TDX, BASELINE)))).toEqual([]);
  });

  test('tdx, a trusted device: an atomic map converts, and so does the softirq that frees', () => {
    const once = (context: 'process' | 'atomic'): Workload => ({
      name: 'once',
      when: 'named',
      about: '',
      sizes: {},
      threads: [{ thread: 'driver/0', ops: [map(0, context), unmap(0, context)] }],
      works: ['dyn_free'],
    });
    expect(list(explore(once('atomic'), on(TDX, BASELINE, true)))).toEqual([
      'no-sleep-in-atomic swiotlb_alloc_pool 11',
      'no-sleep-in-atomic swiotlb_dyn_free 44',
    ]);
    const e = explore(once('process'), on(TDX, BASELINE, true));
    expect(e.violations.map((v) => v.because)).toEqual(['set_memory_encrypted in softirq context']);
  });
});

describe('v5', () => {
  test.each([
    ['tdx', TDX, false],
    ['cca', CCA, false],
    ['tdx, trusted device', TDX, true],
  ] as const)('%s: no violation', (_, platform, trusted) => {
    for (const w of WORKLOADS) {
      // The largest are explored by the commands; here the ones that take a moment.
      if (w.when !== 'start') continue;
      const e = exploreOnce(w.name, on(platform, V5, trusted));
      expect(e.complete).toBe(true);
      expect(e.violations).toEqual([]);
    }
  });

  test('every witness occurs in some workload', () => {
    const seen = new Set<string>();
    for (const name of ['grown-pool', 'search-fails', 'remap-while-pending'])
      for (const w of exploreOnce(name, on(CCA, V5)).witnesses) seen.add(w);
    expect([...seen].sort()).toEqual([
      'address-matches-memory',
      'data-arrives',
      'device-can-reach',
      'free-private',
      'free-undoes-alloc',
      'no-exposure',
      'no-sleep-in-atomic',
      'no-use-after-free',
      'nothing-leaks',
      'one-owner',
      'pool-tells-the-truth',
    ]);
  });
});

test('without one patch the fault that it repairs is back', () => {
  const without = (n: number) => new Set([...V5].filter((p) => p !== n));
  expect(
    list(exploreOnce('remap-while-pending', on(CCA, without(20)))).some((v) => v.startsWith('one-owner')),
  ).toBe(true);
  // 17 alone repairs nothing on these platforms while 20 sends the memory back to the atomic pool.
  expect(list(exploreOnce('remap-while-pending', on(CCA, without(17))))).toEqual([]);
});

test('counts are the same from run to run', () => {
  const count = (name: string) => {
    const { states, transitions, depth, ends } = exploreOnce(name, on(TDX, V5));
    return { states, transitions, depth, ends };
  };
  expect(count('search-fails')).toEqual({ states: 1996, transitions: 4468, depth: 47, ends: 2 });
  expect(count('remap-while-pending')).toEqual({ states: 3610, transitions: 8300, depth: 90, ends: 4 });
  expect(count('grown-pool')).toEqual({ states: 2313, transitions: 4448, depth: 44, ends: 51 });
});

test('a bound that was hit is said', () => {
  const e = explore(workload('search-fails'), on(TDX, V5), { maxStates: 100 });
  expect(e).toMatchObject({ complete: false, states: 100 });
});

test('the schedule of a violation, replayed, shows it at its last action and not before', () => {
  const w = workload('remap-while-pending');
  const config = on(CCA, BASELINE);
  for (const v of exploreOnce(w.name, config).violations) {
    const run = new WorkloadRun(w, kernelMaker({ ...config, sizes: w.sizes })());
    const monitor = new SafetyMonitor(run.kernel);
    v.schedule.forEach((action, n) => {
      expect(run.actions()).toContainEqual(action);
      const now = monitor.after(run.take(action));
      const same = now.filter((x) => x.property === v.property && x.site === v.site);
      if (n < v.schedule.length - 1) expect(same).toEqual([]);
      else expect(same[0]!.because).toBe(v.because);
    });
  }
});
