/** Allocation held from the outside: rules of every system, over the options that matter to it. */
import { describe, expect, test } from 'vitest';
import { checkSubject, networkOf, propertiesOf, subjectLabel } from '../../src/conformance/subject.ts';
import {
  checkActors,
  type DeadTransition,
  deadInAll,
  type UsedParts,
  undeclaredEvents,
  unwitnessed,
  usedParts,
} from '../../src/lts/index.ts';
import {
  ALLOCATION_SYSTEMS,
  allocationSubject,
  allocationSubjects,
} from '../machines/allocation-subjects.ts';
import { statesEntered } from '../machines/rules.ts';

/** Each series on the platforms on which it differs. Patches 3, 5, 7, 8, 11, 16, 19 act on arm64 only here. */
const RUNS: readonly (readonly [string, readonly string[] | undefined])[] = [
  ['v5', undefined],
  ['baseline', ['cca', 'pkvm', 'plain', 'tdx']],
  ['prefix:2', ['pkvm']],
  ['without:3', ['cca', 'pkvm']],
  ['prefix:6', ['cca']],
  ['without:19', ['cca']],
];

describe.each(ALLOCATION_SYSTEMS)('%s', (name) => {
  const mine = RUNS.flatMap(([series, platforms]) => allocationSubjects(name, series, platforms));
  const used: UsedParts[] = [];
  const entered = new Set<string>();

  test.each(mine.map((one) => [subjectLabel(one), one] as const))('%s keeps the rules', (_label, one) => {
    const { graph, verdicts } = checkSubject(one);
    used.push(usedParts(graph));
    for (const state of statesEntered(graph)) entered.add(state);
    expect(graph.complete).toBe(true);
    expect(graph.transitions).toBeLessThan(10_000);
    expect(checkActors(graph)).toEqual([]);
    expect(verdicts.filter(({ kind, status }) => kind === 'possible' && status === 'fails')).toEqual([]);
    expect(verdicts.find((verdict) => verdict.name === 'deadlock-free')!.because).toBeNull();
  });

  test('no event never happens in all of them', () => {
    expect(deadInAll(used).events).toEqual([]);
  });

  test('no state of a machine is never entered in all of them', () => {
    const declared = mine[0]!.system.files.flatMap((file) =>
      leaves(file.machine.root).map((leaf) => `${file.name}: ${leaf}`),
    );
    expect(declared.filter((leaf) => !entered.has(leaf))).toEqual([]);
  });

  test('what a machine offers and no system ever takes, by state and event', () => {
    const { transitions } = deadInAll(used);
    const taken = new Set(
      used.flatMap((run) =>
        [...run.transitions.values()].filter(([, yes]) => yes).map(([part]) => short(part)),
      ),
    );
    const dead = new Set(transitions.map(short).filter((text) => !taken.has(text)));
    expect([...dead].sort()).toEqual(DEAD[name]);
  });

  test('every safety property has a witness, no event is named by renaming alone', () => {
    for (const [series, platform, options] of SOME) {
      const one = allocationSubject(name, series, platform, options);
      expect(unwitnessed(propertiesOf(one))).toEqual([
        "no 'possible' shows that 'deadlock-free' is not vacuous",
      ]);
      expect(undeclaredEvents(networkOf(one))).toEqual([]);
    }
  });
});

/** `alloc: release, free_pages`: without buffer, context and parameters. */
function short({ instance, state, event }: DeadTransition): string {
  return `${instance.replace(/\[.*/, '')}: ${state.replace(/ \{.*/, '')}, ${event.replace(/\[.*/, '')}`;
}

/**
 * No allocation makes memory private whose state is not known: what could not be shared is left alone at once. On
 * powerpc nobody learns of it, so that private memory is made private again.
 */
const NEVER_MENDED = [
  'range: private, encrypt_begin',
  'range: private, encrypt_end',
  'range: private, encrypt_range',
  'range: uncertain.entryShared, encrypt_begin',
  'range: uncertain.entryShared, encrypt_host_call',
  'range: uncertain.hostShared, encrypt_begin',
  'range: uncertain.invalid, encrypt_begin',
  'range: uncertain.invalid, encrypt_host_call',
  'range: uncertain.invalidHostShared, decrypt_begin',
  'range: uncertain.invalidHostShared, encrypt_begin',
];
const DEAD = {
  // An atomic pool's piece is lost only by dma_free_pages, without patch 19.
  allocation: ['piece: lost, gen_pool_alloc', ...NEVER_MENDED],
  // Pages are not mapped into a process by dma_mmap_attrs.
  'allocation-pages': ['buffer: held, mmap', ...NEVER_MENDED],
};

const SOME = [
  ['v5', 'tdx', {}],
  ['baseline', 'cca', { coherence: 'non-coherent' }],
  ['v5', 'pkvm', {}],
  ['v5', 'plain', { iommu: 'on' }],
] as const;

interface Node {
  readonly path: readonly string[];
  readonly states: Readonly<Record<string, Node>>;
}
function leaves(node: Node): string[] {
  const children = Object.values(node.states);
  return children.length === 0 ? [node.path.join('.')] : children.flatMap(leaves);
}
