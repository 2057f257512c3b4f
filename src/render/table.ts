/**
 * Tables for people: aligned text for terminals and mails, Markdown for pages. A numbered counterexample is one
 * of them. The text is plain ASCII where its contents are, so that it survives being pasted anywhere.
 */
import picocolors from 'picocolors';
import type { EventKind } from '../lts/types.ts';
import { wrapColumns } from './text.ts';
import type { Trace, TraceStep } from './trace.ts';
import { loopStart, violates, whereText } from './trace.ts';

export interface TextOptions {
  /** Colours (terminal escape codes). Default: none. */
  readonly colour?: boolean;
  /** Columns of the terminal; longer cells wrap, nothing is cut. Default: 100. */
  readonly width?: number;
}

/** How a line of a cell is coloured; rows and columns count from 0, the header is row -1. */
type Paint = (text: string, row: number, column: number) => string;

const GAP = 2;
/** No column is made narrower than this; a terminal too narrow for that gets wider lines, not lost text. */
const NARROWEST = 8;

/**
 * Rows under a header, in aligned columns. Where the natural widths exceed `width`, the widest columns wrap.
 * @param rows cells as text; newlines are kept
 */
export function textRows(
  rows: readonly (readonly string[])[],
  header: readonly string[],
  options: TextOptions & { readonly paint?: Paint } = {},
): string {
  const columns = fit([header, ...rows], options.width ?? 100);
  const paint = options.paint ?? ((text: string) => text);
  const drawn = (row: readonly string[], index: number): string[] => {
    const cells = columns.map((width, column) => wrapColumns(row[column] ?? '', width));
    return Array.from({ length: Math.max(...cells.map(({ length }) => length)) }, (_, at) =>
      cells
        .map((lines, column) => {
          const text = lines[at] ?? '';
          const fill = ' '.repeat(Math.max(0, columns[column]! - lengthOf(text)));
          return (text === '' ? text : paint(text, index, column)) + fill;
        })
        .join(' '.repeat(GAP))
        .trimEnd(),
    );
  };
  const rule = columns.map((width) => '-'.repeat(width)).join(' '.repeat(GAP));
  return [...drawn(header, -1), rule, ...rows.flatMap(drawn)].join('\n');
}

/** In characters, not in units of UTF-16. */
const lengthOf = (text: string): number => [...text].length;

/** Column widths: the natural ones, the widest narrowed step by step until the sum fits. */
function fit(rows: readonly (readonly string[])[], total: number): number[] {
  const count = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(1, ...rows.flatMap((row) => (row[column] ?? '').split('\n').map(lengthOf))),
  );
  const room = total - GAP * (count - 1);
  for (let excess = widths.reduce((a, b) => a + b, 0) - room; excess > 0; excess--) {
    const widest = Math.max(...widths);
    if (widest <= NARROWEST) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

const HEADER = ['step', 'who', 'event', 'kernel symbol', 'what changed'];

/**
 * A trace as a numbered table for a terminal: title, one row a step, and at the end which property the last
 * step violates and why. Ends without a newline.
 */
export function textTable(trace: Trace, options: TextOptions = {}): string {
  const width = options.width ?? 100;
  const colours = picocolors.createColors(options.colour ?? false);
  const byKind: Record<EventKind, (text: string) => string> = {
    stimulus: colours.cyan,
    choice: colours.yellow,
    observation: colours.green,
  };
  const start = loopStart(trace);
  const shown = trace.steps.flatMap((step) => (step === start ? [null, step] : [step]));
  const paint: Paint = (text, row, column) => {
    const step = shown[row];
    if (step === undefined || step === null) return colours.bold(text);
    if (violates(trace, step)) return colours.red(text);
    return column === 2 ? byKind[step.kind](text) : column === 0 || column === 4 ? colours.dim(text) : text;
  };
  const lines = [...wrapColumns(trace.title, width).map(colours.bold)];
  if (trace.subtitle !== undefined) lines.push(...wrapColumns(trace.subtitle, width).map(colours.dim));
  const rows = shown.map((step) =>
    step === null ? ['', '', again(trace), '', ''] : cellsOf(step, '->').map((cell) => cell.join('\n')),
  );
  lines.push('', textRows(rows, HEADER, { width, paint }));
  if (trace.verdict !== undefined) {
    lines.push('', ...wrapColumns(verdictText(trace), width).map((line) => colours.red(line)));
  }
  return lines.join('\n');
}

/** `Step 8 violates no-sleep-in-atomic: ...`; a run of no steps is the initial state. */
function verdictText(trace: Trace): string {
  const { property, because } = trace.verdict!;
  const several = (trace.repeats ?? 0) > 1;
  return `${whereText(trace)} ${several ? 'violate' : 'violates'} ${property}: ${because}`;
}

/** What stands between the stem and the loop of a lasso. */
const again = ({ steps, repeats }: Trace) =>
  repeats === steps.length ? 'again and again:' : 'and then, again and again:';

function cellsOf(step: TraceStep, arrow: string): string[][] {
  const changed = step.changed.map((c) => `${c.instance}: ${c.from} ${arrow} ${c.to}`);
  return [[`${step.n}`], [step.actor], [step.event], [step.symbol], changed];
}

/** Rows under a header as a Markdown table (GitHub's dialect). Cells are text: nothing in them is markup. */
export function markdown(rows: readonly (readonly string[])[], header: readonly string[]): string {
  return markup(
    rows.map((row) => row.map(markdownText)),
    header,
  );
}

/** A trace as a Markdown table, with its title above and the verdict below. Ends without a newline. */
export function markdownTable(trace: Trace): string {
  const start = loopStart(trace);
  const rows = trace.steps.flatMap((step) => {
    const [n, who, event, symbol, changed] = cellsOf(step, '→');
    const code = (texts: readonly string[] = []): string =>
      texts
        .filter((t) => t !== '')
        .map(markdownCode)
        .join('<br>');
    const row = [
      n!.join(''),
      markdownText(who!.join('')),
      code(event),
      code(symbol),
      changed!.map(markdownText).join('<br>'),
    ];
    return step === start ? [['', '', again(trace), '', ''], row] : [row];
  });
  return [
    `**${markdownText(trace.title)}**`,
    ...(trace.subtitle === undefined ? [] : ['', markdownText(trace.subtitle)]),
    '',
    markup(rows, HEADER),
    ...(trace.verdict === undefined ? [] : ['', `**${markdownText(verdictText(trace))}**`]),
  ].join('\n');
}

/** Cells that are Markdown already. */
function markup(rows: readonly (readonly string[])[], header: readonly string[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header.map(markdownText)), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text in which Markdown and HTML see no markup. */
function markdownText(text: string): string {
  return text
    .replace(/[\\`*_[\]~|#]/g, (char) => `\\${char}`)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\n/g, '<br>');
}

/** A code span; within a table only the bar needs an escape, and a backtick a longer fence. */
function markdownCode(text: string): string {
  const ticks = '`'.repeat(Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${ticks}${pad}${text.replace(/\|/g, '\\|').replace(/\n/g, ' ')}${pad}${ticks}`;
}
