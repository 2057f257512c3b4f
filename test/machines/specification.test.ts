/** The specification held from the outside: rules that every system keeps, and machines that are what XState says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MEASURED_SYSTEMS, SYSTEMS } from '../../machines/systems/index.ts';
import { SYSTEM_NAMES } from '../../machines/systems/names.ts';
import { checkSubject } from '../../src/conformance/subject.ts';
import { BASELINE, PLATFORMS, V5 } from '../../src/series/index.ts';
import { subject } from '../conformance/subjects.ts';
import { expectCompiledAsXState } from './compiled.ts';

describe('every system', () => {
  test('is held to rules in a file of its own', () => {
    const general = ['specification.test.ts', 'pinned-counts.test.ts'];
    const files = [import.meta.dirname, join(import.meta.dirname, '../exhaustive')].flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.ts') && !general.includes(name))
        .map((name) => join(folder, name)),
    );
    const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    expect(SYSTEMS.filter(({ name }) => !text.includes(`'${name}'`)).map(({ name }) => name)).toEqual([]);
  });
});

test('the systems are listed by name', () => {
  expect(SYSTEM_NAMES).toEqual(SYSTEMS.map(({ name }) => name));
});

describe('each machine, compiled, is what XState and @xstate/graph say it is', () => {
  // On every platform, with every series: test/exhaustive.
  test.each([...SYSTEMS, ...MEASURED_SYSTEMS])(
    '$name: on tdx, cca and sme, v5 and the baseline',
    (system) => {
      const platforms = PLATFORMS.filter(({ name }) => ['tdx', 'cca', 'sme'].includes(name));
      expectCompiledAsXState(system, platforms, [V5, BASELINE]);
    },
  );
});

describe('machines without a patch fail in the known way', () => {
  const broken = (series: string, platform: string, options = {}) =>
    checkSubject(subject(series, platform, options)).verdicts.flatMap(({ name, counterexamples }) =>
      counterexamples.map(({ site, steps }) => `${name} at ${site} in ${steps} steps`),
    );

  test('the whole series keeps every property', () => {
    expect(broken('v5', 'tdx')).toEqual([]);
    expect(broken('v5', 'cca')).toEqual([]);
  });

  test('on tdx the baseline keeps them too: a pool from the atomic pool goes back there, and converts nothing', () => {
    expect(broken('baseline', 'tdx')).toEqual([]);
  });

  test('on cca the baseline looks the buffer up under the wrong address, and converts and frees what it does not own', () => {
    expect(broken('baseline', 'cca')).toEqual([
      'no-sleep-in-atomic at swiotlb_alloc_pool in 8 steps',
      'no-sleep-in-atomic at swiotlb_find_slots in 9 steps',
      'no-sleep-in-atomic at swiotlb_dyn_free in 19 steps',
      'one-owner at swiotlb_alloc_pool in 14 steps',
      'one-owner at swiotlb_find_slots in 15 steps',
      'one-owner at swiotlb_dyn_free in 25 steps',
      'free-undoes-alloc at swiotlb_alloc_pool in 8 steps',
      'free-undoes-alloc at swiotlb_find_slots in 9 steps',
      'free-undoes-alloc at swiotlb_dyn_free in 19 steps',
      'nothing-leaks at swiotlb_alloc_pool in 14 steps',
      'nothing-leaks at swiotlb_find_slots in 15 steps',
      'nothing-leaks at swiotlb_dyn_free in 25 steps',
    ]);
  });

  test('patch 17 takes the conversion out of softirq and out of the search, not out of the allocation', () => {
    const sleeps = broken('prefix:17', 'cca').filter((text) => text.startsWith('no-sleep-in-atomic'));
    expect(sleeps).toEqual(['no-sleep-in-atomic at swiotlb_alloc_pool in 8 steps']);
  });

  test('once patch 20 is in, patch 17 repairs nothing here', () => {
    expect(broken('without:17', 'cca')).toEqual([]);
  });

  test('a device that is not forced makes the baseline convert in atomic context on tdx too', () => {
    expect(broken('baseline', 'tdx', { device: 'trusted' })).toEqual([
      'no-sleep-in-atomic at swiotlb_alloc_pool in 6 steps',
      'no-sleep-in-atomic at swiotlb_find_slots in 14 steps',
      'no-sleep-in-atomic at swiotlb_dyn_free in 24 steps',
    ]);
  });
});
