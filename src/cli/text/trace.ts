/** Verdicts on trace logs, as text, and the life of an object as a table or a diagram. */
import { type Trace, textRows } from '../../render/index.ts';
import type { CoverageRow, Judged } from '../../trace/judge/index.ts';
import type { HistoryLine } from '../../trace/path/history.ts';
import type { Told } from '../commands/trace.ts';
import type { Io } from '../io.ts';
import { coloursOf, count, series as listed, paragraph } from './layout.ts';

type Terminal = Pick<Io, 'width' | 'colour'>;

export function judgedText(io: Terminal, file: string, judged: Judged, told: readonly Told[]): string {
  const { summary, verdict, specification } = judged;
  const colours = coloursOf(io);
  const { platforms } = specification;
  const where = platforms.length > 3 ? 'any platform' : listed(platforms.map(({ name }) => name));
  const paint = (text: string, row: number, column: number) => {
    const status = verdict.properties[row]?.status;
    if (status === undefined) return colours.bold(text);
    if (column === 0) return text;
    return status === 'violated'
      ? colours.red(text)
      : status === 'holds'
        ? colours.green(text)
        : colours.yellow(text);
  };
  const rows = verdict.properties.map(({ name, text }) => [name, text]);
  const parts = [
    `${file}: ${count(summary.lines, 'line')}, ${count(summary.records, 'event')}, judged by ${specification.series.name} on ${where}`,
    textRows(rows, ['property', 'verdict'], { width: io.width, paint }),
    ...told.map((one) => violationText(io, judged, one)),
  ];
  if (verdict.strays.length > 0) parts.push(strayText(io, judged));
  if (verdict.notes.length > 0)
    parts.push(verdict.notes.map((note) => paragraph(io, `- ${note}`)).join('\n'));
  return parts.join('\n\n');
}

function violationText(io: Terminal, judged: Judged, { violation, history }: Told): string {
  const { property, line, who, site, because, times, object, raw } = violation;
  const colours = coloursOf(io);
  const more = times > 1 ? ` (${times} times; this is the first)` : '';
  const lines = [
    colours.red(`${property}, line ${line}, ${site}, ${who}${more}`),
    paragraph(io, `${because}.`, 2),
    `  ${raw.trim()}`,
  ];
  if (property === 'no-sleep-in-atomic' && /conversion/.test(because))
    lines.push(paragraph(io, requestText(judged, because), 2));
  if (history.length > 0)
    lines.push('', `  The life of ${object!.name} up to there:`, '', indent(historyText(io, history)));
  else if (object)
    lines.push(
      paragraph(io, `${object.name}: first seen at line ${object.firstLine} (${object.firstEvent}).`, 2),
    );
  return lines.join('\n');
}

/**
 * A log does not say whether its kernel encrypts: the request is what is judged. Who asks for it where memory is
 * encrypted: kernel/dma/swiotlb.c, swiotlb_alloc_tlb.
 */
function requestText({ specification }: Judged, because: string): string {
  const { platforms } = specification;
  const [one] = platforms;
  const where = platforms.length === 1 ? 'There' : 'On these platforms';
  const others = because.includes('by the making of a pool')
    ? ` ${where} a device that reaches shared memory only is given a pool from the atomic pools where one must not sleep: only other devices ask for this.`
    : '';
  if (platforms.length === 1) return `On ${one!.name} a conversion may sleep.${others}`;
  return `The request is the violation, whether or not this kernel had anything to encrypt: a conversion may sleep on ${listed(specification.sleepsOn())}, and returns at once where nothing is encrypted.${others}`;
}

const HISTORY_SHOWN = { first: 12, last: 12 };

export function historyText(io: Terminal, history: readonly HistoryLine[]): string {
  const rows = history.map(({ line, time, who, event, change }) => [`${line}`, time, who, event, change]);
  const { first, last } = HISTORY_SHOWN;
  const left = rows.length - first - last;
  const shown =
    left <= 0 ? rows : [...rows.slice(0, first), ['…', '', '', `${left} more`, ''], ...rows.slice(-last)];
  return textRows(shown, ['line', 'time', 'who', 'event', 'what happens to it'], { width: io.width - 2 });
}

const indent = (text: string) =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : `  ${line}`))
    .join('\n');

function strayText(io: Terminal, { verdict }: Judged): string {
  const rows = verdict.strays.map(({ machine, event, state, firstLine, count: n }) => [
    machine,
    event,
    state,
    `${firstLine}`,
    `${n}`,
  ]);
  const total = verdict.strays.reduce((sum, { count: n }) => sum + n, 0);
  return [
    `Not in the specification (${count(total, 'step')}; no property forbids them by themselves):`,
    '',
    textRows(rows, ['machine', 'event', 'where it was', 'first line', 'times'], { width: io.width }),
  ].join('\n');
}

/** The life of an object as a sequence of steps. */
export function historyTrace(file: string, { violation, history }: Told): Trace {
  const name = violation.object?.name ?? 'object';
  let before = 'unknown';
  return {
    title: `${violation.property}: ${name}`,
    subtitle: `${file}, line ${violation.line}`,
    steps: history.map(({ line, who, event, change }) => {
      const changed =
        change === '' || change === before ? [] : [{ instance: name, from: before, to: change }];
      if (change !== '') before = change;
      return {
        n: line,
        actor: who,
        event,
        symbol: event.replace(/^kp_|_ret$/g, ''),
        kind: 'observation' as const,
        changed,
      };
    }),
    verdict: { property: violation.property, because: violation.because },
  };
}

export function coverageText(io: Terminal, rows: readonly CoverageRow[]): string {
  const colours = coloursOf(io);
  const machines = [...new Set(rows.map(({ machine }) => machine))];
  const sums = machines.map((machine) => {
    const own = rows.filter((row) => row.machine === machine);
    const of = (status: CoverageRow['status']) => `${own.filter((row) => row.status === status).length}`;
    return [machine, of('exercised'), of('perhaps'), of('never'), of('hidden')];
  });
  const seen = rows
    .filter(({ status }) => status !== 'hidden')
    .map(({ machine, state, event, to, status, count: n }) => [
      machine,
      state,
      event,
      to,
      status,
      n === 0 ? '' : `${n}`,
    ]);
  return [
    'Steps of the machines that this log exercised. Perhaps: one of several that fit. Never: recorded, and not seen. Hidden: this log records no such event.',
    '',
    textRows(sums, ['machine', 'exercised', 'perhaps', 'never', 'hidden'], { width: io.width }),
    '',
    textRows(seen, ['machine', 'in state', 'event', 'to', '', 'times'], {
      width: io.width,
      paint: (text, row, column) =>
        row >= 0 && column === 4 ? (text === 'never' ? colours.red(text) : colours.green(text)) : text,
    }),
  ].join('\n');
}
