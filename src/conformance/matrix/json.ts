/** The matrix as data: what `ccdma matrix --json` prints and what is committed. */
import { PATCHES } from '../../series/index.ts';
import type { Cell } from './cells.ts';
import type { Effects } from './effects.ts';
import type { Matrix, MatrixRow } from './matrix.ts';

/** One row. `prefix` or `without` is there, never both. */
export interface RowJson {
  readonly prefix?: number;
  readonly without?: number;
  /** Title of the patch that the row adds, or leaves out. */
  readonly patch: string | null;
  /** `switch`: the simulated kernel asks for the patch; `no-switch`: it asks nowhere in what was explored. */
  readonly acts: 'switch' | 'no-switch' | null;
  readonly cells: readonly Cell[];
  readonly effects: Effects | null;
}

export interface MatrixJson {
  readonly workloads: readonly { readonly name: string; readonly about: string }[];
  readonly places: readonly {
    readonly platform: string;
    readonly options: Readonly<Record<string, string>>;
  }[];
  /** Jobs that were answered, explorations that were run for it, and their states. */
  readonly work: { readonly answered: number; readonly explored: number; readonly states: number };
  /** Prefix 0 to 20. */
  readonly rows: readonly RowJson[];
  /** The whole series without one patch. */
  readonly without: readonly RowJson[];
}

export function matrixJson(matrix: Matrix): MatrixJson {
  const { answered, explored, states } = matrix;
  return {
    workloads: matrix.workloads.map(({ name, about }) => ({ name, about })),
    places: matrix.places.map(({ platform, options }) => ({
      platform: platform.name,
      options: { ...options },
    })),
    work: { answered, explored, states },
    rows: matrix.rows.filter(({ row }) => row.prefix !== null).map(rowJson),
    without: matrix.rows.filter(({ row }) => row.prefix === null).map(rowJson),
  };
}

function rowJson({ row, cells, effects, switched }: MatrixRow): RowJson {
  const patch = row.prefix ?? row.without!;
  return {
    ...(row.prefix === null ? { without: row.without! } : { prefix: row.prefix }),
    patch: PATCHES.find(({ number }) => number === patch)?.title ?? null,
    acts: switched === null ? null : switched ? 'switch' : 'no-switch',
    cells,
    effects,
  };
}

/**
 * As it is committed: a line for each cell and each effect, so that a change shows where it is. The counts of work
 * are left out: two threads may explore once what answers alike, or twice.
 *
 * @param full false: of the cells only those that fail or are not decided
 */
export function committedText(json: MatrixJson, full: boolean): string {
  const { work: _, ...rest } = json;
  const short = (row: RowJson): RowJson =>
    full
      ? row
      : {
          ...row,
          cells: row.cells.filter(({ verdict }) => verdict === 'fails' || verdict === 'not-decided'),
        };
  const shown = { ...rest, rows: rest.rows.map(short), without: rest.without.map(short) };
  return `${format({ format: 'ccdma-matrix', version: 1, ...shown }, '')}\n`;
}

/** Objects and arrays are spread over lines down to those that hold no array of objects. */
function format(value: unknown, indent: string): string {
  if (!isDeep(value)) return JSON.stringify(value);
  const inner = `${indent} `;
  if (Array.isArray(value))
    return `[\n${value.map((item) => inner + format(item, inner)).join(',\n')}\n${indent}]`;
  const entries = Object.entries(value as object).filter(([, item]) => item !== undefined);
  return `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${format(item, inner)}`).join(',\n')}\n${indent}}`;
}

/** Holds it an array of objects, somewhere? */
function isDeep(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object' && item !== null);
  return Object.values(value).some(isDeep);
}
