/** The compiled form of a system's machines, held against the oracle. */
import { expect } from 'vitest';
import type { System } from '../../machines/systems/index.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { compileMachine, type MachineSpec } from '../../src/lts/index.ts';
import { defaultOptions, type Platform, type Series } from '../../src/series/index.ts';
import { adjacency } from './oracle.ts';

/** Every machine of the system there: local states, enabled events and where they lead are those of XState. */
export function expectCompiledAsXState(
  system: System,
  platforms: readonly Platform[],
  series: readonly Series[],
): void {
  const machines = machinesOf(system, platforms, series);
  expect(machines.size).toBeGreaterThan(1);
  for (const [name, spec] of machines) expect([name, compiled(spec)]).toEqual([name, adjacency(spec)]);
}

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
function machinesOf(
  system: System,
  platforms: readonly Platform[],
  all: readonly Series[],
): Map<string, MachineSpec> {
  const number = new Map<unknown, number>();
  const known = new Map<string, [string, MachineSpec]>();
  const tried = new Set<string>();
  for (const platform of platforms) {
    const facts = specFacts(platform, defaultOptions(platform));
    for (const series of all) {
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
