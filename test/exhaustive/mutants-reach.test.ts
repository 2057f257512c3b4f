/** Mutants that the system never comes to are told from the original's graph; exploring them must say the same. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { mutatedNetwork } from '../../src/conformance/mutants/build.ts';
import { originalOf } from '../../src/conformance/mutants/configurations.ts';
import { firstDifference } from '../../src/conformance/mutants/difference.ts';
import { unaffected } from '../../src/conformance/mutants/reach.ts';
import { mutantsOfSystem } from '../../src/conformance/mutants/run.ts';
import { defaultSubject } from '../../src/conformance/subject.ts';
import { explore, type Network } from '../../src/lts/index.ts';
import { BASELINE, PLATFORMS, V5 } from '../../src/series/index.ts';
import { networks } from '../lts/random.ts';

/** The network with one entry of one table changed: dropped, added or led elsewhere. */
const change = fc.record({ instance: fc.nat(5), entry: fc.nat(60), to: fc.integer({ min: -1, max: 4 }) });

function changed(network: Network, { instance, entry, to }: { instance: number; entry: number; to: number }) {
  const i = instance % network.instances.length;
  const instances = network.instances.map((one, at) => {
    if (at !== i) return one;
    const next = Int32Array.from(one.lts.next);
    next[entry % next.length] = Math.min(to, one.lts.states.length - 1);
    return { ...one, lts: { ...one.lts, next } };
  });
  return { ...network, instances };
}

describe('a network that is said to be unaffected', () => {
  test('is the same, state by state: random networks with one or two changed entries', () => {
    const seen = { same: 0, unaffected: 0, different: 0 };
    fc.assert(
      fc.property(networks(), fc.array(change, { minLength: 1, maxLength: 2 }), (network, changes) => {
        const original = explore(network);
        const mutant = changes.reduce(changed, network);
        const same = firstDifference(original, explore(mutant)) === null;
        const told = unaffected(original, mutant);
        if (told) expect(same).toBe(true);
        seen[told ? 'unaffected' : same ? 'same' : 'different']++;
      }),
      { numRuns: 1000, seed: 7 },
    );
    // It must be able to say both, and seldom miss what is the same.
    expect(seen.different).toBeGreaterThan(100);
    expect(seen.unaffected).toBeGreaterThan(10 * seen.same);
  });

  test('is the same: mutants of boot', () => {
    const system = SYSTEMS.find(({ name }) => name === 'boot')!;
    const told = { yes: 0, no: 0 };
    for (const [at, mutant] of mutantsOfSystem(system).entries()) {
      if (at % 61 !== 0) continue;
      for (const [series, platform] of [
        [V5, 'cca'],
        [BASELINE, 'snp'],
      ] as const) {
        const subject = defaultSubject(system, series, PLATFORMS.find((one) => one.name === platform)!);
        const { graph } = originalOf(subject);
        const network = mutatedNetwork(subject, graph.network, mutant);
        if (network === graph.network) continue;
        const yes = unaffected(graph, network);
        told[yes ? 'yes' : 'no']++;
        const { id } = mutant;
        if (yes) expect(firstDifference(graph, explore(network)), `${id} on ${platform}`).toBeNull();
      }
    }
    expect(Math.min(told.yes, told.no)).toBeGreaterThan(10);
  });
});
