/** The fields of an event's body: `name=value`, scanned once, with the look of every value checked. */
import type { Block } from './block.ts';
import { BLANK, BRACE, BRACE_END, CLOSE, EQUALS, find, MINUS, nameEnd, OPEN, QUOTE } from './chars.ts';
import { ATTRIBUTES, DIRECTIONS, HEX_FIELDS } from './names.ts';
import { isWord } from './numbers.ts';

/** Outcome of a scan of fields. */
export type FieldScan = 'ok' | 'cut' | 'garbled';

/**
 * What is demanded of the value in bytes[from, to) of a block: by a tracepoint of its fields' names, or of any
 * argument of a probe. `last`: the line ends with it.
 */
type Check = (name: string, block: Block, from: number, to: number, last: boolean) => FieldScan;

const NO_NAMES: string[] = [];

/** One scan's results; the object is used again and again, the values are new each time. */
export class Values {
  values: string[] = [];
  /** The names of all values, unless they are the guessed ones: then empty. */
  names: string[] = NO_NAMES;
  /** Whether the names are exactly those that were guessed. */
  guessed = false;

  #end = 0;
  #scan: FieldScan = 'ok';

  /**
   * Scans a block's [from, e) as a probe's arguments, or, given the value of its first field, `device`, as a tracepoint's
   * (then known names are held to what tracepoints print). `guess` are the names that are likely, the device's
   * included. `mode` allows a last word without a name.
   */
  scan(
    block: Block,
    from: number,
    e: number,
    guess: readonly string[],
    device: string | undefined,
    mode: boolean,
  ): FieldScan {
    const { text, bytes } = block;
    const check = device === undefined ? looseValue : strictValue;
    const values: string[] = device === undefined ? [] : [device];
    let names: string[] | undefined;
    let i = from;
    while (i < e) {
      while (i < e && bytes[i] === BLANK) i++;
      if (i >= e) return 'cut';
      const likely = names === undefined ? guess[values.length] : undefined;
      let name = likely;
      if (name !== undefined && bytes[i + name.length] === EQUALS && text.startsWith(name, i)) {
        i += name.length + 1;
      } else {
        const end = nameEnd(bytes, i, e);
        if (mode && end === e) {
          const fine = this.#mode(text.slice(i, e));
          if (fine !== 'ok') return fine;
          if (likely !== 'mode') names ??= guessedSoFar(guess, values.length, device);
          names?.push('mode');
          values.push(text.slice(i, e));
          break;
        }
        if (end === e) return 'cut';
        if (end === i || bytes[end] !== EQUALS) return 'garbled';
        name = text.slice(i, end);
        names ??= guessedSoFar(guess, values.length, device);
        i = end + 1;
      }
      if (i > e) return 'cut';
      const value = this.#value(block, i, e, name, check);
      if (this.#scan !== 'ok') return this.#scan;
      if (names) {
        if (names.includes(name)) return 'garbled';
        names.push(name);
      }
      values.push(value);
      i = this.#end;
    }
    this.values = values;
    this.guessed = names === undefined && values.length === guess.length;
    if (names === undefined && !this.guessed) names = guessedSoFar(guess, values.length, device);
    this.names = names ?? NO_NAMES;
    return 'ok';
  }

  #mode(word: string): FieldScan {
    if (word === 'FORCE' || word === 'NORMAL') return 'ok';
    return 'FORCE'.startsWith(word) || 'NORMAL'.startsWith(word) ? 'cut' : 'garbled';
  }

  /** The value at `i`; its end and whether it is one stand in the fields. */
  #value(block: Block, i: number, e: number, name: string, check: Check): string {
    const end = valueEnd(block, i, e);
    this.#end = end;
    if (end < 0) {
      this.#scan = end === -1 ? 'cut' : 'garbled';
      return '';
    }
    if (block.bytes[i] === QUOTE && i < e) {
      this.#scan = 'ok';
      return block.text.slice(i + 1, end - 1);
    }
    this.#scan = check(name, block, i, end, end === e);
    return block.text.slice(i, end);
  }
}

/** The first `count` of the guessed names: those were right. */
function guessedSoFar(guess: readonly string[], count: number, device: string | undefined): string[] {
  const names = guess.slice(0, count);
  if (names.length === 0 && device !== undefined) names.push('device');
  return names;
}

