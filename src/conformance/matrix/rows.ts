/** The rows of the matrix: the series as a sequence, and the series with one patch taken out. */
import { ALONE, PATCHES, parseSeries, type Series } from '../../series/index.ts';

/** One kernel that is judged. */
export interface Row {
  readonly series: Series;
  /** Patches 1 to `prefix` are applied; null in a row of `without`. */
  readonly prefix: number | null;
  /** The patch that is taken out of the whole series; null in a row of `prefix`. */
  readonly without: number | null;
}

const series = (name: string): Series => {
  const parsed = parseSeries(name);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
};

/** Prefix 0 (the kernel before the series) to 20 (the whole of it). */
export const PREFIX_ROWS: readonly Row[] = [0, ...PATCHES.map(({ number }) => number)].map((prefix) => ({
  series: series(`prefix:${prefix}`),
  prefix,
  without: null,
}));

/** The whole series without one of the patches that stand alone. */
export const WITHOUT_ROWS: readonly Row[] = ALONE.map((without) => ({
  series: series(`without:${without}`),
  prefix: null,
  without,
}));

export const ROWS: readonly Row[] = [...PREFIX_ROWS, ...WITHOUT_ROWS];

/** `prefix:7`, also of the ends; `without:13`. */
export function rowName({ prefix, without }: Row): string {
  return prefix === null ? `without:${without}` : `prefix:${prefix}`;
}
