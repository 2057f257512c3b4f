/** The summary of the main job, for a kernel developer who has not read the source. */
import { relative } from 'node:path';
import type { ReadMatrix } from '../../conformance/matrix/committed.ts';
import { subjectLabel } from '../../conformance/subject.ts';
import { textRows } from '../../render/index.ts';
import { BASELINE, PLATFORMS, type Series, V5 } from '../../series/index.ts';
import type { Io } from '../io.ts';
import type { Result } from '../results.ts';
import { expectationsText } from './expectations.ts';
import { coloursOf, command, paragraph, series } from './layout.ts';
import { grid, LEGEND } from './matrix.ts';
import { failsPart } from './start-fails.ts';
import { heading, type MainJob } from './start-job.ts';

export function summaryText(io: Io, job: MainJob): string {
  return [
    ...exploredPart(io, job),
    ...holdsPart(io, job),
    ...failsPart(io, job),
    ...coveredPart(io, job),
    ...matrixPart(io, job.matrix),
    ...picturesPart(io, job),
    expectationsText(io, job.expectations),
  ].join('\n');
}

const table = (io: Io, rows: readonly (readonly string[])[], header: readonly string[]): string =>
  textRows(
    rows.map((row) => [...row]),
    [...header],
    {
      width: io.width,
      paint: (text, row) => (row < 0 ? coloursOf(io).bold(text) : text),
    },
  );

function exploredPart(io: Io, { checks, explored }: MainJob): string[] {
  const sum = (of: 'states' | 'transitions') => checks.reduce((all, { result }) => all + result[of], 0);
  const bounds = checks.filter(({ result }) => !result.complete).length;
  const sums = explored.map(({ subject, results }) => [
    [subject.series.name, subject.platform.name].join(', '),
    `${results.length}`,
    `${results.reduce((all, { states }) => all + states, 0)}`,
    `${results.reduce((all, { transitions }) => all + transitions, 0)}`,
    results.every(({ complete }) => complete) ? 'yes' : 'NO',
    failingNames(results.flatMap(({ properties }) => properties)) || 'none',
  ]);
  return [
    heading(io, 'What was explored'),
    paragraph(
      io,
      'The patch series "dma-mapping: Use DMA_ATTR_CC_SHARED through direct, pool and swiotlb paths" (v5), and the kernel before it (baseline).',
    ),
    '',
    paragraph(
      io,
      `The specification, every reachable state of every system on every platform with its default options: ${sum('states')} states, ${sum('transitions')} transitions, ${bounds === 0 ? 'no bound was hit' : `${bounds} bounds were hit`}. How many properties are violated (+: none, -: nothing that they speak of happens there):`,
    ),
    '',
    ...[V5, BASELINE].flatMap((one) => [violatedTable(io, checks, one), '']),
    paragraph(
      io,
      'The simulated kernel by itself, every schedule of small workloads (npx ccdma explore has larger ones):',
    ),
    '',
    table(io, sums, ['series, platform', 'workloads', 'states', 'transitions', 'complete', 'violated']),
    '',
  ];
}

/** Systems down, platforms across. */
function violatedTable(io: Io, checks: MainJob['checks'], one: Series): string {
  const mine = checks.filter(({ checked }) => checked.subject.series === one);
  const systems = [...new Set(mine.map(({ checked }) => checked.subject.system.name))];
  const cell = (system: string, platform: string): string => {
    const found = mine.find(
      ({ checked: { subject } }) => subject.system.name === system && subject.platform.name === platform,
    );
    return found === undefined ? '' : violated(found.result);
  };
  const names = PLATFORMS.map(({ name }) => name);
  return table(
    io,
    systems.map((system) => [system, ...names.map((name) => cell(system, name))]),
    [one.name, ...names],
  );
}

function violated({ properties, complete }: Result): string {
  const failing = properties.filter(({ holds }) => holds === false).length;
  if (failing > 0) return `${failing}`;
  if (!complete) return '?';
  const asked = properties.filter(({ kind }) => kind !== 'possible' && kind !== 'deadlock');
  return asked.every(({ status }) => status === 'not reachable') ? '-' : '+';
}

const failingNames = (
  properties: readonly { readonly name: string; readonly holds: boolean | null }[],
): string =>
  [...new Set(properties.filter(({ holds }) => holds === false).map(({ name }) => name))].join('\n');

function holdsPart(io: Io, { checks }: MainJob): string[] {
  const whole = checks.filter(({ checked }) => checked.subject.series === V5);
  const all = whole.flatMap(({ result }) => result.properties.filter(({ kind }) => kind !== 'possible'));
  const names = [...new Set(all.map(({ name }) => name))];
  const held = names.filter((name) => all.every((p) => p.name !== name || p.holds === true));
  return [
    heading(io, 'What holds'),
    paragraph(io, `With the whole series, in every system and on every platform: ${series(held)}.`),
    '',
  ];
}

function coveredPart(io: Io, { conformed }: MainJob): string[] {
  const rows = conformed.map(({ subject, machines, result }) => {
    const conformance = result.properties.find(({ name }) => name === 'conformance');
    return [
      `${subjectLabel(subject)}`,
      machines.name,
      `${result.paths}`,
      `${result.steps}`,
      `${result.covered} of ${result.transitions}`,
      conformance?.holds === true ? 'yes' : 'no',
    ];
  });
  return [
    heading(io, 'What was covered'),
    paragraph(
      io,
      'Paths that take every transition of each system were run on the simulated kernel in lockstep. When a transition was taken for the first time, the state after it, and all that the kernel was ready to do, was compared with the machines; ccdma conform compares after every step.',
    ),
    '',
    table(io, rows, ['kernel', 'machines of', 'paths', 'steps', 'transitions executed', 'conforms']),
    '',
    paragraph(
      io,
      'A kernel without the series does not conform to the intended machines, and is not meant to: that is what the series changes.',
    ),
    '',
  ];
}

/** The committed matrix, over all platforms. */
function matrixPart(io: Io, matrix: ReadMatrix | null): string[] {
  if (matrix === null) return [];
  const [header, ...rows] = grid([...matrix.rows, ...matrix.without], () => true);
  return [
    heading(io, 'What each patch does'),
    paragraph(
      io,
      `The committed matrix (generated/slow/matrix.json), not computed now: the simulated kernel under ${matrix.workloads.length} workloads on every platform, after patches 1 to n and without one patch; the worst of all platforms. ${LEGEND}.`,
    ),
    '',
    table(io, rows, header!),
    '',
    'Compute it again, and see what each patch repairs, changes and breaks:',
    command(io, 'npx ccdma matrix'),
    '',
  ];
}

function picturesPart(io: Io, { folder, files }: MainJob): string[] {
  const where = relative(process.cwd(), folder);
  const at = where === '' || where.startsWith('..') ? folder : where;
  const drawings = files.filter(({ path }) => path.endsWith('.svg')).length;
  return [
    heading(io, 'Where the pictures are'),
    paragraph(
      io,
      `${at}/diagrams has ${drawings} drawings: every machine, as intended and (.baseline) as before, and the shortest way to each finding. ${at}/findings.md lists the findings, ${at}/counterexamples has them step by step, ${at}/paths the test paths. The decision tables of "npm run generate" are in generated/tables.`,
    ),
    '',
  ];
}
