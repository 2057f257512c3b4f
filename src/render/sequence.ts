/**
 * A trace as a sequence diagram in SVG, laid out here: lifelines for the actors, one row for each step, what
 * changed in a column of its own beside them. Every width is an upper bound of what the text can take
 * (`textWidth`), so nothing overlaps and nothing is cut, whatever the fonts of the viewer.
 */

import { type Block, block, height, line, n, rect, texts, width } from './shapes.ts';
import { ALARM, ALARM_PALE, GREY, INK, KIND_STYLE, PALE, PAPER } from './style.ts';
import { FONT_STACK, xml, xmlId } from './text.ts';
import type { Trace, TraceStep } from './trace.ts';
import { addressee, lifelines, violates } from './trace.ts';

const SIZE = { title: 15, head: 12, event: 12, small: 10.5 } as const;
const LINE = { title: 20, head: 16, event: 16, small: 14 } as const;
const MARGIN = 16;
const PAD = 7;
/** Widest text in a lifeline's column, and in the column of changes, before it wraps. */
const MAX_EVENT = 190;
const MAX_CHANGE = 300;
const GUTTER = 34;

interface Row {
  readonly step: TraceStep;
  readonly event: Block;
  readonly symbol: Block;
  readonly changes: Block;
  readonly box: number;
  readonly height: number;
}

/**
 * Draws a trace. Boxes carry the event and, under it, the kernel symbol; a step that changes exactly one other
 * lifeline has an arrow to it. The violating step is red, and the reason stands below.
 */
export function svgSequence(trace: Trace): string {
  const actors = lifelines(trace);
  const rows = trace.steps.map(rowOf);
  const heads = actors.map((actor) => block(actor, MAX_EVENT, SIZE.head, LINE.head, true));
  const columns = actors.map((actor, i) =>
    Math.max(
      90,
      width(heads[i]!) + 2 * PAD,
      ...rows.filter((row) => row.step.actor === actor).map((row) => row.box),
    ),
  );
  const changeWidth = Math.max(0, ...rows.map((row) => width(row.changes)));
  const lifelineArea = columns.reduce((sum, w) => sum + w + MARGIN, 0);
  const total = Math.max(
    420,
    MARGIN + GUTTER + lifelineArea + (changeWidth > 0 ? changeWidth + MARGIN : 0) + MARGIN,
  );
  const centres: number[] = [];
  let x = MARGIN + GUTTER;
  for (const w of columns) {
    centres.push(x + w / 2);
    x += w + MARGIN;
  }
  const changesAt = x;

  const out: string[] = [];
  let y = MARGIN;
  const inner = total - 2 * MARGIN;
  for (const part of [
    block(trace.title, inner, SIZE.title, LINE.title, true),
    block(trace.subtitle ?? '', inner, SIZE.small, LINE.small),
  ]) {
    out.push(...texts(part, MARGIN, y, 'start', part.bold ? INK : GREY));
    y += height(part);
  }

  y += 8;
  const headHeight = Math.max(0, ...heads.map(height)) + 8;
  const firstRow = y + headHeight + 10;
  const bottom = firstRow + rows.reduce((sum, row) => sum + row.height, 0);
  rows.reduce((top, row, i) => {
    const bad = violates(trace, row.step);
    if (bad || i % 2 === 0) {
      out.push(rect(MARGIN, top, inner, row.height, bad ? ALARM_PALE : PALE, 'none', 0));
    }
    return top + row.height;
  }, firstRow);
  actors.forEach((_, i) => {
    const w = width(heads[i]!) + 2 * PAD;
    out.push(
      line(centres[i]!, y + headHeight, centres[i]!, bottom + 4, GREY, ' stroke-dasharray="3 3"'),
      rect(centres[i]! - w / 2, y, w, headHeight, PAPER, INK, 1),
      ...texts(heads[i]!, centres[i]!, y + (headHeight - height(heads[i]!)) / 2, 'middle', INK),
    );
  });

  let top = firstRow;
  for (const row of rows) {
    const bad = violates(trace, row.step);
    out.push(...drawRow(row, top, centres, actors, changesAt, bad));
    top += row.height;
  }
  top += 12;
  if (trace.verdict !== undefined) {
    const parts = [
      block(trace.verdict.property, inner - 2 * PAD, SIZE.event, LINE.event, true),
      block(trace.verdict.because, inner - 2 * PAD, SIZE.event, LINE.event),
    ];
    out.push(
      rect(
        MARGIN,
        top,
        inner,
        parts.reduce((h, p) => h + height(p), 2 * PAD),
        ALARM_PALE,
        ALARM,
        1,
      ),
    );
    top += PAD;
    for (const part of parts) {
      out.push(...texts(part, MARGIN + PAD, top, 'start', ALARM));
      top += height(part);
    }
    top += PAD;
  }
  const legend = legendOf(trace, MARGIN, top + 10);
  return page(trace, Math.max(total, legend.width + MARGIN), top + legend.height + MARGIN, [
    ...out,
    ...legend.out,
  ]);
}

