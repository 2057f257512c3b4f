/** A share of the sweep in a thread of its own: every situation of one system on one platform. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { SYSTEMS, type System } from '../../machines/systems/index.ts';
import { ALL_SERIES } from '../../src/cli/generate/exhibits.ts';
import { expectation, occurrencesOf } from '../../src/cli/results.ts';
import { networkOf, propertiesOf, type Subject } from '../../src/conformance/subject.ts';
import { check, explore, type Graph, type Network } from '../../src/lts/index.ts';
import {
  crossOptions,
  OPTION_VALUES,
  type OptionName,
  type Options,
  PLATFORMS,
  type Platform,
} from '../../src/series/index.ts';

/** What a thread is told. */
export interface ShareTask {
  readonly system: string;
  readonly platform: string;
}

/** What fails in one situation. */
export interface Situated {
  readonly system: string;
  readonly platform: string;
  /** Patches that are applied and have a switch in the system. */
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

/** Judges every situation of a share. */
export function* judgeShare({ system: name, platform: on }: ShareTask): Generator<Situated> {
  const system = SYSTEMS.find((one) => one.name === name)!;
  const platform = PLATFORMS.find((one) => one.name === on)!;
  const graphs = new Map<string, Graph>();
  for (const options of differentOptions(system, platform)) {
    for (const { series, acting } of differentSeries(system)) {
      const subject: Subject = { system, series, platform, options };
      const network = networkOf(subject);
      const key = hashOf(network);
      const graph = graphs.get(key) ?? explore(network);
      if (!graph.complete) throw new Error(`${name}, ${series.name}, ${on}: a bound was hit`);
      graphs.delete(key);
      graphs.set(key, graph);
      if (graphs.size > KEPT) graphs.delete(graphs.keys().next().value!);
      const occurrences = occurrencesOf(check(graph, propertiesOf(subject)));
      const { unlisted, missing } = expectation('check', subject, true, occurrences);
      const text = ({ property, site }: { property: string; site: string }) => `${property} @ ${site}`;
      yield {
        system: name,
        platform: on,
        acting,
        options,
        failures: occurrences.map(text),
        unlisted: unlisted.map(text),
        missing: [...missing],
      };
    }
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
  const situated = [...judgeShare(task)];
  parentPort!.postMessage(situated);
});
