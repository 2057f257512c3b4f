/** The summary of the main job, for a kernel developer who has not read the source. */
import { relative } from 'node:path';
import { subjectLabel } from '../../conformance/subject.ts';
import { textRows } from '../../render/index.ts';
import { V5 } from '../../series/index.ts';
import type { Io } from '../io.ts';
import { expectationsText } from './expectations.ts';
import { coloursOf, numbers, paragraph, series } from './layout.ts';
import { failsPart } from './start-fails.ts';
import { heading, type MainJob } from './start-job.ts';

export function summaryText(io: Io, job: MainJob): string {
  return [
    ...exploredPart(io, job),
    ...holdsPart(io, job),
    ...failsPart(io, job),
    ...coveredPart(io, job),
    ...picturesPart(io, job),
    expectationsText(io, job.expectations),
  ].join('\n');
}

function exploredPart(io: Io, { checks, explored }: MainJob): string[] {
  const c = coloursOf(io);
  const systems = [
    ...new Map(checks.map(({ checked }) => [checked.subject.system.name, checked.subject.system])).values(),
  ];
  const rows = checks.map(({ checked: { subject }, result }) => {
    const failing = result.properties.filter(({ holds }) => holds === false);
    return [
      subjectLabel(subject),
      `${result.states}`,
      `${result.transitions}`,
      result.complete ? 'yes' : 'NO',
      failing.map(({ name }) => name).join('\n') || 'none',
    ];
  });
  const sums = explored.map(({ subject, results }) => [
    subjectLabel(subject),
    `${results.length}`,
    `${results.reduce((sum, { states }) => sum + states, 0)}`,
    `${results.reduce((sum, { transitions }) => sum + transitions, 0)}`,
    results.every(({ complete }) => complete) ? 'yes' : 'NO',
    failingNames(results.flatMap(({ properties }) => properties)) || 'none',
  ]);
  const paint = (text: string, row: number) => (row < 0 ? c.bold(text) : text);
  return [
    heading(io, 'What was explored'),
    paragraph(
      io,
      `The patch series "dma-mapping: Use DMA_ATTR_CC_SHARED through direct, pool and swiotlb paths" (v5), and the kernel before it (baseline).`,
    ),
    ...systems.map(({ name, doc, patches }) =>
      paragraph(io, `${name}: ${doc}. Patches ${numbers(patches)} act in it; the others do not yet.`),
    ),
    '',
    'The specification, every reachable state:',
    '',
    textRows(rows, ['system, series, platform, options', 'states', 'transitions', 'complete', 'violated'], {
      width: io.width,
      paint,
    }),
    '',
    paragraph(
      io,
      'The simulated kernel by itself, every schedule of small workloads (npx ccdma explore has larger ones):',
    ),
    '',
    textRows(
      sums,
      ['system, series, platform', 'workloads', 'states', 'transitions', 'complete', 'violated'],
      {
        width: io.width,
        paint,
      },
    ),
    '',
  ];
}

const failingNames = (
  properties: readonly { readonly name: string; readonly holds: boolean | null }[],
): string =>
  [...new Set(properties.filter(({ holds }) => holds === false).map(({ name }) => name))].join('\n');

function holdsPart(io: Io, { checks }: MainJob): string[] {
  const whole = checks.filter(({ checked }) => checked.subject.series === V5);
  const names =
    whole[0]?.result.properties.filter(({ kind }) => kind !== 'possible').map(({ name }) => name) ?? [];
  const broken = names.filter((name) =>
    whole.some(({ result }) => result.properties.some((p) => p.name === name && p.holds !== true)),
  );
  const held = names.filter((name) => !broken.includes(name));
  const idle = whole.filter(({ result }) =>
    result.properties.every(
      ({ kind, status }) => kind === 'possible' || kind === 'deadlock' || status === 'not reachable',
    ),
  );
  return [
    heading(io, 'What holds'),
    paragraph(io, `With the whole series, on every platform and with every option: ${series(held)}.`),
    ...(idle.length === 0
      ? []
      : [
          paragraph(
            io,
            `With ${series([...new Set(idle.map(({ checked }) => `device=${checked.subject.options.device}`))])} little happens: from patch 7 on a mapping whose device does not suit the pools is refused before a pool is made.`,
          ),
        ]),
    '',
  ];
}

function coveredPart(io: Io, { conformed }: MainJob): string[] {
  const c = coloursOf(io);
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
      'Paths that take every transition of each system were run on the simulated kernel in lockstep. When a transition was taken for the first time, the state after it, and all that the kernel was ready to do, was compared with the machines; npm test and ccdma conform compare after every step.',
    ),
    '',
    textRows(rows, ['kernel', 'machines of', 'paths', 'steps', 'transitions executed', 'conforms'], {
      width: io.width,
      paint: (text, row) => (row < 0 ? c.bold(text) : text),
    }),
    '',
    paragraph(
      io,
      'A kernel without the series does not conform to the intended machines, and is not meant to: that is what the series changes.',
    ),
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
      `${at}/diagrams has ${drawings} drawings: every machine, as intended and (.baseline) as before, and the shortest way to each finding. ${at}/findings.md lists the findings, ${at}/counterexamples has them step by step, ${at}/paths the test paths.`,
    ),
    '',
  ];
}
