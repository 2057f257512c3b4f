/** Promela out: readable, and Spin, where it is present, counts and judges alike. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runSpin, spinMissing } from '../../scripts/spin-run.ts';
import { check, compose, explore, type Property } from '../../src/lts/index.ts';
import { promela } from '../../src/render/promela.ts';
import { lockNetwork } from '../lts/examples.ts';
import { networks } from '../lts/random.ts';
import { exportedProperties } from '../lts/random-properties.ts';

const HEADING = { title: 'two-users', command: 'a test' };
const exclusion: Property = {
  name: 'never two at work',
  kind: 'invariant',
  doc: 'Never two at work.',
  over: ['a', 'b'],
  holds: (a, b) => a.value === 'outside' || b.value === 'outside' || 'both are at work',
};

test('two users and a lock, as a model that can be read', () => {
  expect(promela(compose(lockNetwork()), [exclusion], HEADING)).toMatchInlineSnapshot(`
    "/*
     * two-users: a network of 3 machines and 8 events.
     * Written by: a test
     *
     * Count:  spin -a model.pml && cc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m10000000 -E
     * Judge:  spin -a -DJUDGE -DP_never_two_at_work=1 model.pml, and on as before; so for each property.
     *         A property that shall be possible is reached where its assertion or claim is violated.
     */

    /* user */
    #define user_outside 0 /* outside */
    #define user_inside 1 /* inside */

    /* lock */
    #define lock_free_nobody 0 /* free {by=nobody} */
    #define lock_held_a 1 /* held {by=a} */
    #define lock_held_b 2 /* held {by=b} */

    byte a = user_outside;
    byte b = user_outside;
    byte lock = lock_free_nobody;

    /* invariant: Never two at work. */
    #ifndef P_never_two_at_work
    #define P_never_two_at_work 0
    #endif
    #define P_never_two_at_work_0 (b == user_outside)
    #define P_never_two_at_work_1 (a == user_outside || (a == user_inside && P_never_two_at_work_0))

    #ifdef JUDGE
    never {
      do
      :: P_never_two_at_work && !(P_never_two_at_work_1) -> break
      :: else
      od
    }
    #endif

    active proctype network() {
      do
      :: d_step { /* acquire[by=a], observation of a */
          a == user_outside && lock == lock_free_nobody ->
          a = user_inside; lock = lock_held_a
        }
      :: d_step { /* release[by=a], observation of a */
          a == user_inside && lock == lock_held_a ->
          a = user_outside; lock = lock_free_nobody
        }
      :: d_step { /* barge[by=a], stimulus of world */
          false ->
          skip
        }
      :: d_step { /* leave[by=a], stimulus of world */
          false ->
          skip
        }
      :: d_step { /* acquire[by=b], observation of b */
          b == user_outside && lock == lock_free_nobody ->
          b = user_inside; lock = lock_held_b
        }
      :: d_step { /* release[by=b], observation of b */
          b == user_inside && lock == lock_held_b ->
          b = user_outside; lock = lock_free_nobody
        }
      :: d_step { /* barge[by=b], stimulus of world */
          false ->
          skip
        }
      :: d_step { /* leave[by=b], stimulus of world */
          false ->
          skip
        }
      od
    }
    "
  `);
});

const missing = spinMissing();
// In CI a missing tool is a failure; elsewhere the test says that it was skipped, and how to get it.
describe.skipIf(missing !== null && process.env.CI === undefined)(
  missing === null ? 'Spin' : `Spin (skipped: ${missing})`,
  () => {
    test('random networks: states, transitions and every verdict are the same', async () => {
      expect(missing).toBeNull();
      let violated = 0;
      await fc.assert(
        fc.asyncProperty(networks(), fc.tuple(fc.nat(4), fc.nat(4), fc.nat(3)), async (network, choice) => {
          const properties = exportedProperties(network, choice);
          const graph = explore(network);
          const spin = await runSpin(network, properties, graph.states);
          expect([spin.states, spin.transitions]).toEqual([graph.states, graph.transitions + 1]);
          for (const { name, path } of check(graph, properties)) {
            expect([name, spin.violated.get(name)]).toEqual([name, path !== null]);
            if (path !== null) violated++;
          }
        }),
        { numRuns: 5, seed: 3 },
      );
      expect(violated).toBeGreaterThan(4);
    }, 120_000);
  },
);
