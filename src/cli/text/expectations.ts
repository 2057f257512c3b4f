/** What `--expect` says: as listed or not, and what to do about it. */
import { textRows } from '../../render/index.ts';
import { knownFindings, optionsLabel, PLATFORMS } from '../../series/index.ts';
import type { Io } from '../io.ts';
import type { Expectation } from '../results.ts';
import { coloursOf, count, paragraph } from './layout.ts';

/** Where an expectation stands: `dynamic-pools, v5, cca`, and the options that are not the platform's defaults. */
function labelOf({ system, series, platform, options }: Expectation): string {
  const differs = optionsLabel(PLATFORMS.find(({ name }) => name === platform)!, options);
  return [system, series, platform, ...(differs === '' ? [] : [differs])].join(', ');
}

/** Whether everything is as listed; if not, what is not. */
export function expectationsText(io: Io, expectations: readonly Expectation[]): string {
  const c = coloursOf(io);
  const rows = (of: (expectation: Expectation) => readonly (readonly string[])[]) =>
    expectations.flatMap((expectation) =>
      of(expectation).map((cells) => [...cells, expectation.instrument, labelOf(expectation)]),
    );
  const unlisted = rows(({ unlisted }) => unlisted.map(({ property, site }) => [`${property}, at ${site}`]));
  const missing = rows(({ missing }) => missing.map((id) => [findingText(id)]));
  const open = expectations.filter(({ complete }) => !complete);
  const table = (title: string, lines: readonly string[][], advice: string) =>
    lines.length === 0
      ? []
      : [
          c.red(title),
          '',
          textRows(lines, ['what', 'shown by', 'of'], { width: io.width }),
          '',
          paragraph(io, advice),
          '',
        ];
  const parts = [
    ...table(
      'Not listed:',
      unlisted,
      'Each is a regression, or is to be understood, judged and added to src/series/findings.json with its exact conditions.',
    ),
    ...table(
      'Listed, and no longer there although all of it was explored:',
      missing,
      'If that is right, correct the conditions in src/series/findings.json.',
    ),
    ...open.map((expectation) =>
      c.yellow(
        paragraph(
          io,
          `A bound was hit in ${expectation.instrument} of ${labelOf(expectation)}: what did not occur may still be there.`,
        ),
      ),
    ),
  ];
  if (parts.length > 0) return parts.join('\n').trimEnd();
  const known = new Set(expectations.flatMap((expectation) => expectation.known)).size;
  const found =
    known === 0
      ? 'nothing is listed, and nothing fails'
      : `${count(known, 'known finding')} ${known === 1 ? 'occurs' : 'occur'}, and nothing else fails`;
  return c.green(paragraph(io, `As listed: in ${count(expectations.length, 'run')}, ${found}.`));
}

function findingText(id: string): string {
  const finding = knownFindings().find((known) => known.id === id);
  return finding === undefined ? id : `${id} (${finding.property}, at ${finding.site})`;
}
