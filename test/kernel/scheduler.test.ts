import { expect, test } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { lock, unlock } from '../../src/kernel/scheduler.ts';
import { finish, graceAndCallback, machine, mapAll, TDX, unmapAll, until, V5 } from './machine.ts';

const canRun = (k: Kernel, task: string): boolean | undefined =>
  k.pending().find((p) => p.task === task)?.runnable;

/** A callback of CPU 0 is ready to run. */
function withCallback(): Kernel {
  const k = machine(TDX, V5);
  mapAll(k);
  unmapAll(k);
  k.stimulate('rcu_gp_start');
  k.stimulate('rcu_gp_end');
  return k;
}

test('interrupts off keep the softirq away until the section is over', () => {
  const k = withCallback();
  expect(k.accepts('rcu_softirq', { cpu: 0 })).toBe(true);
  k.stimulate('map', { driver: 0, context: 'atomic', boundary: 'wide', bytes: 8192 });
  expect(k.accepts('rcu_softirq', { cpu: 0 })).toBe(false);
  expect(() => k.stimulate('rcu_softirq', { cpu: 0 })).toThrow(/rcu_softirq\[cpu=0\] is not accepted now/);
  finish(k, 'driver/0');
  expect(k.accepts('rcu_softirq', { cpu: 0 })).toBe(true);
});

test('a softirq runs on top of a task in process context, which waits for its exit', () => {
  const k = withCallback();
  k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
  k.stimulate('rcu_softirq', { cpu: 0 });
  expect(canRun(k, 'driver/0')).toBe(false);
  expect(() => k.resume('driver/0')).toThrow(/driver\/0 cannot run now/);
  expect(k.accepts('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 })).toBe(false);
  finish(k, 'softirq/0');
  expect(canRun(k, 'driver/0')).toBe(true);
});

test('tasks in process context interleave; an atomic section runs alone on its CPU', () => {
  const k = machine(TDX, V5, {}, { atomicPoolBuffers: 2 });
  mapAll(k, 0);
  k.stimulate('find_pool', { reader: 1 });
  k.stimulate('map', { driver: 1, context: 'atomic', boundary: 'wide', bytes: 8192 });
  expect(canRun(k, 'reader/1')).toBe(false);
  expect(canRun(k, 'driver/1')).toBe(true);
  finish(k, 'driver/1');
  expect(canRun(k, 'reader/1')).toBe(true);
});

test('who waits for a lock that is held cannot be scheduled', () => {
  const k = machine(TDX, V5);
  k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
  until(k, 'driver/0', 'list_add_rcu');
  lock(k.state, 'dma_io_tlb_lock', 'driver/1');
  expect(canRun(k, 'driver/0')).toBe(false);
  unlock(k.state, 'dma_io_tlb_lock', 'driver/1');
  expect(canRun(k, 'driver/0')).toBe(true);
});

test('a work item runs on the CPU where it was queued, once, however often it was queued', () => {
  const k = machine(TDX, V5, {}, { atomicPoolBuffers: 2 });
  mapAll(k, 1);
  mapAll(k, 0);
  expect(k.state.queued).toEqual([{ work: 'dyn_alloc', pool: 0, cpu: 1 }]);
  k.stimulate('kworker_start', { work: 'dyn_alloc' });
  expect(k.task('kworker/dyn_alloc').cpu).toBe(1);
  // Queued while it runs: pending again, but not beside itself.
  unmapAll(k, 0);
  graceAndCallback(k, 0);
  k.stimulate('kworker_start', { work: 'dyn_free', pool: k.state.queued[0]!.pool });
  finish(k, 'kworker/dyn_free');
  mapAll(k, 0);
  expect(k.state.queued).toEqual([{ work: 'dyn_alloc', pool: 0, cpu: 0 }]);
  expect(k.accepts('kworker_start', { work: 'dyn_alloc' })).toBe(false);
  finish(k, 'kworker/dyn_alloc');
  expect(k.accepts('kworker_start', { work: 'dyn_alloc' })).toBe(true);
});

test('messages name what was wrong and what is accepted', () => {
  const k = machine(TDX, V5);
  expect(() => k.resume('driver/0')).toThrow(
    'task "driver/0" has no pending step; tasks that have one: none',
  );
  expect(() => k.stimulate('mapp' as 'map')).toThrow(/unknown stimulus "mapp"; known: map, unmap/);
  k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
  until(k, 'driver/0', 'kzalloc');
  expect(() => k.resume('driver/0')).toThrow('kzalloc of driver/0 was answered nothing; accepted: ok, fail');
});
