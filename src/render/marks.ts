/** What is said of each transition of a chart, in place of the kind of its event: coverage, for instance. */
import type { ChartEdge, ChartLabel } from './statechart.ts';

/** How a transition looks: by colour and line, and by a sign before its name. */
export interface Mark {
  readonly colour: string;
  readonly line: 'solid' | 'dashed' | 'dotted';
  readonly width: number;
  readonly sign: string;
  readonly meaning: string;
}

/** Marks of all transitions. */
export interface Marks {
  readonly of: (edge: ChartEdge, label: ChartLabel) => Mark;
  /** Behind the label. Default: nothing. */
  readonly note?: (edge: ChartEdge, label: ChartLabel) => string;
  /** In the order of the legend; an edge with several labels looks like the first of theirs. */
  readonly legend: readonly Mark[];
}
