/**
 * Guards in words. XState keeps a guard as a name, as a name with parameters, or as the function that `not`,
 * `and`, `or` and `stateIn` return, which carries what it was made from.
 */

/** The text of a guard, without brackets: `full`, `!full`, `idle && (a || b)`, `in lock.locked`. */
export function guardText(guard: unknown, machineId: string): string {
  return text(guard, machineId, false);
}

function text(guard: unknown, machineId: string, nested: boolean): string {
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'function') return combined(guard as Combined, machineId, nested);
  const { type, params } = guard as { type: string; params?: unknown };
  if (typeof params !== 'object' || params === null) return type;
  const list = Object.entries(params).map(([name, value]) => `${name}=${String(value)}`);
  return list.length === 0 ? type : `${type}(${list.join(',')})`;
}

interface Combined {
  readonly name: string;
  readonly guards?: readonly unknown[];
  readonly stateValue?: unknown;
}

function combined(guard: Combined, machineId: string, nested: boolean): string {
  if (guard.stateValue !== undefined) return `in ${valueText(guard.stateValue, machineId)}`;
  const parts = guard.guards?.map((part) => text(part, machineId, true));
  if (parts === undefined) return guard.name || 'unnamed guard';
  if (guard.name === 'not') return `!${parts[0]}`;
  const joined = parts.join(guard.name === 'and' ? ' && ' : ' || ');
  return nested && parts.length > 1 ? `(${joined})` : joined;
}

/** `'#door.lock'` or `{ lock: 'locked' }` as a path; several regions are joined by `+`. */
function valueText(value: unknown, machineId: string): string {
  if (typeof value === 'string') {
    return value.startsWith(`#${machineId}.`) ? value.slice(machineId.length + 2) : value;
  }
  return Object.entries(value as Record<string, unknown>)
    .map(([key, inner]) => {
      const rest = valueText(inner, machineId);
      return rest === '' ? key : `${key}.${rest}`;
    })
    .join('+');
}
