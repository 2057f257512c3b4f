/** On what a mutant is tried: the systems as they are, explored and judged once, and reused for every mutant. */
import type { System } from '../../../machines/systems/index.ts';
import { check, checkActors, explore, type Graph, type Property, type Verdict } from '../../lts/index.ts';
import {
  BASELINE,
  chooseOptions,
  conflict,
  defaultOptions,
  OPTION_VALUES,
  type OptionName,
  type Options,
  optionsLabel,
  PLATFORMS,
  V5,
} from '../../series/index.ts';
import { networkOf, propertiesOf, type Subject, subjectLabel } from '../subject.ts';

/** A subject with the intended machines: what a mutant is compared with. */
export interface Original {
  readonly subject: Subject;
  readonly graph: Graph;
  readonly properties: readonly Property[];
  /** What is broken in it already. */
  readonly faults: readonly Fault[];
}

/** A property that is false at a site, a witness that is missing, an actor with two observations. */
export interface Fault {
  readonly property: string;
  readonly site: string;
  /** Nothing went wrong in the system, only what must be possible is not: the weaker sign. */
  readonly missing: boolean;
  /** One sentence for people. */
  readonly text: string;
}

/** The name under which the rule of observations (at most one for each actor) stands in the tables. */
export const ACTOR_RULE = 'one-observation-an-actor';

/** The subjects of a system, in the order in which a mutant is tried on them. */
export interface Trials {
  /** The whole series and the baseline, where most of what the series is about can happen; default options. */
  readonly first: readonly Subject[];
  /**
   * The same on each other platform, the baseline backwards; then all of them with each other value of each option of
   * the system, and with some that matter together.
   */
  readonly others: readonly Subject[];
}

/** The platforms of the first trials: there most mutants are noticed. */
const FIRST = ['tdx', 'cca'];

/** Options that by themselves do not show what they show together. */
const TOGETHER: readonly Partial<Options>[] = [
  { device: 'trusted', 'coherent-pool': 'off' },
  { coherence: 'non-coherent', iommu: 'on' },
  { coherence: 'non-coherent', remap: 'on' },
];

export function trialsOf(system: System): Trials {
  const platforms = [
    ...FIRST.map((first) => PLATFORMS.find(({ name }) => name === first)!),
    ...PLATFORMS.filter(({ name }) => !FIRST.includes(name)),
  ];
  const backwards = [...platforms].reverse();
  const cases = [
    ...platforms.map((platform) => ({ series: V5, platform })),
    ...backwards.map((platform) => ({ series: BASELINE, platform })),
  ];
  const main = cases.map((one): Subject => ({ system, ...one, options: defaultOptions(one.platform) }));
  const isFirst = ({ platform }: Subject) => FIRST.includes(platform.name);
  const names = (system.options ?? Object.keys(OPTION_VALUES)) as OptionName[];
  const single = names.flatMap((name) => OPTION_VALUES[name].map((value) => ({ [name]: value })));
  const options = [
    ...cases.filter(({ series }) => series === BASELINE),
    ...cases.filter(({ series }) => series === V5),
  ].flatMap((one) => {
    const usual = optionsLabel(one.platform, defaultOptions(one.platform));
    return [
      ...single,
      ...TOGETHER.filter((some) => Object.keys(some).every((name) => names.includes(name as OptionName))),
    ]
      .map((some) => chooseOptions(one.platform, some))
      .filter(
        (chosen) => conflict(one.platform, chosen) === null && optionsLabel(one.platform, chosen) !== usual,
      )
      .map((chosen): Subject => ({ system, ...one, options: chosen }));
  });
  return {
    first: main.filter(isFirst),
    others: [...main.filter((one) => !isFirst(one)), ...options],
  };
}

/** By label: a subject is as good as another that says the same. */
const originals = new Map<string, Original>();

/** The subject with the intended machines, explored once. */
export function originalOf(subject: Subject): Original {
  const label = subjectLabel(subject);
  const known = originals.get(label);
  if (known !== undefined) return known;
  const graph = explore(networkOf(subject));
  const properties = propertiesOf(subject);
  const original = { subject, graph, properties, faults: faultsOf(graph, properties) };
  originals.set(label, original);
  return original;
}

/** Everything that is broken in a graph, in the order of the properties, the rule of observations last. */
export function faultsOf(graph: Graph, properties: readonly Property[]): Fault[] {
  return [...check(graph, properties).flatMap(ofVerdict), ...ofActors(graph)];
}

function ofVerdict({ name, kind, status, because, counterexamples }: Verdict): Fault[] {
  if (status !== 'fails') return [];
  if (kind === 'possible')
    return [{ property: name, site: '', missing: true, text: because ?? 'not reached' }];
  return counterexamples.map(({ site, steps, because: why }) => ({
    property: name,
    site,
    missing: false,
    text: `fails at ${site} in ${steps} steps: ${why}`,
  }));
}

function ofActors(graph: Graph): Fault[] {
  return checkActors(graph)
    .slice(0, 1)
    .map(({ actor, events }) => ({
      property: ACTOR_RULE,
      site: '',
      missing: false,
      text: `${actor} has ${events.length} at once: ${events.join(' and ')}`,
    }));
}

/**
 * A fault that one has and the other has not, by property and site: what the tests that pin the known faults would
 * report. A violation, if the mutant has a new one; else a witness that it lacks; else a fault that it no longer
 * has. Null when both have the same.
 */
export function newOrGone(original: readonly Fault[], mutant: readonly Fault[]): Fault | null {
  const absent = (from: readonly Fault[], fault: Fault) =>
    !from.some(({ property, site }) => property === fault.property && site === fault.site);
  const fresh = mutant.filter((fault) => absent(original, fault));
  const worst = fresh.find((fault) => !fault.missing) ?? fresh[0];
  if (worst !== undefined) return worst;
  const gone = original.find((fault) => absent(mutant, fault));
  return gone === undefined ? null : { ...gone, text: `no longer fails at ${gone.site}` };
}
