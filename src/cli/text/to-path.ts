/** A piece of a log as a path: step by step, with the lines that it was taken from. */

import { subjectLabel } from '../../conformance/subject.ts';
import type { GlobalEvent, Path } from '../../lts/index.ts';
import { textRows } from '../../render/index.ts';
import { isWhole, type Retold } from '../../trace/path/find.ts';
import { replayCommand } from '../commands/replay-source.ts';
import type { Instead, ToPath } from '../commands/trace-path.ts';
import type { Io } from '../io.ts';
import { coloursOf, command, count, paragraph } from './layout.ts';

type Terminal = Pick<Io, 'width' | 'colour'>;

const eventsOf = ({ graph, passage }: Retold): readonly GlobalEvent[] =>
  passage.path.map((event) => graph.network.events[event]!);

/** By step: the line that it was taken from; undefined for a step that was filled in. */
const lineOf = ({ sightings, passage }: Retold, step: number): number | undefined =>
  sightings[passage.matched[step]!]?.record.line;

function steps(io: Terminal, retold: Retold): string {
  const c = coloursOf(io);
  const rows = eventsOf(retold).map(({ actor, label, symbol }, i) => [
    `${i + 1}`,
    actor,
    label,
    symbol,
    `${lineOf(retold, i) ?? ''}`,
  ]);
  return textRows(rows, ['step', 'who', 'event', 'kernel symbol', 'line'], {
    width: io.width,
    paint: (text, row) => (row < 0 ? c.bold(text) : rows[row]![4] === '' ? c.dim(text) : text),
  });
}

export function toPathText(io: Terminal, { file, life, retold, instead }: ToPath): string {
  const c = coloursOf(io);
  const { subject, passage } = retold;
  const first = life.segments[0]?.events[0]?.record.line;
  const last = life.segments.at(-1)?.events.at(-1)?.record.line;
  const parts = [
    `${c.bold(`${life.name} of ${file}`)}\nlines ${first} to ${last}, as a path of ${subjectLabel(subject)}`,
    steps(io, retold),
    paragraph(io, filledText(retold)),
  ];
  if (!isWhole(retold)) parts.push(c.red(paragraph(io, notAll(retold))));
  parts.push(
    `Step by step, and on the simulated kernel:\n${command(io, `${replayCommand(subject, subject.series, passage.path)} --simulate`)}`,
  );
  parts.push(insteadText(io, retold, instead));
  return parts.filter((part) => part !== '').join('\n\n');
}

function filledText({ passage: { matched } }: Retold): string {
  const own = matched.filter((n) => n >= 0).length;
  const filled = matched.length - own;
  if (filled === 0) return `${count(own, 'step')}, and all of them are of the log.`;
  return `${count(own, 'step')} of the log; ${filled} more, without a line, ${filled === 1 ? 'is' : 'are'} filled in: the shortest way to have them.`;
}

/** The life goes on as no machine does. */
function notAll({ subject, graph, sightings, passage }: Retold): string {
  const { type, params, record } = sightings[passage.reached]!;
  let state = 0;
  for (const event of passage.path) state = graph.targets[graph.edge(state, event)]!;
  const offered = graph.enabled(state).map((event) => graph.network.events[event]!.label);
  const told = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  return `No path of ${subjectLabel(subject)} takes what comes then, line ${record.line}: ${type}${told.length === 0 ? '' : `[${told.join(',')}]`}. Behind the last step that fits, these are possible: ${offered.join(', ')}.`;
}

function insteadText(io: Terminal, retold: Retold, instead: Instead): string {
  const c = coloursOf(io);
  const { subject, passage } = retold;
  const { series, step, expected, happened, requests } = instead;
  const other = { ...subject, series };
  const lines = [
    c.bold(`What would ${series.name} have done here?`),
    paragraph(
      io,
      step === null
        ? 'The same: the simulated kernel with it takes every step of this path.'
        : partingText(retold, step, expected, happened),
    ),
    command(io, `${replayCommand(other, subject.series, passage.path)} --simulate`),
  ];
  if (step === null) return lines.join('\n');
  const whole = requests.passage.reached >= requests.sightings.length;
  lines.push(
    '',
    paragraph(
      io,
      whole
        ? `Asked for the same, it does this, in the shortest case:`
        : `It does not serve the same requests on ${subject.platform.name}: after ${requests.passage.reached} of them it goes no further than this:`,
    ),
    '',
    steps(io, requests),
    '',
    command(io, `${replayCommand(other, series, requests.passage.path)} --simulate`),
  );
  return lines.join('\n');
}

/** What is offered differs behind a step; what a step finds, at it. */
function partingText(retold: Retold, step: number, expected: string, happened: string): string {
  const at = eventsOf(retold).findIndex(({ label }, i) => i >= step - 1 && label === expected);
  const line = at < 0 ? undefined : lineOf(retold, at);
  const where = line === undefined ? '' : ` (line ${line})`;
  const what = [
    ...new Set(happened.split(' or ').map((one) => one.replace(/^\w+: /, '').replace(/ (?:ok|fail)$/, ''))),
  ];
  const place = at < 0 ? `at step ${step}` : `at step ${at + 1}${where}`;
  return `It parts from the path ${place}: in place of ${expected} it does ${what.join(' or ')}.`;
}

export function toPathResult({ file, life, retold, instead }: ToPath) {
  const { subject, passage } = retold;
  return {
    file,
    object: life.name,
    system: subject.system.name,
    series: subject.series.name,
    platform: subject.platform.name,
    options: subject.options,
    whole: isWhole(retold),
    path: numbers(passage.path),
    steps: stepResults(retold),
    instead: {
      series: instead.series.name,
      partsAtStep: instead.step,
      expected: instead.expected,
      happened: instead.happened,
      path: numbers(instead.requests.passage.path),
      steps: stepResults(instead.requests),
    },
  };
}

const numbers = (path: Path): number[] => [...path];
const stepResults = (retold: Retold) =>
  eventsOf(retold).map(({ actor, label, symbol }, i) => ({
    actor,
    event: label,
    symbol,
    line: lineOf(retold, i) ?? null,
  }));
