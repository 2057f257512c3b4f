/** What must come, as a Promela model of its own; and Spin, where it is present, judges alike. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spinFindsLasso, spinMissing } from '../../scripts/spin-run.ts';
import { check, compose, explore } from '../../src/lts/index.ts';
import { fairnessFlag, promelaLiveness } from '../../src/render/promela-liveness.ts';
import { getsIn, lockNetwork } from '../lts/examples.ts';
import { networks } from '../lts/random.ts';
import { leadsTo, leadsToChoices } from '../lts/random-properties.ts';

const HEADING = { title: 'two-users', command: 'a test' };
const labelled =
  (...labels: string[]) =>
  ({ label }: { label: string }) =>
    labels.includes(label);
const served = getsIn({ name: 'b acquires', event: labelled('acquire[by=b]') });

test('two users and a lock: a process for what is fair, one for the rest, and a claim', () => {
  const model = promelaLiveness(compose(lockNetwork()), served, HEADING);
  const fair = model.slice(
    model.indexOf('active proctype fair_b_acquires'),
    model.indexOf('active proctype rest'),
  );
  const rest = model.slice(model.indexOf('active proctype rest'));
  expect(fair).toContain('/* acquire[by=b], observation of b */');
  expect(fair).not.toContain('acquire[by=a]');
  expect(rest).toContain('/* acquire[by=a], observation of a */');
  expect(rest).not.toContain('acquire[by=b]');
  // The rest may do nothing, for ever.
  expect(rest).toContain('  :: d_step { true -> skip }\n  od\n}');
  expect(model).toContain('  :: true && begins -> goto accept_steady');
  expect(model).not.toContain('phase');
  expect(model).not.toContain('mark');
});

test('with events that end and events that recur the claim waits for both', () => {
  const both = { ...served, onlyOnStem: labelled('acquire[by=a]'), recurring: labelled('release[by=b]') };
  const model = promelaLiveness(compose(lockNetwork()), both, HEADING);
  expect(model).toContain('  :: phase == 0 && begins -> goto missing');
  expect(model).toContain('  :: misses && phase == 1 && mark == 1 -> goto accept_changed');
  expect(model).toContain('  :: phase == 0 -> phase = 1');
  expect(model).toContain('phase = (phase == 1 -> 2 : phase);');
  expect(model).toContain('mark = (phase == 1 -> 1 - mark : mark);');
});

test('Spin is told to have room for as many processes as there are', () => {
  const sets = (n: number) => ({ fair: Array.from({ length: n }, () => served.fair[0]!) });
  expect([0, 4, 5, 11].map((n) => fairnessFlag(sets(n)))).toEqual([
    '-DNFAIR=1',
    '-DNFAIR=2',
    '-DNFAIR=3',
    '-DNFAIR=4',
  ]);
});

const missing = spinMissing();
// In CI a missing tool is a failure; elsewhere the test says that it was skipped, and how to get it.
describe.skipIf(missing !== null && process.env.CI === undefined)(
  missing === null ? 'Spin' : `Spin (skipped: ${missing})`,
  () => {
    test('random networks: it finds a lasso where there is one', async () => {
      expect(missing).toBeNull();
      let fails = 0;
      await fc.assert(
        fc.asyncProperty(networks(3), leadsToChoices(5), async (network, choice) => {
          fc.pre(choice.from !== choice.to);
          const graph = explore(network);
          fc.pre(graph.transitions > 4 && network.instances[0]!.lts.states.length > 1);
          const property = leadsTo(choice);
          const found = check(graph, [property])[0]!.status === 'fails';
          if (found) fails++;
          expect(await spinFindsLasso(network, property, graph.states)).toBe(found);
        }),
        { numRuns: 8, seed: 2, endOnFailure: true },
      );
      expect(fails).toBeGreaterThan(1);
      expect(fails).toBeLessThan(8);
    }, 120_000);
  },
);
