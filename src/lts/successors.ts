/** The contract of the two successor functions, generated and interpreted, and the choice between them. */
import { generateSuccessors } from './codegen.ts';
import { interpretSuccessors } from './interpret.ts';
import type { Layout } from './layout.ts';
import type { Network } from './types.ts';

/**
 * Writes all successors of the packed state `words[offset …]` to `out` and returns how many numbers it wrote:
 * for each enabled event, in the order of event indices, the event's index and then the words of the target
 * (`1 + layout.words` numbers). `out` has room for all events.
 */
export type Successors = (words: Int32Array, offset: number, out: Int32Array) => number;

export type SuccessorMode = 'generated' | 'interpreted';

/** Generated code by network: a network that is explored again finds its code warm. */
const generated = new WeakMap<Network, Successors>();

/**
 * The successor function of a network. Without a mode, code is generated where that is allowed, and
 * interpreted where it is not (`--disallow-code-generation-from-strings`, some browsers).
 *
 * @throws EvalError if `'generated'` is asked for where code generation is forbidden.
 */
export function successorsOf(
  network: Network,
  layout: Layout,
  mode?: SuccessorMode,
): { readonly mode: SuccessorMode; readonly successors: Successors } {
  if (mode !== 'interpreted') {
    try {
      const successors = generated.get(network) ?? generateSuccessors(network, layout);
      generated.set(network, successors);
      return { mode: 'generated', successors };
    } catch (error) {
      if (mode === 'generated' || !(error instanceof EvalError)) throw error;
    }
  }
  return { mode: 'interpreted', successors: interpretSuccessors(network, layout) };
}
