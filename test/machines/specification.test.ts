/** The specification held from the outside: rules that every system keeps, and machines that are what XState says. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MEASURED_SYSTEMS, SYSTEMS, type System } from '../../machines/systems/index.ts';
import { SYSTEM_NAMES } from '../../machines/systems/names.ts';
import { ALL_SERIES } from '../../src/cli/generate/exhibits.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { checkSubject } from '../../src/conformance/subject.ts';
import { compileMachine, type MachineSpec } from '../../src/lts/index.ts';
import { defaultOptions, PLATFORMS } from '../../src/series/index.ts';
import { subject } from '../conformance/subjects.ts';
import { adjacency } from './oracle.ts';

describe('every system', () => {
  test('is held to rules in a file of its own', () => {
    const general = ['specification.test.ts', 'pinned-counts.test.ts'];
    const files = readdirSync(import.meta.dirname).filter((name) => !general.includes(name));
    const text = files.map((name) => readFileSync(`${import.meta.dirname}/${name}`, 'utf8')).join('\n');
    expect(SYSTEMS.filter(({ name }) => !text.includes(`'${name}'`)).map(({ name }) => name)).toEqual([]);
  });
});

describe('each machine, compiled, is what XState and @xstate/graph say it is', () => {
  test('are listed by name', () => {
    expect(SYSTEM_NAMES).toEqual(SYSTEMS.map(({ name }) => name));
  });

  test.each([...SYSTEMS, ...MEASURED_SYSTEMS])('$name: on every platform, with every series', (system) => {
    const machines = machinesOf(system);
    expect(machines.size).toBeGreaterThan(1);
    for (const [name, spec] of machines) expect([name, compiled(spec)]).toEqual([name, adjacency(spec)]);
  });

  /** The compiled form, as the oracle writes it. */
  function compiled(spec: MachineSpec): Record<string, string[]> {
    const { states, events, next } = compileMachine(spec);
    return Object.fromEntries(
      states.map(({ key }, s) => [
        key,
        events.flatMap(({ label }, e) => {
          const target = next[s * events.length + e]!;
          return target < 0 ? [] : [`${label} → ${states[target]!.key}`];
        }),
      ]),
    );
  }

  /** Every machine that an instance of the system has on some platform with some patches; the same one once. */
  function machinesOf(system: System): Map<string, MachineSpec> {
    const number = new Map<unknown, number>();
    const known = new Map<string, [string, MachineSpec]>();
    const tried = new Set<string>();
    for (const platform of PLATFORMS) {
      const facts = specFacts(platform, defaultOptions(platform));
      for (const series of ALL_SERIES) {
        const acting = system.patches.filter((patch) => series.patches.has(patch)).join();
        if (tried.has(`${platform.name} ${acting}`)) continue;
        tried.add(`${platform.name} ${acting}`);
        for (const { name, spec } of system.network(series.patches, facts).instances) {
          const id = number.get(spec.machine) ?? number.size;
          number.set(spec.machine, id);
          const key = JSON.stringify([id, spec.alphabet, spec.input]);
          if (!known.has(key)) known.set(key, [`${name}, ${series.name}, ${platform.name}`, spec]);
        }
      }
    }
    return new Map(known.values());
  }
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
