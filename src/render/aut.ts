/**
 * An explored graph in the Aldebaran format (.aut), which mCRL2, CADP and LTSmin read: a line for the whole, then a
 * line for each transition.
 */
import type { Graph } from '../lts/index.ts';

/** Pieces of the file, in order; together they are the whole of it. Labels are those of the events. */
export function* aut(graph: Graph): Generator<string> {
  yield `des (0,${graph.transitions},${graph.states})\n`;
  const labels = graph.network.events.map(({ label }) => `"${label.replace(/["\\]/g, '\\$&')}"`);
  let lines: string[] = [];
  for (let state = 0; state < graph.expanded; state++) {
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
      lines.push(`(${state},${labels[graph.labels[t]!]},${graph.targets[t]})\n`);
    }
    if (lines.length < 4096) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}
