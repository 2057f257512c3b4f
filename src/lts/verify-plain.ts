/**
 * The search without edges, as plainly as it can be: state by state, every property asked of every state and step.
 * What runs where code generation is forbidden, and what the generated search is held against.
 */
import type { Layout } from './layout.ts';
import { successorsOf } from './successors.ts';
import { StateTable } from './table.ts';
import type { Network, Path } from './types.ts';
import type { Limits, Searched, VerifyProgress } from './verify.ts';
import type { SafetyWatch } from './verify-watch.ts';
import { packed } from './visited.ts';

const SLICE = 1 << 12;

/** @yields now and then, where the search may be stopped */
export function* searchPlain(
  network: Network,
  layout: Layout,
  watch: SafetyWatch,
  limits: Limits,
): Generator<VerifyProgress, Searched, boolean> {
  const W = layout.words;
  const { successors } = successorsOf(network, layout, 'interpreted');
  const table = new StateTable(W);
  const parent: number[] = [-1];
  const by: number[] = [-1];
  const out = new Int32Array(Math.max(1, network.events.length) * (W + 1));
  const states = watch.onState.map((_, i) => i);
  const steps = watch.onStep.map((_, i) => i);
  const first = packed(layout, network.initial);
  table.reserve(1);
  table.intern(first, 0);
  watch.state(states, 0, first, 0, { source: -1, event: -1, words: first, at: 0 });
  let [head, transitions, depth, levelEnd] = [0, 0, 0, 1];
  let stopped: Searched['stopped'] = null;
  const progress = (): VerifyProgress => ({
    states: table.count,
    expanded: head,
    transitions,
    depth,
    bytes: table.bytes + 16 * parent.length,
    load: table.load,
  });
  for (; head < table.count; head++) {
    if (head === levelEnd) {
      depth++;
      levelEnd = table.count;
    }
    if (table.count > limits.maxStates) stopped = 'states';
    else if (head % SLICE === 0) {
      if (progress().bytes > limits.maxBytes) stopped = 'memory';
      else if (yield progress()) stopped = 'asked';
    }
    if (stopped !== null) break;
    table.reserve(network.events.length);
    const at = head * W;
    const end = successors(table.words, at, out);
    if (end === 0) watch.stuck(head, table.words, at);
    for (let k = 0; k < end; k += W + 1) {
      const known = table.count;
      const target = table.intern(out, k + 1);
      const taken = { source: head, event: out[k]!, words: table.words, at };
      if (target === known) {
        parent[target] = head;
        by[target] = taken.event;
        watch.state(states, target, out, k + 1, taken);
      }
      watch.step(steps, taken);
    }
    transitions += end / (W + 1);
  }
  const pathTo = (state: number): Path => {
    const path: number[] = [];
    for (let s = state; s > 0; s = parent[s]!) path.push(by[s]!);
    return path.reverse();
  };
  return { progress: progress(), stopped, pathTo };
}
