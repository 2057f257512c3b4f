/** The few SVG shapes that our own drawings are made of, and text in blocks that know their size. */
import { textWidth, wrapWidth, xml } from './text.ts';

/** Lines of text that share a style. */
export interface Block {
  readonly lines: readonly string[];
  readonly size: number;
  readonly leading: number;
  readonly bold: boolean;
}

/** `text` wrapped to at most `max`; the empty text has no lines. */
export function block(text: string, max: number, size: number, leading: number, bold = false): Block {
  return { lines: text === '' ? [] : wrapWidth(text, max, size, bold), size, leading, bold };
}

/** An upper bound of the width that a block takes in any font of the stack. */
export function width(part: Block): number {
  return Math.max(0, ...part.lines.map((l) => textWidth(l, part.size, part.bold)));
}

export function height(part: Block): number {
  return part.lines.length * part.leading;
}

/** `<text>` elements for a block whose top is at `top`; `x` is where the anchor says. */
export function texts(
  part: Block,
  x: number,
  top: number,
  anchor: 'start' | 'middle' | 'end',
  fill: string,
): string[] {
  const bold = part.bold ? ' font-weight="bold"' : '';
  return part.lines.map((text, i) => {
    const y = top + i * part.leading + (part.leading + part.size * 0.72) / 2;
    // Start is what SVG takes when nothing is said.
    const from = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
    return `<text x="${n(x)}" y="${n(y)}"${from} font-size="${part.size}"${bold} fill="${fill}">${xml(text)}</text>`;
  });
}

/** A rectangle; `stroke: 'none'` is a square-cornered ground, anything else a rounded box. */
export function rect(
  x: number,
  y: number,
  w: number,
  h: number,
  fill: string,
  stroke: string,
  strokeWidth: number,
  more = '',
): string {
  const line = stroke === 'none' ? '' : ` rx="4" stroke="${stroke}" stroke-width="${strokeWidth}"${more}`;
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="${fill}"${line}/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: string, more: string): string {
  return `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="${stroke}"${more}/>`;
}

/** Coordinates with at most two decimals. */
export function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}
