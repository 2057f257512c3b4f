/** Rules that every system keeps, wherever it is built: to be called once in a test file for each system. */
import { describe, expect, test } from 'vitest';
import { factsWith } from '../../machines/facts.ts';
import { SYSTEMS, type System } from '../../machines/systems/index.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { checkSubject, networkOf, propertiesOf, type Subject } from '../../src/conformance/subject.ts';
import {
  checkActors,
  deadInAll,
  type Graph,
  type UsedParts,
  undeclaredEvents,
  unwitnessed,
  usedParts,
  valueText,
} from '../../src/lts/index.ts';
import {
  ALONE,
  chooseOptions,
  conflict,
  OPTION_VALUES,
  type OptionName,
  type Options,
  PLATFORMS,
  type Platform,
} from '../../src/series/index.ts';
import { seriesNamed } from '../conformance/subjects.ts';

export const systemNamed = (name: string): System => SYSTEMS.find((system) => system.name === name)!;

/** Every series in which a different set of the system's patches is applied. */
const seriesOf = ({ patches }: System): string[] => [
  'v5',
  'baseline',
  ...patches.filter((k) => k < 20).map((k) => `prefix:${k}`),
  ...patches.filter((k) => ALONE.includes(k)).map((k) => `without:${k}`),
];

/** The platform's defaults, then with each value of each of the system's options by itself. */
function optionsOf(system: System, platform: Platform, together: readonly Partial<Options>[]): Options[] {
  const names = (system.options ?? Object.keys(OPTION_VALUES)) as OptionName[];
  const chosen: Partial<Options>[] = [
    {},
    ...names.flatMap((name) => OPTION_VALUES[name].map((value) => ({ [name]: value }))),
    ...together,
  ];
  return chosen
    .map((some) => chooseOptions(platform, some))
    .filter((options) => conflict(platform, options) === null);
}

/** Platforms that differ in kind: with and without an alias, known from the start or by a patch, sleeping or not. */
const KINDS = ['tdx', 'cca', 'pkvm', 's390-pv', 'sme'];

/**
 * What the rules are held on: v5 and the baseline on every platform, with its defaults and with each option by
 * itself; every series on platforms that differ in kind; of those that build the same machines, one. Where graphs are
 * large, options and series on fewer platforms.
 */
function subjectsOf(system: System, together: readonly Partial<Options>[]): Subject[] {
  const seen = new Set<string>();
  // The graphs of this one are large.
  const large = system.name === 'dynamic-pools';
  const kinds = large ? ['cca'] : KINDS;
  return seriesOf(system).flatMap((name) =>
    PLATFORMS.flatMap((platform) =>
      optionsOf(system, platform, together).flatMap((options, i): Subject[] => {
        const end = name === 'v5' || name === 'baseline';
        if (!end && (i > 0 || !kinds.includes(platform.name))) return [];
        if (end && i > 0 && large && !['snp', 'tdx', 'vtom', 'cca', 'ppc-svm'].includes(platform.name))
          return [];
        const series = seriesNamed(name);
        const acting = system.patches.filter((patch) => series.patches.has(patch));
        const key = JSON.stringify([acting, factsWith(series.patches, specFacts(platform, options))]);
        if (seen.has(key)) return [];
        seen.add(key);
        return [{ system, series, platform, options }];
      }),
    ),
  );
}

/**
 * @param together options that make a difference only together
 * @param never states that another machine's order of steps keeps out of reach; each must be so
 */
export function testRules(
  system: System,
  together: readonly Partial<Options>[] = [],
  never: readonly string[] = [],
): void {
  describe(system.name, () => {
    const mine = subjectsOf(system, together);
    const used: UsedParts[] = [];
    const entered = new Set<string>();
    const open = new Set<string>();

    test.each(mine)(
      '$series.name, $platform.name, $options: every property is decided, no actor has two observations',
      (one) => {
        const { graph, verdicts } = checkSubject(one);
        used.push(usedParts(graph));
        for (const state of statesEntered(graph)) entered.add(state);
        for (const state of statesOpen(graph)) open.add(state);
        expect(graph.complete).toBe(true);
        expect(checkActors(graph)).toEqual([]);
        expect(verdicts.filter(({ status }) => status === 'not decided')).toEqual([]);
        expect(verdicts.filter(({ kind, status }) => kind === 'possible' && status === 'fails')).toEqual([]);
      },
    );

    test('no event never happens in all of them', () => {
      expect(deadInAll(used).events).toEqual([]);
    });

    test('no state that the system leaves open to a machine is never entered in all of them', () => {
      expect([...open].filter((state) => !entered.has(state)).sort()).toEqual([...never].sort());
    });

    test('every safety property has a witness, every witness a property', () => {
      for (const one of mine) {
        // A deadlock is looked for in every state: there is nothing to show.
        const missing = unwitnessed(propertiesOf(one)).filter((text) => !text.includes("'deadlock-free'"));
        expect(missing).toEqual([]);
      }
    });

    test('no event is named by renaming alone', () => {
      for (const one of mine) expect(undeclaredEvents(networkOf(one))).toEqual([]);
    });
  });
}

/** `machine: state` for every state that some instance enters. */
export function statesEntered(graph: Graph): string[] {
  return graph.network.instances.flatMap(({ lts }, i) => {
    const seen = new Uint8Array(lts.states.length);
    for (let s = 0; s < graph.states; s++) seen[graph.local(s, i)] = 1;
    return lts.states
      .filter(({ index }) => seen[index] === 1)
      .map(({ value }) => `${lts.name}: ${valueText(value)}`);
  });
}

/**
 * `machine: state` for every state that an instance, once it moves at all, could enter by the events that the
 * system has for it.
 */
function statesOpen(graph: Graph): string[] {
  const { instances, events } = graph.network;
  return instances.flatMap(({ lts }, i) => {
    const named = new Set(
      events.flatMap(({ participants }) => participants.filter(([p]) => p === i)).map(([, e]) => e),
    );
    const moves =
      graph.states > 1 && [...Array(graph.states).keys()].some((s) => graph.local(s, i) !== lts.initial);
    if (!moves) return [];
    const reached = new Set([lts.initial]);
    for (const state of reached) {
      for (const event of named) {
        const next = lts.next[state * lts.events.length + event]!;
        if (next >= 0) reached.add(next);
      }
    }
    return [...reached].map((state) => `${lts.name}: ${valueText(lts.states[state]!.value)}`);
  });
}
