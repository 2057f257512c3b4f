/** Decision tables as comma-separated values (RFC 4180, but with line feeds alone). */
import { attrColumn } from './columns.ts';
import type { MergedTable } from './merge.ts';
import { type Section, sectionParts } from './text.ts';

/**
 * One table of all sections. The first column is the name of the section; what a section does not show as a
 * column is filled in: the one value that it has there, or `any` where it does not matter. Ends with a newline.
 */
export function csvDecisions(sections: readonly Section[]): string {
  const parts = sections.map(sectionParts);
  const shown = parts.flatMap(({ header }) => header.slice(0, -ANSWERS));
  const all = sections.flatMap(({ table }) =>
    [table.columns, table.fixed, table.byPlatform].flatMap(Object.keys),
  );
  const inputs = [...new Set([...shown, ...all.filter((name) => !name.startsWith(ATTR))])];
  const header = [...inputs, ...(parts[0]?.header ?? []).slice(-ANSWERS)];
  const rows = parts.flatMap((part, i) =>
    part.rows.map((row) => [
      part.name,
      ...header.map((name) => row[part.header.indexOf(name)] ?? elsewhere(sections[i]!.table, name)),
    ]),
  );
  return [['section', ...header], ...rows].map((cells) => `${cells.map(quoted).join(',')}\n`).join('');
}

/** What is not a column of a section. */
function elsewhere({ fixed, columns, byPlatform }: MergedTable, name: string): string {
  if (name === 'attributes') {
    const given = Object.keys(fixed).filter((one) => one.startsWith(ATTR) && fixed[one] === 'yes');
    return given.map((one) => one.slice(ATTR.length)).join(', ') || 'none';
  }
  if (name in byPlatform) return 'as the platform has it';
  return fixed[name] ?? (name in columns ? 'any' : '');
}

const ATTR = attrColumn('');
/** The last columns are the answer, in every table. */
const ANSWERS = 4;

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
