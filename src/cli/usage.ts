/** Wrong usage: one line that names the value, what is accepted and the nearest match. */
import { distance } from 'fastest-levenshtein';

/** Its message is printed as it is, and the exit code is 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The accepted value that begins so, or else is written most alike; the first of several. */
export function nearest(value: string, accepted: readonly string[]): string | undefined {
  const longer = value === '' ? undefined : accepted.find((name) => name.startsWith(value));
  if (longer !== undefined) return longer;
  const scored = accepted.map((name) => [distance(value.toLowerCase(), name.toLowerCase()), name] as const);
  return scored.reduce<readonly [number, string] | undefined>(
    (best, next) => (best === undefined || next[0] < best[0] ? next : best),
    undefined,
  )?.[1];
}

/**
 * `unknown platform 'cac'; accepted: tdx, cca; nearest: cca`.
 * @param shown what is accepted as a text, where the list of all values would be long
 */
export function unknown(
  kind: string,
  value: string,
  accepted: readonly string[],
  shown?: string,
): UsageError {
  const match = nearest(value, accepted);
  const list = shown ?? accepted.join(', ');
  return new UsageError(
    `unknown ${kind} '${value}'; accepted: ${list === '' ? '(none)' : list}${match === undefined ? '' : `; nearest: ${match}`}`,
  );
}

/** A whole number in a range. @throws UsageError */
export function wholeNumber(flag: string, value: string, least: number, most: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  const near = Number.isFinite(Number(value))
    ? Math.min(most, Math.max(least, Math.round(Number(value))))
    : least;
  throw new UsageError(
    `${flag} is '${value}'; accepted: a whole number from ${least} to ${most}; nearest: ${near}`,
  );
}

/** A word for a POSIX shell: quoted only where it must be. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_.,:/=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
