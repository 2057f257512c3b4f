/** From an object's life to a path of the system that owns it: on which platform, with which options, and how. */
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { networkOf, type Subject } from '../../conformance/subject.ts';
import { explore, type GlobalEvent, type Graph } from '../../lts/index.ts';
import { type Passage, pathThrough } from '../../paths/index.ts';
import {
  chooseOptions,
  conflict,
  type Options,
  optionsLabel,
  type Platform,
  type Series,
} from '../../series/index.ts';
import { allocationPagesReading, allocationReading } from './allocation.ts';
import { atomicPoolsReading } from './atomic-pools.ts';
import { dynamicPoolsReading } from './dynamic-pools.ts';
import type { Life } from './gather.ts';
import type { Reading, Sighting } from './reading.ts';
import { streamingReading } from './streaming.ts';

/** A life, taken as a path of one subject. */
export interface Retold {
  readonly subject: Subject;
  readonly graph: Graph;
  readonly sightings: readonly Sighting[];
  readonly passage: Passage;
}

export const isWhole = ({ sightings, passage }: Retold): boolean => passage.reached === sightings.length;

/** What a log does not tell of device and kernel, besides the platform; the defaults first. */
const TRIED: readonly Partial<Options>[] = [
  {},
  { 'coherent-pool': 'off' },
  { 'restricted-pool': 'off' },
  { device: 'trusted' },
  { coherence: 'non-coherent' },
];

/** The system that owns an object; undefined: none does. */
export function readingFor(life: Life): Reading | undefined {
  const { object, segments } = life;
  const roles = new Set(segments.flatMap(({ events }) => events.map(({ bound }) => bound.role)));
  switch (object.kind) {
    case 'pool':
      return object.transient ? dynamicPoolsReading : undefined;
    case 'mapping':
      return streamingReading;
    case 'allocation':
      return roles.has('direct_alloc_pages') || roles.has('direct_free_pages')
        ? allocationPagesReading
        : allocationReading;
    case 'page range':
      return roles.has('expand') ? atomicPoolsReading : undefined;
  }
}

const agrees = (params: Sighting['params'], event: GlobalEvent) =>
  Object.entries(params).every(
    ([name, value]) => event.params[name] === undefined || event.params[name] === value,
  );
const fits = ({ type, params, except = {} }: Omit<Sighting, 'record'>) => {
  const excepted = Object.entries(except);
  return (event: GlobalEvent) =>
    event.type === type &&
    agrees(params, event) &&
    !excepted.some(([name, value]) => event.params[name] === value);
};

/** Takes a life as a path of a subject, as far as it goes. */
export function retell(life: Life, reading: Reading, subject: Subject): Retold {
  const graph = explore(networkOf(subject));
  const sightings = reading.sightings(life);
  const passage = pathThrough(graph, {
    seen: sightings.map(fits),
    unseen: (event) => {
      const shown = reading.shown[event.type];
      return shown === undefined || !life.recorded.has(shown.role) || !agrees(shown.of ?? {}, event);
    },
  });
  return { subject, graph, sightings, passage };
}

/** The same requests, answered by a kernel of another series, to the end of the object if the life had one. */
export function requestsOf(life: Life, reading: Reading, subject: Subject): Retold {
  const graph = explore(networkOf(subject));
  const all = reading.sightings(life);
  const sightings = all.filter(({ type }) => reading.requests.has(type));
  const ended = all.length > 0 && !reading.requests.has(all[all.length - 1]!.type);
  const end = (event: GlobalEvent) => reading.ends.some((one) => fits(one)(event));
  const passage = pathThrough(graph, {
    seen: [...sightings.map(fits), ...(ended ? [end] : [])],
    unseen: (event) => !reading.requests.has(event.type) || event.actor !== actorOf(graph, sightings),
  });
  return { subject, graph, sightings, passage };
}

/** Who made the requests: nobody makes others meanwhile. */
function actorOf({ network }: Graph, [first]: readonly Sighting[]): string | undefined {
  return first && network.events.find(fits(first))?.actor;
}

/**
 * The subject of a series that a life fits best: the first that takes all of it in the fewest steps, with the default
 * options if it can; else the one that takes most.
 */
export function bestOf(
  life: Life,
  reading: Reading,
  series: Series,
  platforms: readonly Platform[],
  progress: (text: string) => void = () => {},
): Retold {
  const system = SYSTEMS.find(({ name }) => name === reading.system)!;
  let best: Retold | undefined;
  for (const chosen of TRIED) {
    for (const platform of platforms) {
      const options = chooseOptions(platform, chosen);
      const differs = optionsLabel(platform, options);
      if (conflict(platform, options) !== null || (differs === '' && chosen !== TRIED[0])) continue;
      progress(`${series.name}, ${platform.name}${differs === '' ? '' : `, ${differs}`}`);
      const next = retell(life, reading, { system, series, platform, options });
      if (best === undefined || isBetter(next, best)) best = next;
    }
    if (best !== undefined && isWhole(best)) return best;
  }
  return best!;
}

const isBetter = (a: Retold, b: Retold) =>
  a.passage.reached > b.passage.reached ||
  (a.passage.reached === b.passage.reached && a.passage.path.length < b.passage.path.length);
