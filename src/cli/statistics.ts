/** What an exploration was like: sizes that are the same on every machine, and with `--stats` the time it took. */
import type { CheckedSubject } from '../conformance/subject.ts';
import type { Graph } from '../lts/index.ts';

export interface Statistics {
  /** States whose transitions are known. */
  readonly expanded: number;
  /** Length of the longest shortest path. */
  readonly depth: number;
  /** Transitions of an expanded state. */
  readonly branching: { readonly mean: number; readonly most: number };
  /** Used share of the slots of the table of states, from 0 to 1. */
  readonly tableLoad: number;
  /** Of the table, the edges and what leads to a state. */
  readonly bytesPerState: number;
  /** 32-bit words of a packed state. */
  readonly words: number;
  /** Only with `--stats`: they are not the same in two runs. */
  readonly seconds?: number;
  readonly statesPerSecond?: number;
}

export function statisticsOf({ graph, milliseconds }: CheckedSubject, timed: boolean): Statistics {
  const { expanded, states, transitions, cost, layout } = graph;
  return {
    expanded,
    depth: cost.depth,
    branching: { mean: round(expanded === 0 ? 0 : transitions / expanded), most: mostOf(graph) },
    tableLoad: round(cost.load),
    bytesPerState: round(cost.bytes / states),
    words: layout.words,
    ...(timed
      ? {
          seconds: round(milliseconds / 1000),
          statesPerSecond: Math.round((states / Math.max(1, milliseconds)) * 1000),
        }
      : {}),
  };
}

function mostOf({ offsets, expanded }: Graph): number {
  let most = 0;
  for (let s = 0; s < expanded; s++) most = Math.max(most, offsets[s + 1]! - offsets[s]!);
  return most;
}

const round = (number: number): number => Math.round(number * 1000) / 1000;

/** In one paragraph. */
export function statisticsText(statistics: Statistics): string {
  const { depth, branching, tableLoad, bytesPerState, words, seconds, statesPerSecond } = statistics;
  const time = seconds === undefined ? '' : ` ${seconds} s, ${statesPerSecond} states per second.`;
  return `Depth ${depth}; ${branching.mean} transitions a state, ${branching.most} at most; ${bytesPerState} bytes a state with its edges, ${4 * words} of them the packed state; table ${(100 * tableLoad).toFixed(0)} % full.${time}`;
}
