/** Canonical texts: JSON with sorted keys (equal data, equal text), and event labels. */
import type { Params } from './types.ts';

/**
 * JSON with the keys of every object sorted. Equal data give equal text, whatever the order in which they
 * were built, so the text can serve as a key.
 *
 * @param value JSON data, as `notJson` accepts it.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const record = value as Record<string, unknown>;
    const entries = Object.keys(record)
      .sort(byCodeUnit)
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`);
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Order of strings by UTF-16 code units: the same in every locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `lookup[pool=1,reader=0]`: parameters sorted by name; just the type when there are none. */
export function eventLabel(type: string, params: Params): string {
  const names = Object.keys(params).sort(byCodeUnit);
  if (names.length === 0) return type;
  return `${type}[${names.map((name) => `${name}=${String(params[name])}`).join(',')}]`;
}

/**
 * The first part of a value that is not JSON data, as a dotted path with the reason, or null if all is.
 * `undefined`, functions, class instances, NaN, infinities and cycles are refused: they have no text from
 * which the same state could be recognised again.
 */
export function notJson(value: unknown, path = 'context', above: readonly unknown[] = []): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${path} is ${String(value)}`;
  if (typeof value !== 'object')
    return `${path} is ${value === undefined ? 'undefined' : `a ${typeof value}`}`;
  if (above.includes(value)) return `${path} refers to itself`;
  const inside = [...above, value];
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const bad = notJson(value[i], `${path}[${i}]`, inside);
      if (bad !== null) return bad;
    }
    return null;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${path} is an instance of ${prototype.constructor?.name ?? 'a class'}`;
  }
  for (const [key, part] of Object.entries(value)) {
    const bad = notJson(part, `${path}.${key}`, inside);
    if (bad !== null) return bad;
  }
  return null;
}
