/** The matrix as text: a table for each place, or over all, and what each patch does. */

import type { Cell } from '../../conformance/matrix/cells.ts';
import type { CellChange, Difference, Effects } from '../../conformance/matrix/effects.ts';
import type { MatrixJson, RowJson } from '../../conformance/matrix/json.ts';
import { textRows } from '../../render/index.ts';
import { PATCHES } from '../../series/index.ts';
import type { Io } from '../io.ts';
import { coloursOf, command, paragraph } from './layout.ts';

/** Letters of a cell; the number of steps stands for a failure. */
export const LEGEND =
  'a number: fails, steps of the shortest counterexample · +: holds · -: not reachable · ?: not decided';

const RANK = { 'not-reachable': 0, holds: 1, 'not-decided': 2, fails: 3 } as const;

/** `+`, `-`, `?` or the number of steps. */
export function cellText({ verdict, steps }: Pick<Cell, 'verdict' | 'steps'>): string {
  return verdict === 'fails'
    ? String(steps)
    : { holds: '+', 'not-reachable': '-', 'not-decided': '?' }[verdict];
}

/** What several places together say: the worst, and of failures the shortest. */
export function worst(cells: readonly Cell[]): Pick<Cell, 'verdict' | 'steps'> {
  return cells.reduce<Pick<Cell, 'verdict' | 'steps'>>(
    (a, b) =>
      RANK[b.verdict] > RANK[a.verdict] ||
      (a.verdict === 'fails' && b.verdict === 'fails' && b.steps! < a.steps!)
        ? b
        : a,
    { verdict: 'not-reachable', steps: null },
  );
}

export const rowLabel = ({ prefix, without }: RowJson): string =>
  prefix === undefined ? `without ${without}` : `${prefix}`;

/** Rows of texts: properties across, the rows of the matrix down. The first row is the heading. */
export function grid(rows: readonly RowJson[], meant: (cell: Cell) => boolean): string[][] {
  const properties = [...new Set(rows.flatMap(({ cells }) => cells.map(({ property }) => property)))];
  return [
    ['prefix', ...properties],
    ...rows.map((row) => [
      rowLabel(row),
      ...properties.map((property) =>
        cellText(worst(row.cells.filter((cell) => cell.property === property && meant(cell)))),
      ),
    ]),
  ];
}

/** `tdx`, `sme, device=trusted`. */
export const placeText = ({ platform, options }: Pick<Cell, 'platform' | 'options'>): string =>
  options === '' ? platform : `${platform}, ${options}`;

/** Places in which a matrix differs from another by one list of an effect, each property with its places. */
function byProperty(changes: readonly CellChange[]): string {
  const properties = [...new Set(changes.map(({ property }) => property))];
  return properties
    .map((property) => {
      const places = changes.filter((one) => one.property === property).map(placeText);
      return `${property} (${places.join('; ')})`;
    })
    .join(', ');
}

function bySite(changes: Effects['ends']): string {
  const keyOf = ({ property, site, workloads, altogether }: Effects['ends'][number]): string =>
    `${property} at ${site}${altogether ? '' : ` in ${workloads.join(', ')}`}`;
  const keys = [...new Set(changes.map(keyOf))];
  return keys
    .map(
      (key) =>
        `${key} (${changes
          .filter((one) => keyOf(one) === key)
          .map(placeText)
          .join('; ')})`,
    )
    .join(', ');
}

function places(differences: readonly Difference[]): string {
  return differences.map(placeText).join('; ');
}

/** What a patch does, as short sentences. `without` speaks of what its absence does. */
export function effectLines(row: RowJson): string[] {
  const { effects, acts, prefix } = row;
  if (effects === null) return [];
  const lines: string[] = [];
  const say = (what: string, text: string) => {
    if (text !== '') lines.push(`${what}: ${text}`);
  };
  say(prefix === undefined ? 'repairs, in the whole series' : 'repairs', byProperty(effects.repairs));
  say('breaks', byProperty(effects.breaks));
  const split = (changes: Effects['ends'], altogether: boolean) =>
    bySite(changes.filter((one) => one.altogether === altogether));
  say('ends', split(effects.ends, true));
  say('begins', split(effects.begins, true));
  say('ends in some workloads', split(effects.ends, false));
  say('begins in some workloads', split(effects.begins, false));
  say('decisions changed', places(effects.decisions));
  say('step sequences changed', places(effects.steps));
  say('not compared, a bound was hit', places(effects.notCompared));
  if (effects.steps.length > 0 || effects.notCompared.length > 0) return lines;
  const why = PATCHES.find(({ number }) => number === (prefix ?? row.without))?.whenEmpty;
  const same =
    acts === 'no-switch'
      ? 'no switch: the simulated kernel never asks for this patch in what was explored'
      : 'the same step sequences everywhere: no change';
  lines.push(why === undefined ? same : `${same}. Why: ${why}`);
  return lines;
}

