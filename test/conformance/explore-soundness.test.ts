/**
 * States are merged by key. That is sound only if everything that a kernel function remembers stands in
 * its frame; here every merge of small workloads is checked by running both schedules on, and the
 * verdicts are compared with an exploration that merges nothing.
 */
import { describe, expect, test } from 'vitest';
import type { Exploration, ExploreConfig } from '../../src/conformance/explore.ts';
import { explore } from '../../src/conformance/explore.ts';
import type { OmittedLocal } from '../../src/conformance/state-key.ts';
import { StateKeys } from '../../src/conformance/state-key.ts';
import type { Workload } from '../../src/conformance/workloads.ts';
import { deviceWrite, lookUp, map, unmap } from '../../src/conformance/workloads.ts';
import type { Json } from '../../src/kernel/task.ts';
import {
  BASELINE,
  CCA,
  finish,
  machine,
  mapAll,
  OPTIONS,
  TDX,
  unmapAll,
  until,
  V5,
} from '../kernel/machine.ts';
import { MergeChecker } from './soundness.ts';

const small = (
  name: string,
  w: Omit<Workload, 'name' | 'about' | 'sizes' | 'when'>,
  more = {},
): Workload => ({
  name,
  about: '',
  when: 'named',
  sizes: { defaultAreas: 1, ...more },
  ...w,
});
const driver = (...ops: Workload['threads'][number]['ops']) => ({ thread: 'driver/0', ops });
const reader = { thread: 'reader/1', ops: [lookUp] };

const slots = small(
  'slots',
  { threads: [driver(map(0, 'process'), deviceWrite(0), unmap(0, 'process')), reader], works: [] },
  { defaultPoolFull: false },
);
const walk = small(
  'walk',
  { prepare: [map(0, 'process')], threads: [driver(unmap(0, 'process')), reader], works: [] },
  { defaultPoolFull: false },
);
const transient = small('transient', {
  prepare: [map(0, 'process')],
  threads: [driver(unmap(0, 'process')), reader],
  works: ['dyn_free'],
});
const grow = small('grow', { prepare: [map(0, 'process')], threads: [reader], works: ['dyn_alloc'] });
const retry = small('retry', {
  threads: [driver(map(0, 'atomic', 'narrow'), map(0, 'process', 'narrow'))],
  works: ['dyn_free'],
});
const alone = small('alone', {
  threads: [driver(map(0, 'atomic'), unmap(0, 'process'))],
  works: ['dyn_free'],
});

const CONFIGS: readonly (readonly [string, ExploreConfig])[] = [
  ['tdx v5', { platform: TDX, patches: V5, options: OPTIONS }],
  ['cca baseline', { platform: CCA, patches: BASELINE, options: OPTIONS }],
];

/** Differences between merged schedules, and how many merges there were. */
function checkMerges(w: Workload, config: ExploreConfig, omit?: OmittedLocal) {
  const checker = new MergeChecker(w, config);
  const differences: string[] = [];
  let merges = 0;
  const onMerge: NonNullable<Parameters<typeof explore>[2]>['onMerge'] = (known, merged) => {
    merges++;
    const found = checker.difference(known, merged);
    if (found !== null) differences.push(found);
  };
  const result = explore(w, config, omit === undefined ? { onMerge } : { onMerge, omit });
  return { merges, differences, result };
}

describe.each(CONFIGS)('%s', (_, config) => {
  test.each([slots, transient, grow, retry].map((w) => [w.name, w] as const))(
    'every merge of %s goes on alike',
    (_name, w) => {
      const { merges, differences, result } = checkMerges(w, config);
      expect(result.complete).toBe(true);
      expect(merges).toBeGreaterThan(0);
      expect(differences).toEqual([]);
    },
  );

  test.each([walk, alone].map((w) => [w.name, w] as const))(
    'verdicts of %s are those of an exploration that merges nothing',
    (_name, w) => {
      const merged = explore(w, config);
      const all = explore(w, config, { merge: false });
      expect(all.complete).toBe(true);
      expect(all.states).toBeGreaterThan(merged.states);
      expect(verdicts(merged)).toEqual(verdicts(all));
    },
  );
});

function verdicts(e: Exploration) {
  return {
    violations: e.violations.map((v) => `${v.property} ${v.site} ${v.schedule.length}`).sort(),
    witnesses: e.witnesses,
  };
}

test('a frame with one local left out is found out by the check of the merges', () => {
  const [, tdx] = CONFIGS[0]!;
  for (const [fn, local] of [
    ['swiotlb_find_pool', 'pool'],
    ['swiotlb_find_pool', 'at'],
    ['__set_memory_enc_pgtable', 'range'],
    ['set_memory_encrypted', 'ret'],
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
