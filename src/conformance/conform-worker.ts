/** Shares of suites in a thread of its own: one after the other, as they are handed in. */
import { parentPort } from 'node:worker_threads';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { Graph, type GraphParts, layoutOf } from '../lts/index.ts';
import { type Options, PLATFORMS, parseSeries, type Series } from '../series/index.ts';
import { conformPart } from './conform.ts';
import type { Halt } from './halt.ts';
import { networkOf } from './subject.ts';

/** What a thread is told: names and numbers, for functions do not cross. The network is composed anew. */
export interface ConformTask {
  readonly system: string;
  readonly series: string;
  readonly platform: string;
  readonly options: Options;
  readonly machines: string;
  readonly firstTimeOnly: boolean;
  readonly halt?: Halt | undefined;
  readonly graph: Omit<GraphParts, 'network' | 'layout'>;
  /** Its share of the paths: event numbers, each path behind its length. */
  readonly paths: Uint16Array;
}

/** Paths as one array, each behind its length. */
export function packPaths(paths: readonly (readonly number[])[]): Uint16Array {
  return Uint16Array.from(paths.flatMap((path) => [path.length >>> 16, path.length & 0xffff, ...path]));
}

function unpackPaths(packed: Uint16Array): number[][] {
  const paths: number[][] = [];
  for (let at = 0; at < packed.length; ) {
    const length = packed[at]! * 0x10000 + packed[at + 1]!;
    paths.push([...packed.subarray(at + 2, at + 2 + length)]);
    at += 2 + length;
  }
  return paths;
}

// The main thread imports this file too, for its types and for packing.
parentPort?.on('message', run);

function run({ graph: parts, paths, ...names }: ConformTask): void {
  const system = SYSTEMS.find(({ name }) => name === names.system)!;
  const platform = PLATFORMS.find(({ name }) => name === names.platform)!;
  const subject = { system, platform, series: parseSeries(names.series) as Series, options: names.options };
  const machines = parseSeries(names.machines) as Series;
  const network = networkOf({ ...subject, series: machines });
  const graph = new Graph({ ...parts, network, layout: layoutOf(network) });
  const part = conformPart(subject, machines, {
    suite: { graph, paths: unpackPaths(paths) },
    firstTimeOnly: names.firstTimeOnly,
    ...(names.halt === undefined ? {} : { halt: names.halt }),
    onProgress: (progress) => parentPort!.postMessage({ progress }),
  });
  parentPort!.postMessage({ part });
}