/** For how long a prefix breaks a property: `until 11`, or `still with the whole series`. */
export function untilText(json: MatrixJson, row: RowJson, broken: CellChange): string {
  const later = json.rows.find(
    ({ prefix, cells }) =>
      prefix! > row.prefix! &&
      cells.some(
        (cell) =>
          cell.platform === broken.platform &&
          cell.options === broken.options &&
          cell.property === broken.property &&
          cell.verdict !== 'fails',
      ),
  );
  return later === undefined ? 'still with the whole series' : `until ${later.prefix}`;
}

/** Every way to fail, as a list: property, site, where, with a replay command of the shortest. */
export function failures(rows: readonly RowJson[]) {
  const all = rows.flatMap((row) =>
    row.cells.flatMap((cell) => (cell.counterexamples ?? []).map((found) => ({ row, cell, found }))),
  );
  const keys = [...new Set(all.map(({ cell, found }) => `${cell.property} ${found.site}`))];
  return keys.map((key) => {
    const some = all.filter(({ cell, found }) => `${cell.property} ${found.site}` === key);
    const shortest = some.reduce((a, b) => (b.found.steps < a.found.steps ? b : a));
    return {
      property: shortest.cell.property,
      site: shortest.found.site,
      findings: [...new Set(some.map(({ found }) => found.finding ?? 'not listed'))],
      rows: [...new Set(some.map(({ row }) => rowLabel(row)))],
      places: [...new Set(some.map(({ cell }) => placeText(cell)))],
      steps: shortest.found.steps,
      because: shortest.found.because,
      replay: shortest.found.replay,
    };
  });
}

/** The whole matrix for a terminal: over all places, each place where there are few, what each patch does. */
export function matrixText(io: Io, json: MatrixJson): string {
  const c = coloursOf(io);
  const rows = [...json.rows, ...json.without];
  const places = [...new Set(rows.flatMap(({ cells }) => cells.map(placeText)))];
  const table = (meant: (cell: Cell) => boolean): string => {
    const [header, ...body] = grid(rows, meant);
    return textRows(body, header!, {
      width: io.width,
      paint: (text, row, column) => {
        if (row < 0) return c.bold(text);
        if (column === 0) return text;
        return text === '+' ? c.green(text) : /^\d+$/.test(text) ? c.red(text) : c.dim(text);
      },
    });
  };
  const out: string[] = [];
  if (places.length > 1)
    out.push(
      c.bold(`All ${places.length} places together: the worst of them`),
      table(() => true),
      '',
    );
  if (places.length <= 10)
    for (const place of places)
      out.push(
        c.bold(place),
        table((cell) => placeText(cell) === place),
        '',
      );
  out.push(paragraph(io, LEGEND), '', c.bold('What each patch does'));
  for (const row of rows) {
    if (row.effects === null) continue;
    out.push(`${rowLabel(row)}: ${row.patch}`);
    for (const line of effectLines(row)) out.push(paragraph(io, line, 4));
    for (const broken of row.prefix === undefined ? [] : row.effects.breaks)
      out.push(
        paragraph(io, `${broken.property} on ${placeText(broken)}: ${untilText(json, row, broken)}`, 8),
      );
  }
  const undecided = rows.flatMap((row) =>
    row.cells
      .filter(({ verdict }) => verdict === 'not-decided')
      .map((cell) => `${rowLabel(row)}, ${placeText(cell)}: bound hit at ${cell.bound} states`),
  );
  if (undecided.length > 0) out.push('', c.bold('Not decided'), ...new Set(undecided));
  const failing = failures(rows);
  if (failing.length > 0) out.push('', c.bold('Every way to fail'));
  for (const { property, site, findings, rows: where, places: at, steps, because, replay } of failing) {
    out.push(
      c.red(`${property} at ${site}`),
      paragraph(io, `${findings.join(', ')}: ${because}`, 4),
      paragraph(io, `rows ${where.join(', ')}; ${at.join('; ')}; ${steps} steps:`, 4),
      command(io, replay),
    );
  }
  const { answered, explored, states } = json.work;
  out.push('', `${answered} questions answered by ${explored} explorations of ${states} states together.`);
  return out.join('\n');
}
