/**
 * States are merged by key. That is sound only if everything that a kernel function remembers stands in
 * its frame; here every merge of small workloads is checked by running both schedules on, and the
 * verdicts are compared with an exploration that merges nothing.
 */
import { describe, expect, test } from 'vitest';
import { StateKeys } from '../../src/conformance/state-key.ts';
import type { Json } from '../../src/kernel/task.ts';
import { CCA, finish, machine, mapAll, unmapAll, until, V5 } from '../kernel/machine.ts';
import { alone, CONFIGS, checkMerges, expectSoundMerges, expectUnmergedVerdicts, grow } from './merges.ts';

const [, tdx] = CONFIGS[0]!;

describe('tdx v5; the other workloads and cca: test/exhaustive', () => {
  test('every merge of grow goes on alike', () => expectSoundMerges(grow, tdx));

  test('verdicts of alone are those of an exploration that merges nothing', () =>
    expectUnmergedVerdicts(alone, tdx));
});

test('a frame with one local left out is found out by the check of the merges', () => {
  for (const [fn, local] of [
    ['swiotlb_find_pool', 'pool'],
    ['__set_memory_enc_pgtable', 'range'],
  ] as const) {
    const { differences } = checkMerges(grow, tdx, { fn, local });
    expect(differences, `${fn}.${local}`).not.toEqual([]);
  }
});

test('the key tells apart any two kernels that differ in one value', () => {
  const k = machine(CCA, V5, {}, { atomicPoolBuffers: 2, defaultPoolFull: true });
  mapAll(k, 0);
  mapAll(k, 1);
  unmapAll(k, 0);
  k.stimulate('rcu_gp_start');
  unmapAll(k, 1);
  k.stimulate('find_pool', { reader: 1 });
  until(k, 'reader/1', 'read_pool');
  k.stimulate('map', { driver: 0, context: 'atomic', boundary: 'wide', bytes: 8192 });
  until(k, 'driver/0', 'schedule_work');
  const keys = new StateKeys();
  const key = keys.of(k, '');
  let places = 0;
  // Pending steps follow from the frames; nothing else is left out.
  visit(k.state as unknown as Json, (where, change) => {
    const undo = change();
    expect(keys.of(k, ''), where).not.toBe(key);
    undo();
    places++;
  });
  expect(keys.of(k, '')).toBe(key);
  expect(places).toBeGreaterThan(150);
  expect(keys.of(k, 'x')).not.toBe(key);
  finish(k, 'driver/0');
  expect(keys.of(k, '')).not.toBe(key);
});

/** Every number, text, truth value of plain data, as something that can be changed and put back. */
function visit(value: Json, at: (where: string, change: () => () => void) => void, where = 'state'): void {
  if (value === null || typeof value !== 'object') return;
  const table = value as Record<string, Json>;
  const changeTo = (key: string, now: Json): void =>
    at(`${where}.${key}`, () => {
      const old = table[key]!;
      table[key] = now;
      return () => {
        table[key] = old;
      };
    });
  for (const key of Object.keys(table)) {
    const old = table[key]!;
    if (key === 'pending') continue;
    // Page codes and contents are replaced as a whole, never written to; slots that nobody touched are
    // told by how they began.
    if (key === 'codes') changeTo(key, (old as number[]).with(7, 12));
    else if (key === 'bytes' && old !== null && typeof old === 'object')
      for (const page of Object.keys(old)) changeTo(key, { ...old, [page]: [0, 99] });
    else if (key === 'fields' && old === null) continue;
    else if (old === null) changeTo(key, 1);
    else if (typeof old === 'object') visit(old, at, `${where}.${key}`);
    else if (typeof old === 'number') changeTo(key, old + 1);
    else changeTo(key, typeof old === 'boolean' ? !old : `${old}x`);
  }
}
