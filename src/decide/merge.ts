/**
 * Tables that a person can read: rows with the same outcome are put together where a column does not matter.
 * A merged row is a product of sets of values, and stands for exactly the rows of that product: nothing is added,
 * nothing is left out, and no row is in two merged ones.
 */
import { columnsOf } from './columns.ts';
import { type Outcome, outcomeKey, type Row } from './row.ts';

/** Values by column; within a merged row every combination of them has the outcome. */
export type Cells = Readonly<Record<string, readonly string[]>>;

export interface MergedRow {
  readonly cells: Cells;
  readonly outcome: Outcome;
  /** The way to the outcome from one of its requests, the first: others may come to it by another. */
  readonly because: readonly string[];
}

export interface MergedTable {
  /** Columns in which the rows differ, with all values that occur, in order of first occurrence. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Columns in which all rows agree, with their value. */
  readonly fixed: Readonly<Record<string, string>>;
  /** Columns that the platform decides among these rows, by platform. They are not among the cells. */
  readonly byPlatform: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly rows: readonly MergedRow[];
}

/**
 * Merges column by column: rows that differ in one column only become one, the column first that saves most.
 * @param attrs all attributes that the table knows; each is a column of its own
 * @throws Error when two rows have the same inputs and different outcomes: a request has one answer
 */
export function mergeRows(rows: Iterable<Row>, attrs: readonly string[]): MergedTable {
  const { columns, pieces } = read(rows, attrs);
  const byFirst = columns.map((column, i) =>
    column.values.size > 1 ? decidedByFirst(pieces, i, columns) : null,
  );
  const free = columns.flatMap(({ values }, i) => (values.size > 1 && byFirst[i] === null ? [i] : []));
  // What the platform decides goes along with it, and must not keep platforms apart.
  const bare = pieces.map((piece) => ({ ...piece, sets: free.map((i) => piece.sets[i]!) }));
  const domains = free.map((i) => [...columns[i]!.values.keys()]);
  const merged = squeeze(bare).sort((a, b) => compare(a.sets, b.sets, domains));
  const named = <T>(of: (i: number) => readonly T[]) =>
    Object.fromEntries(columns.flatMap(({ name }, i) => of(i).map((value) => [name, value])));
  return {
    columns: Object.fromEntries(free.map((i, at) => [columns[i]!.name, domains[at]!])),
    fixed: named((i) => (columns[i]!.values.size === 1 ? [...columns[i]!.values.keys()] : [])),
    byPlatform: named((i) => (byFirst[i] == null ? [] : [byFirst[i]])),
    rows: merged.map(({ sets, outcome, because }) => ({
      cells: Object.fromEntries(
        free.map((i, at) => [columns[i]!.name, domains[at]!.filter((_value, v) => (sets[at]! >> v) & 1)]),
      ),
      outcome,
      because,
    })),
  };
}

/** Every combination that a merged row stands for, as one record each; fixed columns are not among them. */
export function* expand({ cells }: MergedRow): Generator<Record<string, string>, void, undefined> {
  const names = Object.keys(cells);
  function* from(
    i: number,
    chosen: Record<string, string>,
  ): Generator<Record<string, string>, void, undefined> {
    const name = names[i];
    if (name === undefined) {
      yield chosen;
      return;
    }
    for (const value of cells[name]!) yield* from(i + 1, { ...chosen, [name]: value });
  }
  yield* from(0, {});
}

interface Column {
  readonly name: string;
  /** The values that occur, each with its number: the place of its bit in a set. */
  readonly values: Map<string, number>;
}

/** A product of sets of values, one a column; a set is a number, one bit a value. */
interface Piece {
  readonly sets: readonly number[];
  readonly outcome: Outcome;
  /** Equal for equal outcomes: their number. */
  readonly key: number;
  readonly because: readonly string[];
}

const MOST_VALUES = 31;

function read(rows: Iterable<Row>, attrs: readonly string[]): { columns: Column[]; pieces: Piece[] } {
  const columns: Column[] = [];
  const pieces = new Map<string, Piece>();
  const outcomes = new Map<string, number>();
  for (const row of rows) {
    const inputs = Object.entries(columnsOf(row, attrs));
    if (columns.length === 0) columns.push(...inputs.map(([name]) => ({ name, values: new Map() })));
    const sets = inputs.map(([name, value], i) => {
      const { name: known, values } = columns[i]!;
      if (name !== known) throw new Error(`column ${i} is '${name}' in one row and '${known}' in another`);
      if (!values.has(value)) values.set(value, values.size);
      if (values.size > MOST_VALUES) throw new Error(`column '${name}' has more than ${MOST_VALUES} values`);
      return 2 ** values.get(value)!;
    });
    const text = outcomeKey(row.outcome);
    const key = outcomes.get(text) ?? outcomes.size;
    outcomes.set(text, key);
    const at = sets.join();
    const known = pieces.get(at);
    if (known === undefined) pieces.set(at, { sets, outcome: row.outcome, key, because: row.because });
    else if (known.key !== key) {
      throw new Error(
        `two answers to ${JSON.stringify(Object.fromEntries(inputs))}: ${outcomeKey(known.outcome)} and ${text}`,
      );
    }
  }
  return { columns, pieces: [...pieces.values()] };
}

/** The value of a column by the value of the first, or null where that does not decide it. */
function decidedByFirst(
  pieces: readonly Piece[],
  column: number,
  columns: readonly Column[],
): Record<string, string> | null {
  if (column === 0) return null;
  const by = new Map<number, number>();
  for (const { sets } of pieces) {
    const before = by.get(sets[0]!);
    if (before !== undefined && before !== sets[column]) return null;
    by.set(sets[0]!, sets[column]!);
  }
  const name = (i: number, set: number) => [...columns[i]!.values.keys()][Math.log2(set)]!;
  return Object.fromEntries([...by].map(([first, value]) => [name(0, first), name(column, value)]));
}

function squeeze(pieces: readonly Piece[]): Piece[] {
  let current = [...pieces];
  for (;;) {
    let best = current;
    // The last column first: what is asked of the pools and options goes before platforms are put together.
    for (let column = (current[0]?.sets.length ?? 0) - 1; column >= 0; column--) {
      const merged = mergeColumn(current, column);
      if (merged.length < best.length) best = merged;
    }
    if (best === current) return current;
    current = best;
  }
}

/** Pieces that agree in everything but one column become one. */
function mergeColumn(pieces: readonly Piece[], column: number): Piece[] {
  const merged = new Map<string, Piece>();
  for (const piece of pieces) {
    const key = keyWithout(piece, column);
    const known = merged.get(key);
    if (known === undefined) {
      merged.set(key, piece);
      continue;
    }
    const sets = [...known.sets];
    sets[column]! |= piece.sets[column]!;
    merged.set(key, { ...known, sets });
  }
  return [...merged.values()];
}

/** Equal for pieces with the same outcome and the same sets in all other columns. */
function keyWithout({ sets, key }: Piece, column: number): string {
  let text = `${key}`;
  for (let i = 0; i < sets.length; i++) text += i === column ? ',' : `,${sets[i]}`;
  return text;
}

/** Column by column, by the first value that the one has and the other has not; who has it comes first. */
function compare(
  a: readonly number[],
  b: readonly number[],
  domains: readonly (readonly string[])[],
): number {
  for (let column = 0; column < domains.length; column++) {
    const differ = a[column]! ^ b[column]!;
    if (differ !== 0) return (a[column]! & differ & -differ) !== 0 ? -1 : 1;
  }
  return 0;
}
