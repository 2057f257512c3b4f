/** Mutants of the machines are noticed: a fixed sample, different in kind, each with who must notice it. */
import { describe, expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { mutatedNetwork } from '../../src/conformance/mutants/build.ts';
import { ACTOR_RULE } from '../../src/conformance/mutants/configurations.ts';
import { judgeMutant } from '../../src/conformance/mutants/judge.ts';
import { disagreementOn, firstDisagreement } from '../../src/conformance/mutants/lockstep-run.ts';
import { mutantsOfSystem } from '../../src/conformance/mutants/run.ts';
import { networkOf } from '../../src/conformance/subject.ts';
import { compose, explore } from '../../src/lts/index.ts';
import { subject } from '../conformance/subjects.ts';

const SYSTEM = SYSTEMS.find(({ name }) => name === 'dynamic-pools')!;
const MUTANTS = new Map(mutantsOfSystem(SYSTEM).map((mutant) => [mutant.id, mutant]));
const mutantNamed = (id: string) => {
  const mutant = MUTANTS.get(id);
  if (mutant === undefined) throw new Error(`no mutant '${id}'; is the transition still there?`);
  return mutant;
};

/** Mutant, who notices it, under which name, on what. */
const SAMPLE: readonly [string, string, string, string][] = [
  // The pool leaves the reader's sight before its grace period.
  ['swiotlb-pool/unlinked/queue_rcu_work/retarget:none', 'property', 'no-use-after-free', 'v5, tdx'],
  // A mapper that cannot block converts.
  ['pool-allocation/descriptor/kzalloc#4/negate', 'property', 'no-sleep-in-atomic', 'v5, tdx'],
  ['dynamic-free/idle/kworker_start#3/retarget:free', 'property', 'free-private', 'v5, tdx'],
  ['page/lent/gen_pool_free/retarget:lent.shared', 'property', 'nothing-leaks', 'v5, tdx'],
  // A reader that never leaves.
  ['rcu-reader/heldUp/leave/retarget:heldUp', 'property', 'pool-comes-back', 'v5, tdx'],
  // Both answers at once, where the code decides.
  ['mapping/mapping.allocating/swiotlb_search_pool_area#1/negate', 'property', ACTOR_RULE, 'v5, tdx'],
  // Nothing is left that could go wrong: the witness says so.
  [
    'conversion/idle/set_memory_decrypted#1/retarget:idle',
    'property',
    'free-private: pages are freed',
    'baseline, plain',
  ],
  // Of a step that only one platform takes.
  ['page/swiotlb.uncertain/decrypt_end/retarget:swiotlb', 'property', 'address-matches-memory', 'v5, cca'],
  // Callbacks never run.
  ['execution-context/process/softirq_enter/drop', 'property', 'pool-comes-back', 'v5, tdx'],
  // A part of a guard: an answer that the platform can give is missing.
  ['conversion/encrypting.end/encrypt_end#2/negate:2', 'simulator', 'offer', 'v5, tdx'],
  ['swiotlb-pool/none/search_missed/retarget:retired', 'property', 'pool-comes-back', 'v5, tdx'],
  // A device that the pools do not suit is refused.
  ['mapping/unmapped/dma_map_phys#1/retarget:mapping.searching', 'property', 'request-is-served', 'v5, sme'],
];

test.each(SAMPLE)('%s: %s, %s %s', (id, by, name, on) => {
  const outcome = judgeMutant(SYSTEM, mutantNamed(id));
  expect([outcome.by, outcome.name, outcome.on], outcome.text).toEqual([by, name, on]);
});

describe('a network with a mutant in it', () => {
  const one = subject('v5', 'cca');
  const original = networkOf(one);

  test.each([
    'mapping/mapping.growing/schedule_work/drop',
    'conversion/encrypting.begin/encrypt_begin#2/retarget:idle',
    'page/swiotlb.shared/encrypt_begin#1/negate',
  ])('%s: is what composing all of it anew gives, in all instances', (id) => {
    const mutant = mutantNamed(id);
    const anew = compose(
      SYSTEM.network(one.series.patches, specFacts(one.platform, one.options), (file) =>
        file.name === mutant.machine ? mutant.file : file,
      ),
    );
    const network = mutatedNetwork(one, original, mutant);
    expect(network).not.toBe(original);
    expect(explore(network).hash).toBe(explore(anew).hash);
  });
});

describe('a disagreement', () => {
  const small = subject('v5', 'tdx', { 'coherent-pool': 'off' });
  const intended = explore(networkOf(small));
  const mutant = explore(
    mutatedNetwork(
      small,
      intended.network,
      mutantNamed('pool-allocation/pages/alloc_pages#2/retarget:unwinding'),
    ),
  );

  test('of the intended machines there is none, on the whole cover', () => {
    expect(firstDisagreement(small, intended, [])).toBeNull();
  });

  test('of a mutant is one of the mutant alone, found without a hint where it is', () => {
    const { path, step, mismatch } = firstDisagreement(small, mutant, [])!;
    expect(mismatch).toMatchObject({ part: 'state', site: 'alloc_pages' });
    expect(path).toHaveLength(step);
    expect(disagreementOn(small, mutant, path)).toEqual({ path, step, mismatch });
    expect(disagreementOn(small, intended, path)).toBeNull();
  });
});
