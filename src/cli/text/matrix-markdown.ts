/** The matrix as a page: over all platforms, what each patch does, every way to fail, and each platform's table. */
import type { MatrixJson } from '../../conformance/matrix/json.ts';
import { markdown } from '../../render/index.ts';
import { effectLines, failures, grid, LEGEND, placeText, rowLabel } from './matrix.ts';

export function matrixMarkdown(json: MatrixJson): string {
  const rows = [...json.rows, ...json.without];
  const places = [...new Set(rows.flatMap(({ cells }) => cells.map(placeText)))];
  const crossed = places.some((place) => place.includes(','));
  const table = (meant: Parameters<typeof grid>[1]): string => {
    const [header, ...body] = grid(rows, meant);
    return markdown(body, header!);
  };
  return `${[
    '# What the series does',
    '',
    `Computed by \`npx ccdma matrix${crossed ? ' --options' : ''}\`: the simulated kernel under ${json.workloads.length} workloads, every schedule and every answer of the world, for each kernel (rows) and property (columns). Row 0 is the kernel before the series, row n has patches 1 to n, "without n" is the whole series less one patch.`,
    '',
    `${LEGEND}.`,
    '',
    '## All places together: the worst of them',
    '',
    table(() => true),
    '',
    '## What each patch does',
    '',
    ...rows.flatMap((row) => {
      if (row.effects === null) return [];
      const name = row.prefix === undefined ? `Without ${row.without}` : `Patch ${row.prefix}`;
      return [`### ${name}: ${row.patch}`, '', ...effectLines(row).map((line) => `- ${line}`), ''];
    }),
    '## Every way to fail',
    '',
    ...failures(rows).flatMap(
      ({ property, site, findings, rows: where, places: at, steps, because, replay }) => [
        `### ${property} at \`${site}\``,
        '',
        `${findings.join(', ')}: ${because} (${steps} steps at the shortest).`,
        '',
        `Rows: ${where.join(', ')}. Places: ${at.join('; ')}.`,
        '',
        '```sh',
        replay,
        '```',
        '',
      ],
    ),
    ...(crossed
      ? []
      : places.flatMap((place) => [`## ${place}`, '', table((cell) => placeText(cell) === place), ''])),
    '## Workloads',
    '',
    ...json.workloads.map(({ name, about }) => `- **${name}**: ${about}`),
    '',
    `Row labels: ${rows.map(rowLabel).join(', ')}.`,
  ].join('\n')}\n`;
}
