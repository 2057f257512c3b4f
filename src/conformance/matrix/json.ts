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