function rowOf(step: TraceStep): Row {
  const event = block(step.event, MAX_EVENT, SIZE.event, LINE.event, true);
  // The symbol is often the event's own name; saying it twice says nothing.
  const same = step.symbol === step.event;
  const symbol = block(same ? '' : step.symbol, MAX_EVENT, SIZE.small, LINE.small);
  const lines = step.changed.map((c) =>
    block(`${c.instance}: ${c.from} → ${c.to}`, MAX_CHANGE, SIZE.small, LINE.small),
  );
  const changes = {
    lines: lines.flatMap((b) => b.lines),
    size: SIZE.small,
    leading: LINE.small,
    bold: false,
  };
  const boxHeight = height(event) + height(symbol) + 8;
  return {
    step,
    event,
    symbol,
    changes,
    box: Math.max(width(event), width(symbol)) + 2 * PAD,
    height: Math.max(boxHeight, height(changes)) + 10,
  };
}

function drawRow(
  row: Row,
  top: number,
  centres: readonly number[],
  actors: readonly string[],
  changesAt: number,
  bad: boolean,
): string[] {
  const { step } = row;
  const kind = KIND_STYLE[step.kind];
  const ink = bad ? ALARM : INK;
  const stroke = bad ? ALARM : kind.colour;
  const centre = centres[actors.indexOf(step.actor)]!;
  const boxHeight = height(row.event) + height(row.symbol) + 8;
  const boxTop = top + (row.height - boxHeight) / 2;
  const middle = top + row.height / 2;
  const other = addressee(step, actors);
  const out: string[] = [];
  const number = block(`${step.n}`, GUTTER, SIZE.small, LINE.small, true);
  out.push(...texts(number, MARGIN + GUTTER - 12, middle - LINE.small / 2, 'end', bad ? ALARM : GREY));
  if (other !== undefined) {
    const to = centres[actors.indexOf(other)]!;
    const side = to > centre ? -1 : 1;
    out.push(
      line(centre, middle, to, middle, stroke, ` stroke-width="${kind.width}"`),
      `<path d="M${n(to)},${n(middle)} l${8 * side},-4 v8 z" fill="${stroke}"/>`,
    );
  }
  out.push(
    rect(centre - row.box / 2, boxTop, row.box, boxHeight, PAPER, stroke, kind.width, dashOf(step.kind)),
    ...texts(row.event, centre, boxTop + 4, 'middle', ink),
    ...texts(row.symbol, centre, boxTop + 4 + height(row.event), 'middle', GREY),
    ...texts(row.changes, changesAt, middle - height(row.changes) / 2, 'start', GREY),
  );
  return out;
}

/** Small boxes with what their border means, for the kinds that occur; in one row. */
function legendOf(trace: Trace, left: number, top: number): { out: string[]; width: number; height: number } {
  const kinds = (['stimulus', 'choice', 'observation'] as const).filter((kind) =>
    trace.steps.some((step) => step.kind === kind),
  );
  const out: string[] = [];
  let x = left;
  for (const kind of kinds) {
    const { meaning } = KIND_STYLE[kind];
    const part = { ...block('', 0, SIZE.small, LINE.small), lines: [meaning] };
    out.push(
      rect(x, top + 2, 18, 10, PAPER, KIND_STYLE[kind].colour, KIND_STYLE[kind].width, dashOf(kind)),
      ...texts(part, x + 24, top, 'start', GREY),
    );
    x += 24 + width(part) + 16;
  }
  return { out, width: x, height: kinds.length === 0 ? 0 : 10 + LINE.small };
}

function dashOf(kind: TraceStep['kind']): string {
  return KIND_STYLE[kind].line === 'dashed' ? ' stroke-dasharray="4 3"' : '';
}

function page(trace: Trace, width: number, height: number, body: readonly string[]): string {
  const id = `${xmlId(trace.title)}-title`;
  const [w, h] = [n(Math.ceil(width)), n(Math.ceil(height))];
  const desc = [trace.subtitle, trace.verdict && `${trace.verdict.property}: ${trace.verdict.because}`];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img" aria-labelledby="${id}" font-family="${FONT_STACK}">`,
    `<title id="${id}">${xml(trace.title)}</title>`,
    ...desc
      .filter((text) => text !== undefined)
      .slice(-1)
      .map((text) => `<desc>${xml(text)}</desc>`),
    `<rect width="100%" height="100%" fill="${PAPER}"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}
