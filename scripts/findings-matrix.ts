/**
 * Holds the matrix against the list of findings, and proposes what the list should say: for everything that fails and
 * is not listed a predicate that is true where it fails and nowhere else; for every finding that did not occur where.
 *
 *     npx ccdma matrix --options --json > FILE; npx tsx scripts/findings-matrix.ts FILE
 *
 * Exit code 1 when the list is not exact.
 */
import { readFileSync } from 'node:fs';
import { committedMatrix, type ReadMatrix } from '../src/conformance/matrix/committed.ts';
import type { RowJson } from '../src/conformance/matrix/json.ts';
import {
  findingsFor,
  knownFindings,
  type Options,
  optionsLabel,
  PLATFORMS,
  parseSeries,
  type Series,
} from '../src/series/index.ts';
import { cover } from './findings/cover.ts';
import type { Situated } from './findings/judge.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: npx tsx scripts/findings-matrix.ts FILE');
const text = readFileSync(file, 'utf8');
// What is committed, or what `--json` prints.
const json = 'columns' in JSON.parse(text) ? committedMatrix(text) : (JSON.parse(text) as ReadMatrix);

interface Judged extends Situated {
  readonly series: Series;
}

function cellsAt({ cells }: RowJson, name: string, options: Readonly<Record<string, string>>) {
  const platform = PLATFORMS.find((one) => one.name === name)!;
  const label = optionsLabel(platform, options as unknown as Options);
  return cells.filter((cell) => cell.platform === name && cell.options === label);
}

/** One situation for each row and place. */
const universe: Judged[] = [...json.rows, ...json.without].flatMap((row) => {
  const name = row.prefix === undefined ? `without:${row.without}` : `prefix:${row.prefix}`;
  const series = parseSeries(name) as Series;
  return json.places.map(({ platform, options }): Judged => {
    const cells = cellsAt(row, platform, options);
    return {
      system: 'matrix',
      platform,
      options: options as unknown as Options,
      acting: [...series.patches],
      series,
      failures: cells.flatMap(({ property, counterexamples = [] }) =>
        counterexamples.map(({ site }) => `${property} @ ${site}`),
      ),
      unlisted: [],
      missing: [],
    };
  });
});

const listedIn = (one: Judged) =>
  findingsFor('matrix', {
    patches: one.series.patches,
    platform: PLATFORMS.find(({ name }) => name === one.platform)!,
    options: one.options,
  });
const listed = new Map(universe.map((one) => [one, listedIn(one)] as const));
const keyOf = ({ property, site }: { property: string; site: string }) => `${property} @ ${site}`;
const show = (some: readonly Judged[]) =>
  [
    ...new Set(
      some.map(({ series, platform, options }) => {
        const place = json.places.findIndex((p) => p.options === (options as unknown));
        return `${series.name} ${platform} ${place}`;
      }),
    ),
  ].length;

let wrong = 0;
for (const key of [...new Set(universe.flatMap(({ failures }) => failures))].sort()) {
  const fails = universe.filter(({ failures }) => failures.includes(key));
  const unlisted = fails.filter((one) => !listed.get(one)!.some((finding) => keyOf(finding) === key));
  if (unlisted.length === 0) continue;
  wrong++;
  console.log(`\n${key}: fails in ${fails.length}, not listed in ${show(unlisted)} of ${universe.length}`);
  const known = new Set(fails);
  for (const cube of cover(universe, known, undefined, unlisted)) console.log(`  ${JSON.stringify(cube)},`);
}
for (const finding of knownFindings()) {
  if (!finding.shownBy.includes('matrix')) continue;
  const absent = universe.filter(
    (one) => listed.get(one)!.includes(finding) && !one.failures.includes(keyOf(finding)),
  );
  if (absent.length === 0) continue;
  wrong++;
  console.log(`\n${finding.id} is listed, and does not occur in ${absent.length}:`);
  for (const cube of cover(universe, new Set(absent))) console.log(`  ${JSON.stringify(cube)}`);
}
process.exitCode = wrong === 0 ? 0 : 1;
