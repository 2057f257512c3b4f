/** Local states as people write them: `a.b`, `{x.on, y.off}`, `busy {n=2}`. */
import { byCodeUnit, canonicalJson } from './canonical.ts';
import type { LocalState } from './types.ts';

/** `a.b` for nested states, `{x.y, z.w}` for parallel ones. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  const regions = Object.entries(value as Record<string, unknown>).map(([key, inner]) => {
    const text = valueText(inner);
    return text === '' ? key : `${key}.${text}`;
  });
  return regions.length === 1 ? regions[0]! : regions.length === 0 ? '' : `{${regions.join(', ')}}`;
}

/** A local state in one line; the context follows as ` {k=v, …}` when it is not empty. */
export function stateText(state: Pick<LocalState, 'value' | 'context'>): string {
  const value = valueText(state.value);
  const context = (state.context ?? {}) as Record<string, unknown>;
  const names = Object.keys(context).sort(byCodeUnit);
  if (names.length === 0) return value;
  const shown = names.map((name) => {
    const part = context[name];
    return `${name}=${typeof part === 'string' ? part : canonicalJson(part)}`;
  });
  return `${value} {${shown.join(', ')}}`;
}

/** The dotted paths of the leaf states that a state value names, e.g. `a.b`; several for parallel states. */
export function leafPaths(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Object.entries(value as Record<string, unknown>).flatMap(([key, inner]) => {
    const below = leafPaths(inner);
    return below.length === 0 ? [key] : below.map((path) => `${key}.${path}`);
  });
}
