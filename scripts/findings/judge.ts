/** A share of the sweep in a thread of its own: every situation of one system on one platform. `conform.ts` has the simulator's. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { SYSTEMS, type System } from '../../machines/systems/index.ts';
import { ALL_SERIES } from '../../src/cli/generate/exhibits.ts';
import { expectation, occurrencesOf } from '../../src/cli/results.ts';
import { networkOf, propertiesOf, type Subject, subjectLabel } from '../../src/conformance/subject.ts';
import { check, explore, type Graph, type Network } from '../../src/lts/index.ts';
import {
  crossOptions,
  type Occurrence,
  OPTION_VALUES,
  type OptionName,
  type Options,
  PLATFORMS,
  type Platform,
} from '../../src/series/index.ts';
import { conformShare } from './conform.ts';

/** What a thread is told. */
export interface ShareTask {
  readonly instrument: 'check' | 'conform';
  readonly system: string;
  readonly platform: string;
}

/** What fails in one situation. */
export interface Situated {
  readonly system: string;
  readonly platform: string;
  /** Patches that are applied, and for `check`: have a switch in the system. */
  readonly acting: readonly number[];
  readonly options: Options;
  /** `property @ site`. */
  readonly failures: readonly string[];
  /** What the list says otherwise. */
  readonly unlisted: readonly string[];
  readonly missing: readonly string[];
}

/** Graphs that are kept for networks that are the same: those of neighbouring situations. */
const KEPT = 12;

/** One series for each set of patches that act in a system: the others are the same in it. */
export function differentSeries(system: System) {
  const first = new Map(
    [...ALL_SERIES].reverse().map((series) => {
      const acting = system.patches.filter((patch) => series.patches.has(patch));
      return [acting.join(), { series, acting }] as const;
    }),
  );
  return [...first.values()].reverse();
}

/** Every combination of the options that make a difference to a system, on a platform. */
export function differentOptions(system: System, platform: Platform): Options[] {
  const names = (system.options ?? Object.keys(OPTION_VALUES)) as OptionName[];
  return [...crossOptions(platform, names)];
}

/** Judges every situation of a share by what the specification says. */
function* checkShare({ system: name, platform: on }: ShareTask): Generator<Situated> {
  const system = SYSTEMS.find((one) => one.name === name)!;
  const platform = PLATFORMS.find((one) => one.name === on)!;
  const graphs = new Graphs();
  for (const options of differentOptions(system, platform)) {
    for (const { series, acting } of differentSeries(system)) {
      const subject: Subject = { system, series, platform, options };
      const { graph } = graphs.of(subject);
      yield situated('check', subject, acting, occurrencesOf(check(graph, propertiesOf(subject))));
    }
  }
}

/** Holds what occurred against the list. */
export function situated(
  instrument: ShareTask['instrument'],
  subject: Subject,
  acting: readonly number[],
  occurrences: readonly Occurrence[],
): Situated {
  const { unlisted, missing } = expectation(instrument, subject, true, occurrences);
  const text = ({ property, site }: Occurrence) => `${property} @ ${site}`;
  return {
    system: subject.system.name,
    platform: subject.platform.name,
    acting,
    options: subject.options,
    failures: occurrences.map(text),
    unlisted: unlisted.map(text),
    missing: [...missing],
  };
}

/** Explored graphs, the last ones kept: networks of neighbouring situations are often the same. */
export class Graphs {
  readonly #kept = new Map<string, Graph>();

  /** The graph of a subject, with a key that it shares with those whose network is the same. */
  of(subject: Subject): { readonly graph: Graph; readonly key: string } {
    const network = networkOf(subject);
    const key = hashOf(network);
    const graph = this.#kept.get(key) ?? explore(network);
    if (!graph.complete) throw new Error(`${subjectLabel(subject)}: a bound was hit`);
    this.#kept.delete(key);
    this.#kept.set(key, graph);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return { graph, key };
  }
}

/** Everything that exploring and judging read of a network. */
function hashOf({ name, instances, events, initial }: Network): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([name, initial, events]));
  for (const { name: own, lts } of instances) {
    hash.update(JSON.stringify([own, lts.name, lts.initial, lts.events, lts.states]));
    hash.update(Uint8Array.from(new Uint8Array(lts.next.buffer, lts.next.byteOffset, lts.next.byteLength)));
  }
  return hash.digest('hex');
}

parentPort?.on('message', (task: ShareTask) => {
  parentPort!.postMessage([...(task.instrument === 'check' ? checkShare : conformShare)(task)]);
});
