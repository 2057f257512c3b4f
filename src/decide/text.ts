/** A merged table as words: a header and rows of cells, which Markdown, reStructuredText and CSV then write. */
import type { MergedRow, MergedTable } from './merge.ts';
import type { Outcome } from './row.ts';

export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const ANSWER = ['comes from', 'converted', 'address says', 'why refused'];
const ATTR = 'attr:';

/** Values of a cell: `any` when all that occur in the table are meant; a column without influence is left out. */
export function tableText(table: MergedTable): TextTable {
  const { columns, rows } = table;
  const without = idle(table);
  const names = Object.keys(columns).filter((name) => !without.includes(name));
  const attrs = names.filter((name) => name.startsWith(ATTR));
  const first = names.findIndex((name) => name.startsWith(ATTR));
  const shown = names.flatMap((name, i) =>
    i === first ? ['attributes'] : name.startsWith(ATTR) ? [] : [name],
  );
  const cell = (row: MergedRow, name: string): string => {
    if (name === 'attributes') return attrsCell(row, attrs);
    const values = row.cells[name]!;
    return values.length === columns[name]!.length ? 'any' : values.join(', ');
  };
  return {
    header: [...shown, ...ANSWER],
    rows: rows.map((row) => [...shown.map((name) => cell(row, name)), ...answer(row.outcome)]),
  };
}

/** `MMIO, not CC_SHARED`: what must be there and what must not; an attribute that is not named does not matter. */
function attrsCell({ cells }: MergedRow, attrs: readonly string[]): string {
  const only = (value: string) =>
    attrs
      .filter((name) => cells[name]!.length === 1 && cells[name]![0] === value)
      .map((name) => name.slice(ATTR.length));
  const [has, lacks] = [only('yes'), only('no')];
  if (has.length + lacks.length === 0) return 'any';
  if (lacks.length === attrs.length) return 'none';
  return [...has, ...lacks.map((name) => `not ${name}`)].join(', ');
}

const answer = ({ source, converted, address, reason }: Outcome): string[] => [
  source,
  source === 'refused' ? '' : converted,
  source === 'refused' ? '' : address,
  reason ?? '',
];

/** Columns that no row looks at. */
function idle({ columns, rows }: MergedTable): string[] {
  return Object.keys(columns).filter((name) =>
    rows.every(({ cells }) => cells[name]!.length === columns[name]!.length),
  );
}

/** What all rows have in common, as a sentence; empty when nothing is. */
export function fixedText(table: MergedTable): string {
  const { fixed, byPlatform } = table;
  const without = idle(table).map((name) => (name.startsWith(ATTR) ? name.slice(ATTR.length) : name));
  const named = Object.entries(fixed).map(([name, value]) =>
    name.startsWith(ATTR)
      ? `${value === 'yes' ? 'with' : 'without'} ${name.slice(ATTR.length)}`
      : `${name} ${value}`,
  );
  const along = Object.keys(byPlatform);
  return [
    ...(named.length === 0 ? [] : [`In all rows: ${named.join(', ')}.`]),
    ...(without.length === 0 ? [] : [`Without influence: ${without.join(', ')}.`]),
    ...(along.length === 0 ? [] : [`As the platform has it: ${along.join(', ')}.`]),
  ].join(' ');
}

/** One table of a document. */
export interface Section {
  readonly name: string;
  readonly table: MergedTable;
}

/** All that a section shows, as text. */
export function sectionParts({
  name,
  table,
}: Section): TextTable & { readonly name: string; readonly common: string } {
  return { name, common: fixedText(table), ...tableText(table) };
}
