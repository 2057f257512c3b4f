/** Decision tables as reStructuredText: list-tables, as the kernel's documentation has them. */
import { type Section, sectionParts } from './text.ts';

/** A document: a title, and a section for each table. Ends with a newline. */
export function rstDecisions(title: string, sections: readonly Section[]): string {
  const heading = (text: string, line: string) => [escaped(text), line.repeat([...escaped(text)].length), ''];
  const row = (cells: readonly string[]) =>
    cells.map((cell, i) => `${i === 0 ? '   * - ' : '     - '}${escaped(cell)}`.trimEnd());
  return [
    ...heading(title, '='),
    ...sections.flatMap((section) => {
      const { name, common, header, rows } = sectionParts(section);
      return [
        ...heading(name, '-'),
        ...(common === '' ? [] : [escaped(common), '']),
        '.. list-table::',
        '   :header-rows: 1',
        '',
        ...[header, ...rows].flatMap(row),
        '',
      ];
    }),
  ].join('\n');
}

/** Nothing in a text is markup: `*`, `_`, bars and back quotes stand for themselves. */
function escaped(text: string): string {
  return text.replace(/[\\`*_|]/g, (char) => `\\${char}`);
}