/** The index after the value that begins at `i`; -1 when the line ends within it, -2 when it cannot be a value. */
function valueEnd({ bytes }: Block, i: number, e: number): number {
  if (i >= e) return i;
  const c = bytes[i]!;
  if (c === QUOTE) return enclosed(bytes, i, e, QUOTE);
  if (c === BRACE) return enclosed(bytes, i, e, BRACE_END);
  if (c === OPEN) return enclosed(bytes, i, e, CLOSE);
  let k = i;
  for (; k < e; k++) {
    const v = bytes[k]!;
    if (v === BLANK) break;
    if (v < 33 || v > 126 || v === EQUALS) return -2;
  }
  return k;
}

/** A quote, brace or parenthesis ends at its counterpart that a blank or the end follows. */
function enclosed(bytes: Uint8Array, i: number, e: number, close: number): number {
  for (let k = find(bytes, close, i + 1, e); k >= 0; k = find(bytes, close, k + 1, e)) {
    if (k + 1 !== e && bytes[k + 1] !== BLANK) continue;
    for (let x = i; x < k; x++) {
      const c = bytes[x]!;
      if (c < 32 || c > 126) return -2;
    }
    return k + 1;
  }
  return -1;
}

/** A kernel pointer has sixteen digits: one that begins like one and ends with the line too early was cut. */
const isCutPointer = (value: string) => /^(?:0x)?ffff[0-9a-f]{5,11}$/.test(value);

/** Probes' arguments are named by their user, so nothing is demanded but that numbers are whole. */
function looseValue(_name: string, block: Block, from: number, to: number, last: boolean): FieldScan {
  const { bytes } = block;
  const c = bytes[from]!;
  const length = to - from;
  // Never empty: an empty string is quoted.
  if (length === 0 || (length === 1 && c === MINUS) || (length === 2 && block.text.startsWith('0x', from)))
    return last ? 'cut' : 'garbled';
  if ((c === MINUS || (c >= 48 && c <= 57)) && !isWord(bytes, from, to, true)) return 'garbled';
  return last && length > 8 && isCutPointer(block.text.slice(from, to)) ? 'cut' : 'ok';
}

function strictValue(name: string, block: Block, from: number, to: number, last: boolean): FieldScan {
  const bad: FieldScan = last ? 'cut' : 'garbled';
  const empty = from === to;
  switch (name) {
    case 'attrs':
      return empty ? 'ok' : attributes(block.text.slice(from, to), last);
    case 'dir':
      return direction(block.text.slice(from, to), last);
    case 'size':
    case 'err':
      return empty ? bad : isWord(block.bytes, from, to, false) ? 'ok' : 'garbled';
    case 'nents':
    case 'ents':
      return /^\d{1,10}(?:\/\d{1,10})?$/.test(block.text.slice(from, to)) ? 'ok' : bad;
    case 'virt_addr':
      if (block.bytes[from] === OPEN) return 'ok';
      break;
    default:
      if (!HEX_FIELDS.has(name)) return empty ? bad : 'ok';
  }
  return empty ? bad : isWord(block.bytes, from, to, true) ? 'ok' : 'garbled';
}

function direction(value: string, last: boolean): FieldScan {
  if (DIRECTIONS.has(value)) return 'ok';
  return last && [...DIRECTIONS].some((whole) => whole.startsWith(value)) ? 'cut' : 'garbled';
}

const names = new Set(ATTRIBUTES);

/** `A|B`, nothing, or bits without a name in hexadecimal. */
function attributes(value: string, last: boolean): FieldScan {
  if (names.has(value)) return 'ok';
  for (const part of value.split('|')) {
    if (names.has(part)) continue;
    if (part.startsWith('0x') && isWord(Buffer.from(part, 'latin1'), 0, part.length, true)) continue;
    // A name of a version to come is taken as it is; the beginning of a known one was cut.
    if (last && ATTRIBUTES.some((whole) => whole.startsWith(part))) return 'cut';
    if (!/^[A-Z][A-Z0-9_]{2,}$/.test(part)) return 'garbled';
  }
  return 'ok';
}
