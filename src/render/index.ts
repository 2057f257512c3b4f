/** Pictures and tables. One format, one file; this is the whole surface. */
export { type DotOptions, dotStatechart } from './dot.ts';
export type { Mark, Marks } from './marks.ts';
export { mermaidSequence, mermaidStatechart } from './mermaid.ts';
export { svgSequence } from './sequence.ts';
export {
  type ChartEdge,
  type ChartLabel,
  type ChartState,
  type LabelKind,
  type Statechart,
  statechart,
} from './statechart.ts';
export { svgFromDot } from './svg.ts';
export { markdown, markdownTable, type TextOptions, textRows, textTable } from './table.ts';
export { lifelines, type Trace, type TraceChange, type TraceStep } from './trace.ts';
