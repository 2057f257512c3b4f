/** The matrix: every row with its cells, and what each patch does. */
import { optionsLabel } from '../../series/index.ts';
import type { Workload } from '../workloads.ts';
import type { Answer, Cell } from './cells.ts';
import { cellsOf } from './cells.ts';
import { type Effects, effectsOf, type Judged } from './effects.ts';
import { type Job, type Place, plan } from './plan.ts';
import { ROWS, type Row, rowName } from './rows.ts';
import { type RunOptions, runPlan } from './run.ts';

export interface MatrixRow {
  readonly row: Row;
  readonly cells: readonly Cell[];
  /**
   * What the row's patch does: of a prefix its last one, of `without` the one that is missing. Null for the kernel
   * before the series, and where the row to compare with was not asked for.
   */
  readonly effects: Effects | null;
  /** Does the simulated kernel ask for the row's patch anywhere in what was explored? Null for prefix 0. */
  readonly switched: boolean | null;
}

export interface Matrix {
  readonly rows: readonly MatrixRow[];
  readonly places: readonly Place[];
  readonly workloads: readonly Workload[];
  /** Explorations that were run; the other answers were reused. */
  readonly explored: number;
  readonly answered: number;
  readonly states: number;
}

/** Computes the matrix of some rows on some places under some workloads. */
export async function computeMatrix(
  rows: readonly Row[],
  places: readonly Place[],
  workloads: readonly Workload[],
  options: RunOptions = {},
): Promise<Matrix> {
  const jobs = plan(workloads, rows, places);
  const { outcomes, explored, states } = await runPlan(jobs, options);
  const answers = new Map<Row, Map<Place, Answer[]>>();
  for (const [workload, list] of jobs)
    for (const job of list)
      answersAt(answers, job).push({ workload: workload.name, outcome: outcomes.get(job)! });
  const judged = new Map<Row, Judged[]>(
    rows.map((row) => [
      row,
      places.map((place) => {
        const all = answers.get(row)?.get(place) ?? [];
        return {
          platform: place.platform.name,
          options: optionsLabel(place.platform, place.options),
          cells: cellsOf(row, place, all),
          answers: all,
        };
      }),
    ]),
  );
  const asked = new Set<string>();
  for (const { reads } of outcomes.values())
    for (const { kind, name } of reads) if (kind === 'patch') asked.add(name);
  return {
    rows: rows.map((row) => {
      const patch = row.prefix ?? row.without!;
      const other = compared(row, rows);
      return {
        row,
        cells: judged.get(row)!.flatMap(({ cells }) => cells),
        effects:
          other === null
            ? null
            : row.prefix === null
              ? effectsOf(judged.get(row)!, judged.get(other)!)
              : effectsOf(judged.get(other)!, judged.get(row)!),
        switched: patch === 0 ? null : asked.has(String(patch)),
      };
    }),
    places,
    workloads,
    explored,
    answered: outcomes.size,
    states,
  };
}

/** The row that differs by the row's patch alone, if it is there: of a prefix the one before, of `without` v5. */
function compared(row: Row, rows: readonly Row[]): Row | null {
  const wanted = row.prefix === null ? 20 : row.prefix - 1;
  return rows.find(({ prefix }) => prefix === wanted) ?? null;
}

/** Some rows by name, with those that they are compared with. */
export function rowsNamed(names: readonly string[]): Row[] {
  const wanted = ROWS.filter((row) => names.includes(rowName(row)) || names.includes(row.series.name));
  return ROWS.filter((row) => wanted.includes(row) || wanted.some((one) => compared(one, ROWS) === row));
}

function answersAt(all: Map<Row, Map<Place, Answer[]>>, { row, place }: Job): Answer[] {
  const places = all.get(row) ?? new Map<Place, Answer[]>();
  all.set(row, places);
  const list = places.get(place) ?? [];
  places.set(place, list);
  return list;
}
