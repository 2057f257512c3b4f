/** On what a mutant is tried: the systems as they are, explored and judged once, and reused for every mutant. */
import type { System } from '../../../machines/systems/index.ts';
import { check, checkActors, explore, type Graph, type Property, type Verdict } from '../../lts/index.ts';
import { allOptions, BASELINE, defaultOptions, PLATFORMS, V5 } from '../../series/index.ts';
import { networkOf, propertiesOf, type Subject } from '../subject.ts';

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
  /** One sentence for people. */
  readonly text: string;
}

/** The name under which the rule of observations (at most one for each actor) stands in the tables. */
export const ACTOR_RULE = 'one-observation-an-actor';

/** The subjects of a system, in the order in which a mutant is tried on them. */
export interface Trials {
  /** Default options: the whole series on each platform, then the baseline, where more goes wrong, backwards. */
  readonly main: readonly Subject[];
  /** The same with every other combination of options. */
  readonly options: readonly Subject[];
}

export function trialsOf(system: System): Trials {
  const backwards = [...PLATFORMS].reverse();
  const cases = [
    ...PLATFORMS.map((platform) => ({ series: V5, platform })),
    ...backwards.map((platform) => ({ series: BASELINE, platform })),
  ];
  const main = cases.map((one): Subject => ({ system, ...one, options: defaultOptions(one.platform) }));
  const options = [...cases.slice(PLATFORMS.length), ...cases.slice(0, PLATFORMS.length)].flatMap((one) =>
    allOptions(one.platform)
      .slice(1)
      .map((option): Subject => ({ system, ...one, options: option })),
  );
  return { main, options };
}

const originals = new Map<Subject, Original>();

/** The subject with the intended machines, explored once. */
export function originalOf(subject: Subject): Original {
  const known = originals.get(subject);
  if (known !== undefined) return known;
  const graph = explore(networkOf(subject));
  const properties = propertiesOf(subject);
  const original = { subject, graph, properties, faults: faultsOf(graph, properties) };
  originals.set(subject, original);
  return original;
}

/** Everything that is broken in a graph, in the order of the properties, the rule of observations last. */
export function faultsOf(graph: Graph, properties: readonly Property[]): Fault[] {
  return [...check(graph, properties).flatMap(ofVerdict), ...ofActors(graph)];
}

function ofVerdict({ name, kind, status, because, counterexamples }: Verdict): Fault[] {
  if (status !== 'fails') return [];
  if (kind === 'possible') return [{ property: name, site: '', text: because ?? 'not reached' }];
  return counterexamples.map(({ site, steps, because: why }) => ({
    property: name,
    site,
    text: `fails at ${site} in ${steps} steps: ${why}`,
  }));
}

function ofActors(graph: Graph): Fault[] {
  return checkActors(graph)
    .slice(0, 1)
    .map(({ actor, events }) => ({
      property: ACTOR_RULE,
      site: '',
      text: `${actor} has ${events.length} at once: ${events.join(' and ')}`,
    }));
}

/**
 * The first fault that one has and the other has not, by property and site: what the tests that pin the known
 * faults would report. Null when both have the same.
 */
export function newOrGone(original: readonly Fault[], mutant: readonly Fault[]): Fault | null {
  const missing = (from: readonly Fault[], fault: Fault) =>
    !from.some(({ property, site }) => property === fault.property && site === fault.site);
  const fresh = mutant.find((fault) => missing(original, fault));
  if (fresh !== undefined) return fresh;
  const gone = original.find((fault) => missing(mutant, fault));
  return gone === undefined ? null : { ...gone, text: `no longer fails at ${gone.site}` };
}
