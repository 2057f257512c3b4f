/**
 * Text that must fit: conservative widths, wrapping, escaping. Everything that draws text into a box of its
 * own asks here, so that "it does not overlap" is a matter of arithmetic and not of the viewer's fonts.
 */

/**
 * The fonts that a drawing asks for, none of them shipped. The widths below bound all of the named ones, and
 * the last, generic name is one of them on every common system.
 */
export const FONT_STACK = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Advance widths of U+0020 to U+007E in hundredths of an em: the widest font of the stack, rounded up. */
const REGULAR = widths(
  '32 41 46 84 64 96 78 28 40 40 50 84 32 37 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 56 102 ' +
    '69 69 73 78 67 62 78 76 30 50 67 56 87 75 79 67 79 73 67 62 74 69 99 69 67 69 40 34 40 84 56 50 ' +
    '62 64 55 64 62 36 64 64 28 28 58 28 98 64 62 64 64 42 53 40 64 60 82 60 60 53 64 34 64 84',
);
const BOLD = widths(
  '35 46 53 84 70 101 88 31 46 46 53 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84 84 62 100 ' +
    '78 77 74 84 69 69 83 84 38 56 78 64 100 84 86 74 86 78 73 69 82 78 111 78 73 73 46 37 46 84 56 50 ' +
    '68 72 60 72 68 44 72 72 35 35 67 35 105 72 69 72 72 50 60 48 72 66 93 65 66 59 72 37 72 84',
);

function widths(list: string): readonly number[] {
  return list.split(' ').map((w) => Number(w) / 100);
}

/** Beyond ASCII nothing is looked up: one em holds arrows and Latin letters, one and a half anything else. */
function otherWidth(codePoint: number): number {
  return codePoint < 0x2e80 ? 1 : 1.5;
}

/** An upper bound of the width of `text`, in the unit of `size` (pixels, say), in any font of the stack. */
export function textWidth(text: string, size: number, bold = false): number {
  const table = bold ? BOLD : REGULAR;
  let em = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    em += table[code - 32] ?? otherWidth(code);
  }
  return em * size;
}

/**
 * Breaks `text` into lines that all satisfy `fits`. Breaks at spaces (which it drops) and, failing that, after
 * the punctuation that joins identifiers; a piece that still does not fit is cut between characters. Nothing
 * is ever left out. A single character always counts as fitting. Newlines in the text are kept.
 */
export function wrap(text: string, fits: (line: string) => boolean): string[] {
  return text.split('\n').flatMap((paragraph) => wrapParagraph(paragraph, fits));
}

function wrapParagraph(text: string, fits: (line: string) => boolean): string[] {
  const lines: string[] = [];
  let line = '';
  const add = (piece: string): void => {
    if (line === '') {
      line = piece.trimStart();
    } else if (fits((line + piece).trimEnd())) {
      line += piece;
    } else {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    }
  };
  for (const word of text.match(/\s*\S+|\s+$/g) ?? []) {
    // A word that fits on a line of its own is moved there whole rather than broken here.
    if (fits(word.trim())) add(word);
    else for (const piece of pieces(word, fits)) add(piece);
  }
  lines.push(line.trimEnd());
  return lines;
}

/** Where a long word is broken, best first: before a bracket, after a comma, after other joints of names. */
const JOINTS = [/(?=[[(])/, /(?<=,)/, /(?<=[_./:=)\]-])/];

/** A word in parts that fit; single characters where it has no joints. */
function pieces(word: string, fits: (line: string) => boolean, level = 0): string[] {
  const joint = JOINTS[level];
  if (joint === undefined) return [...word];
  return word.split(joint).flatMap((part) => (fits(part.trim()) ? [part] : pieces(part, fits, level + 1)));
}

/** Wraps to a number of characters, for terminals. */
export function wrapColumns(text: string, columns: number): string[] {
  return wrap(text, (line) => [...line].length <= columns);
}

/** Wraps to a width in the unit of `size`, for drawings. */
export function wrapWidth(text: string, width: number, size: number, bold = false): string[] {
  return wrap(text, (line) => textWidth(line, size, bold) <= width);
}

/** Escapes text for XML content and attribute values; characters that XML forbids become U+FFFD. */
export function xml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (char) => ('\t\n\r'.includes(char) ? char : '\ufffd'))
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

/** A name made fit for an XML id: letters, digits, `_` `-` `.` stay, anything else is written as `_x<hex>`. */
export function xmlId(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]/gu, (char) => `_x${char.codePointAt(0)!.toString(16)}`);
}
