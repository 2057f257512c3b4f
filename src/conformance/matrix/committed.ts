/**
 * The matrix as it is committed: by place and property, with the rows that say the same of it together. A row has a
 * thousand cells, and most patches change a few of them.
 */
import type { Cell } from './cells.ts';
import type { MatrixJson, RowJson } from './json.ts';
import { ROWS, type Row, rowName } from './rows.ts';

/** A row by the name that the file has for it: `prefix:7`, `without:7`. */
const rowNamed = (name: string): Row => ROWS.find((row) => rowName(row) === name)!;
const nameOf = ({ prefix, without }: Pick<RowJson, 'prefix' | 'without'>): string =>
  prefix === undefined ? `without:${without}` : `prefix:${prefix}`;

type CellRest = Omit<Cell, 'platform' | 'options' | 'property'>;

/** The same cell in several rows. In its replay commands, `ROW` stands for the row's series. */
interface SharedCell extends CellRest {
  readonly rows: readonly string[];
}

const ROW = 'ROW';

interface Column extends Pick<Cell, 'platform' | 'options' | 'property'> {
  readonly cells: readonly SharedCell[];
}

/** What the file holds. The counts of work are left out: two threads may explore once what answers alike, or twice. */
interface CommittedMatrix extends Omit<MatrixJson, 'rows' | 'without' | 'work'> {
  readonly format: 'ccdma-matrix';
  readonly version: 2;
  readonly rows: readonly Omit<RowJson, 'cells'>[];
  readonly columns: readonly Column[];
}

/** A matrix without the counts of work: what can be read back. */
export type ReadMatrix = Omit<MatrixJson, 'work'>;

/**
 * The file's text: a line for each cell that is different from those of the other rows, and for each effect, so that
 * a change shows where it is.
 */
export function committedText(json: ReadMatrix): string {
  const all = [...json.rows, ...json.without];
  const columns = new Map<
    string,
    { readonly place: Omit<Column, 'cells'>; readonly cells: Map<string, string[]> }
  >();
  for (const row of all)
    for (const { platform, options, property, ...cell } of row.cells) {
      const place = { platform, options, property };
      const key = JSON.stringify(place);
      const column = columns.get(key) ?? { place, cells: new Map() };
      columns.set(key, column);
      const text = JSON.stringify(replayedOn(cell, rowNamed(nameOf(row)).series.name, ROW));
      column.cells.set(text, [...(column.cells.get(text) ?? []), nameOf(row)]);
    }
  const file: CommittedMatrix = {
    format: 'ccdma-matrix',
    version: 2,
    workloads: json.workloads,
    places: json.places,
    rows: all.map(({ cells: _, ...row }) => row),
    columns: [...columns.values()].map(({ place, cells }) => ({
      ...place,
      cells: [...cells].map(([text, rows]) => ({ rows, ...(JSON.parse(text) as CellRest) })),
    })),
  };
  return `${format(file, '')}\n`;
}

/** The cell with the replay commands of another series. */
function replayedOn(cell: CellRest, was: string, is: string): CellRest {
  if (cell.counterexamples === undefined) return cell;
  return {
    ...cell,
    counterexamples: cell.counterexamples.map((one) => ({
      ...one,
      replay: one.replay.replace(` --series ${was} `, ` --series ${is} `),
    })),
  };
}

/** The matrix that a file holds, with the cells that it was written with. */
export function committedMatrix(text: string): ReadMatrix {
  const { workloads, places, rows: heads, columns } = JSON.parse(text) as CommittedMatrix;
  const rows = heads.map((head): RowJson => {
    const name = nameOf(head);
    const cells = columns.flatMap(({ cells: shared, ...place }) =>
      shared
        .filter(({ rows: of }) => of.includes(name))
        .map(
          ({ rows: _, ...cell }): Cell => ({
            ...place,
            ...replayedOn(cell, ROW, rowNamed(name).series.name),
          }),
        ),
    );
    return { ...head, cells };
  });
  return {
    workloads,
    places,
    rows: rows.filter(({ prefix }) => prefix !== undefined),
    without: rows.filter(({ prefix }) => prefix === undefined),
  };
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
