/** What a tester's workload would have to do: ways to the steps of the machines that a log never showed. */
import { SYSTEMS, type System } from '../../machines/systems/index.ts';
import { networkOf, type Subject } from '../conformance/subject.ts';
import { explore, type GlobalEvent, type Graph, type Path, valueText } from '../lts/index.ts';
import { transitionCover } from '../paths/index.ts';
import { conflict, defaultOptions, type Platform, type Series } from '../series/index.ts';
import type { CoverageRow } from './judge/index.ts';

/** Systems that a machine is in, the one with the shortest ways first. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  conversion: ['allocation', 'atomic-pools', 'boot', 'dynamic-pools'],
  'dynamic-free': ['dynamic-pools'],
  'swiotlb-pool': ['dynamic-pools'],
  'atomic-pool-expand': ['atomic-pools'],
  'direct-alloc': ['allocation'],
  'direct-free': ['allocation'],
  'streaming-mapping': ['streaming'],
};

/** A shortest way to a step. */
export interface Way {
  readonly subject: Subject;
  readonly path: Path;
  /** What the world has to do, in order: requests of drivers, and what happens by itself. */
  readonly stimuli: readonly string[];
  /** Answers that have to be other than success. */
  readonly failures: readonly string[];
  /** The path of the generated suite that takes the same transition first, from 1. */
  readonly suitePath: number;
}

export interface Suggestion {
  readonly row: CoverageRow;
  /** Undefined: no system of this series has the step on these platforms. */
  readonly way: Way | undefined;
}

export class Suggestions {
  readonly #series: Series;
  readonly #platforms: readonly Platform[];
  readonly #progress: (text: string) => void;
  readonly #explored = new Map<string, Explored | undefined>();

  constructor(series: Series, platforms: readonly Platform[], progress: (text: string) => void = () => {}) {
    this.#series = series;
    this.#platforms = platforms;
    this.#progress = progress;
  }

  /** For every step that was never shown. */
  of(coverage: readonly CoverageRow[]): Suggestion[] {
    return coverage.filter(({ status }) => status === 'never').map((row) => ({ row, way: this.#way(row) }));
  }

  #way(row: CoverageRow): Way | undefined {
    for (const name of HOMES[row.machine] ?? []) {
      const system = SYSTEMS.find((one) => one.name === name)!;
      for (const platform of this.#platforms) {
        const way = this.#explore(system, platform)?.way(row);
        if (way !== undefined) return way;
      }
    }
    return undefined;
  }

  #explore(system: System, platform: Platform): Explored | undefined {
    const key = `${system.name} ${platform.name}`;
    if (this.#explored.has(key)) return this.#explored.get(key);
    this.#progress(`${system.name}, ${this.#series.name}, ${platform.name}`);
    const options = defaultOptions(platform);
    const made =
      conflict(platform, options) === null
        ? new Explored({ system, series: this.#series, platform, options })
        : undefined;
    this.#explored.set(key, made);
    return made;
  }
}

/** A graph, with the first transition that takes each step of each machine. */
class Explored {
  readonly #subject: Subject;
  readonly #graph: Graph;
  readonly #first = new Map<string, number>();
  readonly #sources: Uint32Array;
  #suite: Int32Array | undefined;

  constructor(subject: Subject) {
    this.#subject = subject;
    const graph = explore(networkOf(subject));
    this.#graph = graph;
    this.#sources = new Uint32Array(graph.transitions);
    const { instances, events } = graph.network;
    const texts = instances.map(({ lts }) => lts.states.map(({ value }) => valueText(value)));
    // States are numbered breadth-first: the first transition is a nearest one.
    for (let state = 0; state < graph.expanded; state++) {
      for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
        this.#sources[t] = state;
        for (const [i, e] of events[graph.labels[t]!]!.participants) {
          const { lts } = instances[i]!;
          const from = graph.local(state, i);
          const to = lts.next[from * lts.events.length + e]!;
          const key = `${lts.name} ${texts[i]![from]} ${lts.events[e]!.type} ${texts[i]![to]}`;
          if (!this.#first.has(key)) this.#first.set(key, t);
        }
      }
    }
  }

  way({ machine, state, event, to }: CoverageRow): Way | undefined {
    const transition = this.#first.get(`${machine} ${state} ${event} ${to}`);
    if (transition === undefined) return undefined;
    const graph = this.#graph;
    const path = [...graph.pathTo(this.#sources[transition]!), graph.labels[transition]!];
    const events = path.map((number) => graph.network.events[number]!);
    return {
      subject: this.#subject,
      path,
      stimuli: events
        .filter(({ kind }) => kind === 'stimulus')
        .map(({ actor, label }) => `${actor}: ${label}`),
      failures: events.filter(isFailure).map(({ label }) => label),
      suitePath: this.#suitePath(transition) + 1,
    };
  }

  #suitePath(transition: number): number {
    if (this.#suite === undefined) {
      const graph = this.#graph;
      const suite = new Int32Array(graph.transitions).fill(-1);
      transitionCover(graph).forEach((path, n) => {
        let state = 0;
        for (const event of path) {
          const t = graph.edge(state, event);
          if (suite[t]! < 0) suite[t] = n;
          state = graph.targets[t]!;
        }
      });
      this.#suite = suite;
    }
    return this.#suite[transition]!;
  }
}

const isFailure = ({ kind, params }: GlobalEvent): boolean => kind === 'choice' && params.ok === false;
