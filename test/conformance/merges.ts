/** Small workloads, every merge of whose exploration can be checked. */
import { expect } from 'vitest';
import type { Exploration, ExploreConfig } from '../../src/conformance/explore.ts';
import { explore } from '../../src/conformance/explore.ts';
import type { OmittedLocal } from '../../src/conformance/state-key.ts';
import type { Workload } from '../../src/conformance/workloads.ts';
import { deviceWrite, lookUp, map, unmap } from '../../src/conformance/workloads.ts';
import { BASELINE, CCA, OPTIONS, TDX, V5 } from '../kernel/machine.ts';
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

export const slots = small(
  'slots',
  { threads: [driver(map(0, 'process'), deviceWrite(0), unmap(0, 'process')), reader], works: [] },
  { defaultPoolFull: false },
);
export const walk = small(
  'walk',
  { prepare: [map(0, 'process')], threads: [driver(unmap(0, 'process')), reader], works: [] },
  { defaultPoolFull: false },
);
export const transient = small('transient', {
  prepare: [map(0, 'process')],
  threads: [driver(unmap(0, 'process')), reader],
  works: ['dyn_free'],
});
export const grow = small('grow', { prepare: [map(0, 'process')], threads: [reader], works: ['dyn_alloc'] });
export const retry = small('retry', {
  threads: [driver(map(0, 'atomic', 'narrow'), map(0, 'process', 'narrow'))],
  works: ['dyn_free'],
});
export const alone = small('alone', {
  threads: [driver(map(0, 'atomic'), unmap(0, 'process'))],
  works: ['dyn_free'],
});

export const CONFIGS: readonly (readonly [string, ExploreConfig])[] = [
  ['tdx v5', { platform: TDX, patches: V5, options: OPTIONS }],
  ['cca baseline', { platform: CCA, patches: BASELINE, options: OPTIONS }],
];

/** Differences between merged schedules, and how many merges there were. */
export function checkMerges(w: Workload, config: ExploreConfig, omit?: OmittedLocal) {
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

/** Every merge of the workload goes on alike. */
export function expectSoundMerges(w: Workload, config: ExploreConfig): void {
  const { merges, differences, result } = checkMerges(w, config);
  expect(result.complete).toBe(true);
  expect(merges).toBeGreaterThan(0);
  expect(differences).toEqual([]);
}

/** Its verdicts are those of an exploration that merges nothing. */
export function expectUnmergedVerdicts(w: Workload, config: ExploreConfig): void {
  const merged = explore(w, config);
  const all = explore(w, config, { merge: false });
  expect(all.complete).toBe(true);
  expect(all.states).toBeGreaterThan(merged.states);
  expect(verdicts(merged)).toEqual(verdicts(all));
}

function verdicts(e: Exploration) {
  return {
    violations: e.violations.map((v) => `${v.property} ${v.site} ${v.schedule.length}`).sort(),
    witnesses: e.witnesses,
  };
}
