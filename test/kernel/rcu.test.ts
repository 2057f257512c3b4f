import { expect, test } from 'vitest';
import { showStep } from '../../src/kernel/index.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { finish, machine, mapAll, TDX, until, V5 } from './machine.ts';

function offered(k: Kernel): string[] {
  return k.stimuli().map(showStep);
}

/** A kernel whose device bounces already, so that a look-up walks the lists. */
function mapped(): Kernel {
  const k = machine(TDX, V5);
  mapAll(k);
  return k;
}

test('a reader that was inside when the grace period began holds it up; one that came later does not', () => {
  const k = mapped();
  k.stimulate('find_pool', { reader: 1 });
  k.resume('reader/1'); // reads the flag, enters the read-side section
  expect(k.task('reader/1').rcu).toBe(1);
  k.stimulate('unmap', { driver: 0, context: 'process' });
  finish(k, 'driver/0');
  k.stimulate('rcu_gp_start');
  expect(k.state.rcu.gp?.readers).toEqual(['reader/1']);
  expect(offered(k)).not.toContain('rcu_gp_end');
  finish(k, 'reader/1');
  // The same thread, inside anew: it entered after the beginning and does not count.
  k.stimulate('find_pool', { reader: 1 });
  k.resume('reader/1');
  expect(k.task('reader/1').rcu).toBe(1);
  expect(offered(k)).toContain('rcu_gp_end');
});

test('a callback registered after the beginning waits for the next grace period', () => {
  const k = machine(TDX, V5, {}, { atomicPoolBuffers: 2 });
  mapAll(k, 0);
  mapAll(k, 1);
  k.stimulate('unmap', { driver: 0, context: 'process' });
  finish(k, 'driver/0');
  k.stimulate('rcu_gp_start');
  k.stimulate('unmap', { driver: 1, context: 'process' });
  finish(k, 'driver/1');
  k.stimulate('rcu_gp_end');
  expect(k.state.rcu.done.map((c) => c.cpu)).toEqual([0]);
  expect(k.state.rcu.waiting.map((c) => c.cpu)).toEqual([1]);
  expect(offered(k)).toEqual(expect.arrayContaining(['rcu_softirq[cpu=0]', 'rcu_gp_start']));
  expect(offered(k)).not.toContain('rcu_softirq[cpu=1]');
});

test('no grace period without a callback', () => {
  expect(offered(mapped()).filter((s) => s.startsWith('rcu_'))).toEqual([]);
});

test('with RCU_CONSOLIDATED a CPU with interrupts off holds the grace period up, otherwise it does not', () => {
  for (const consolidated of [false, true]) {
    const k = machine(TDX, V5, { RCU_CONSOLIDATED: consolidated }, { atomicPoolBuffers: 2 });
    mapAll(k, 0);
    mapAll(k, 1);
    k.stimulate('unmap', { driver: 0, context: 'process' });
    finish(k, 'driver/0');
    k.stimulate('unmap', { driver: 1, context: 'atomic' });
    expect(k.task('driver/1')).toMatchObject({ context: 'atomic', rcu: 0 });
    k.stimulate('rcu_gp_start');
    expect(offered(k).includes('rcu_gp_end')).toBe(!consolidated);
    finish(k, 'driver/1');
    expect(offered(k)).toContain('rcu_gp_end');
  }
});

test('a walk of the lists is inside from its first read to its last', () => {
  const k = mapped();
  k.stimulate('find_pool', { reader: 1 });
  expect(k.task('reader/1').rcu).toBe(0);
  until(k, 'reader/1', 'list_first_rcu');
  expect(k.task('reader/1').rcu).toBe(1);
  until(k, 'reader/1', 'find_pool_ret');
  expect(k.task('reader/1').rcu).toBe(0);
});
