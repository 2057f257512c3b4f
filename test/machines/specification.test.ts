/** The specification held from the outside: rules that every system keeps, and machines that are what XState says. */
import { describe, expect, test } from 'vitest';
import { build } from '../../machines/build.ts';
import type { SystemFacts } from '../../machines/systems/index.ts';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { checkSubject, networkOf, propertiesOf, type Subject } from '../../src/conformance/subject.ts';
import {
  checkActors,
  compileMachine,
  deadInAll,
  type Graph,
  type UsedParts,
  undeclaredEvents,
  unwitnessed,
  usedParts,
  valueText,
} from '../../src/lts/index.ts';
import { allOptions, PLATFORMS } from '../../src/series/index.ts';
import { seriesNamed, subject } from '../conformance/subjects.ts';
import { adjacency } from './oracle.ts';

/** Every combination of patches that act, as prefixes and with one taken out. */
const SERIES = ['baseline', 'prefix:5', 'prefix:7', 'prefix:17', 'v5', 'without:17', 'without:20'];

const subjects = SYSTEMS.flatMap((system) =>
  SERIES.flatMap((series) =>
    PLATFORMS.flatMap((platform) =>
      allOptions(platform).map(
        (options): Subject => ({ system, series: seriesNamed(series), platform, options }),
      ),
    ),
  ),
);

describe.each(SYSTEMS)('$name', (system) => {
  const mine = subjects.filter((one) => one.system === system);
  const used: UsedParts[] = [];
  /** `machine: state` for every state that some instance enters. */
  const entered = new Set<string>();

  test.each(mine)(
    '$series.name, $platform.name, $options: every property is decided, no actor has two observations',
    (one) => {
      const { graph, verdicts } = checkSubject(one);
      used.push(usedParts(graph));
      for (const state of statesEntered(graph)) entered.add(state);
      expect(checkActors(graph)).toEqual([]);
      expect(verdicts.filter(({ status }) => status === 'not decided')).toEqual([]);
      expect(verdicts.filter(({ kind, status }) => kind === 'possible' && status === 'fails')).toEqual([]);
    },
  );

  test('no event never happens in all of them', () => {
    expect(deadInAll(used).events).toEqual([]);
  });

  test('no state of a machine is never entered in all of them', () => {
    const declared = system.files.flatMap(({ name, machine }) =>
      leaves(machine.root).map((leaf) => `${name}: ${leaf}`),
    );
    expect(declared.filter((leaf) => !entered.has(leaf))).toEqual([]);
  });

  test('every safety property has a witness, every witness a property', () => {
    for (const one of mine) {
      // A deadlock is looked for in every state: there is nothing to show.
      expect(unwitnessed(propertiesOf(one))).toEqual([
        "no 'possible' shows that 'deadlock-free' is not vacuous",
      ]);
    }
  });

  test('no event is named by renaming alone', () => {
    for (const one of mine) expect(undeclaredEvents(networkOf(one))).toEqual([]);
  });
});

function statesEntered(graph: Graph): string[] {
  return graph.network.instances.flatMap(({ lts }, i) => {
    const seen = new Uint8Array(lts.states.length);
    for (let s = 0; s < graph.states; s++) seen[graph.local(s, i)] = 1;
    return lts.states
      .filter(({ index }) => seen[index] === 1)
      .map(({ value }) => `${lts.name}: ${valueText(value)}`);
  });
}

interface Node {
  readonly path: readonly string[];
  readonly states: Readonly<Record<string, Node>>;
}

function leaves(node: Node): string[] {
  const children = Object.values(node.states);
  return children.length === 0 ? [node.path.join('.')] : children.flatMap(leaves);
}

describe('each machine, compiled, is what XState and @xstate/graph say it is', () => {
  const facts: SystemFacts[] = PLATFORMS.map((platform) => specFacts(platform, allOptions(platform)[0]!));
  const files = [...new Set(SYSTEMS.flatMap((system) => system.files))];
  const cases = files.flatMap((file) =>
    facts.flatMap((fact) =>
      ['v5', 'baseline'].map((series) => ({
        name: `${file.name}, ${series}, ${fact.conversion}`,
        spec: {
          ...build(file, seriesNamed(series).patches, { ...fact, spareBlocks: true }),
          ...(file.name === 'pool-allocation' && { input: { mayBlock: false } }),
        },
      })),
    ),
  );
  test.each(cases)('$name', ({ spec }) => {
    const lts = compileMachine(spec);
    const compiled = lts.states.map(({ key }, s) => [
      key,
      lts.events.flatMap(({ label }, e) => {
        const target = lts.next[s * lts.events.length + e]!;
        return target < 0 ? [] : [`${label} → ${lts.states[target]!.key}`];
      }),
    ]);
    expect(Object.fromEntries(compiled)).toEqual(adjacency(spec));
  });
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
