/** Bytes that matter to the grammar of a log. */
export const BLANK = 32;
export const QUOTE = 34;
/** Parentheses. */
export const OPEN = 40;
export const CLOSE = 41;
export const MINUS = 45;
export const COLON = 58;
export const EQUALS = 61;
export const BRACE = 123;
export const BRACE_END = 125;

/** The first place in [from, to) of a byte, or -1: the block goes on behind the line, and is not searched. */
export function find(bytes: Uint8Array, byte: number, from: number, to: number): number {
  for (let i = from; i < to; i++) if (bytes[i] === byte) return i;
  return -1;
}

/** By byte: 1 for those of a name, letters, digits and the underscore. */
const NAME = new Uint8Array(256);
for (let c = 0; c < 256; c++) NAME[c] = /\w/.test(String.fromCharCode(c)) ? 1 : 0;

/** The first place from `from` whose byte is no part of a name; `to` at the latest. */
export function nameEnd(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && NAME[bytes[i]!] === 1) i++;
  return i;
}
