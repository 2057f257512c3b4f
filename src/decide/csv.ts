/** Decision tables as comma-separated values (RFC 4180, but with line feeds alone). */
import { type Section, sectionParts } from './text.ts';

/**
 * One table of all sections. The first column is the name of the section; what a section does not show as a
 * column is filled in: the one value that it has there, or `any` where it does not matter. Ends with a newline.
 */
export function csvDecisions(sections: readonly Section[]): string {
  const parts = sections.map(sectionParts);
  const shown = parts.map(({ header }) => header);
  const inputs = [...new Set(shown.flatMap((header) => header.slice(0, -ANSWERS)))];
  const header = [...inputs, ...(shown[0] ?? []).slice(-ANSWERS)];
  const rows = parts.flatMap((part, i) => {
    const { fixed, columns } = sections[i]!.table;
    const elsewhere = (name: string) => fixed[name] ?? (name in columns ? 'any' : 'as the platform has it');
    return part.rows.map((row) => [
      part.name,
      ...header.map((name) => row[part.header.indexOf(name)] ?? elsewhere(name)),
    ]);
  });
  return [['section', ...header], ...rows].map((cells) => `${cells.map(quoted).join(',')}\n`).join('');
}

/** The last columns are the answer, in every table. */
const ANSWERS = 4;

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
