/** Decision tables as Markdown (GitHub's tables). */
import { type Section, sectionParts } from './text.ts';

/** A document: a title, and a section for each table. Ends with a newline. */
export function markdownDecisions(title: string, sections: readonly Section[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [
    `# ${escaped(title)}`,
    '',
    ...sections.flatMap((section) => {
      const { name, common, header, rows } = sectionParts(section);
      return [
        `## ${escaped(name)}`,
        '',
        ...(common === '' ? [] : [escaped(common), '']),
        line(header),
        `|${header.map(() => ' --- |').join('')}`,
        ...rows.map(line),
        '',
      ];
    }),
  ].join('\n');
}

/** Nothing in a text is markup. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]~|#]/g, (char) => `\\${char}`).replace(/</g, '&lt;');
}
