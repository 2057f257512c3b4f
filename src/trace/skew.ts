/** How much too high the depth that a probe shows may be: see `Context.skewed`. */
import type { Skew } from './context.ts';
import { namedAfter } from './names.ts';
import type { EventKind, Place } from './record.ts';
import type { Known, Shapes } from './shapes.ts';

export interface Fired {
  readonly event: string;
  readonly kind: EventKind;
  readonly func: Place | undefined;
  readonly known: Known | undefined;
}

/** Notes where an entry probe fired, and says what its depth is worth. */
export function entrySkew(fired: Fired, shapes: Shapes): Skew {
  const symbol = fired.func?.symbol;
  if (symbol === undefined) return 0;
  // A return probe is exact; a function probe's exit looks like one, but for the name.
  if (fired.kind === 'kretprobe') return !fired.event.endsWith('_ret') && shapes.shared(symbol) ? 1 : 0;
  shapes.entered(fired.known, fired.event, symbol);
  if (!shapes.shared(symbol)) return 0;
  return fired.kind === 'function' || namedAfter(fired.event, symbol) ? 1 : 2;
}
