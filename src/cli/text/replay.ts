/** What the simulated kernel did, step by step. */
import type { Replay } from '../../conformance/conform.ts';
import type { ScheduleStep } from '../../conformance/schedule.ts';
import type { Args } from '../../kernel/index.ts';
import { textRows } from '../../render/index.ts';
import type { Io } from '../io.ts';
import { coloursOf, paragraph } from './layout.ts';

/** A path of the specification, as the simulator took it. */
export function replayText(io: Io, replay: Replay): string {
  const c = coloursOf(io);
  const { steps, differences, divergence } = replay;
  const rows = steps.map(({ event, hidden, result, violated }, i) => [
    `${i + 1}`,
    event,
    hidden.join('\n'),
    result === null ? '' : value(Number.isNaN(Number(result)) ? result : Number(result)),
    [...new Set(violated.map(({ property }) => property))].join('\n'),
  ]);
  const lines = [
    c.bold('The same on the simulated kernel'),
    '',
    textRows(rows, ['step', 'event', 'without an event', 'result', 'violated'], {
      width: io.width,
      paint: (text, row, column) => (row < 0 ? c.bold(text) : column === 4 ? c.red(text) : text),
    }),
    '',
  ];
  steps.forEach(({ violated }, i) => {
    for (const { property, site, because } of oncePerSite(violated)) {
      lines.push(c.red(paragraph(io, `Step ${i + 1} violates ${property} in ${site}: ${because}`)));
    }
  });
  for (const { step, site, expected, happened } of differences) {
    lines.push(
      c.yellow(
        paragraph(io, `Step ${step}, at ${site}, differs: expected ${expected}; happened: ${happened}.`),
      ),
    );
  }
  lines.push(
    divergence === null
      ? c.green(
          paragraph(io, 'The simulated kernel took every step, and what could be seen of its state agreed.'),
        )
      : c.red(
          paragraph(
            io,
            `They part at step ${divergence.step}, at ${divergence.site} (${divergence.part}). Expected: ${divergence.expected}. Happened: ${divergence.happened}.`,
          ),
        ),
  );
  return lines.join('\n');
}

/** Of several pages that a step concerns, the first. */
function oncePerSite<T extends { readonly property: string; readonly site: string }>(all: readonly T[]): T[] {
  return all.filter(
    (one, i) => all.findIndex((other) => other.property === one.property && other.site === one.site) === i,
  );
}

/** A schedule of an exploration. */
export function scheduleText(io: Io, title: string, steps: readonly ScheduleStep[]): string {
  const c = coloursOf(io);
  const rows = steps.map(({ action, records }, i) => [
    `${i + 1}`,
    action.actor,
    action.step + args(action.args),
    records[0]?.fn ?? '',
    records
      .map(({ answer, result }) => [answer, result === undefined ? undefined : value(result)])
      .flatMap((parts) => parts.filter((part) => part !== undefined).join(', ') || [])
      .join('\n'),
  ]);
  const lines = [
    c.bold(title),
    '',
    textRows(rows, ['step', 'who', 'what', 'in', 'outcome'], {
      width: io.width,
      paint: (text, row) => (row < 0 ? c.bold(text) : text),
    }),
    '',
  ];
  let violated = 0;
  steps.forEach(({ violations }, i) => {
    for (const { property, site, because } of oncePerSite(violations)) {
      violated++;
      lines.push(c.red(paragraph(io, `Step ${i + 1} violates ${property} in ${site}: ${because}`)));
    }
  });
  if (violated === 0) lines.push(c.green('No safety property is violated on this schedule.'));
  return lines.join('\n');
}

const args = (all: Args): string => {
  const parts = Object.entries(all).map(([name, item]) => `${name}=${value(item)}`);
  return parts.length === 0 ? '' : `[${parts.join(',')}]`;
};

/** Addresses in hexadecimal, as the kernel prints them; counts stay as they are. */
const value = (item: Args[string]): string =>
  typeof item === 'number' && item >= 0x10000 ? `0x${item.toString(16)}` : String(item);
