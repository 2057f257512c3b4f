/** The part of a line before the event: task, pid, CPU, flags, time. Scanned by hand; nothing is copied. */
import { BLANK, CLOSE, COLON, find, MINUS, OPEN } from './chars.ts';
import { decimals } from './numbers.ts';

/**
 * - `context`: `TASK-PID [CPU] FLAGS TIME:`, with or without a thread group and flags; `trace`, `trace_pipe`,
 *   `trace-cmd report`, with `-t` and without.
 * - `latency`: `TASK-PID CPUFLAGS TIME:`, fused columns; the latency format and `trace-cmd report -l`.
 * - `bare`: the event alone (`nocontext-info`).
 */
export type Layout = 'context' | 'latency' | 'bare';

/** Outcome of a scan: fine, no such thing, or right as far as it goes and then the line ends. */
export type Scan = 'ok' | 'not' | 'cut';

/** Offsets into the block that was scanned. One object is used again and again. */
export class Prefix {
  taskStart = 0;
  /** The minus before the pid. */
  taskEnd = 0;
  pid = -1;
  tgid: number | undefined;
  cpu = -1;
  flagsStart = 0;
  /** Equal to `flagsStart` when there are no flags. */
  flagsEnd = 0;
  timeStart = 0;
  timeEnd = 0;
  time = -1;
  /** Digits after the point; 0 for a clock of integers. */
  decimals = 0;
  /** First character of the event. */
  body = 0;
  /** Whether the minus stands where the tracer's padding puts it, or before: then the line's head is missing. */
  align: 'padded' | 'short' | 'long' = 'padded';

  reset(at: number): void {
    this.taskStart = at;
    this.taskEnd = at;
    this.pid = -1;
    this.tgid = undefined;
    this.cpu = -1;
    this.flagsStart = at;
    this.flagsEnd = at;
    this.timeStart = at;
    this.timeEnd = at;
    this.time = -1;
    this.decimals = 0;
    this.body = at;
  }
}

const BRACKET = 91;
const BRACKET_END = 93;

/** What the latency format marks delays with: `$@*#!+`. */
const DELAYS = new Set(Buffer.from('$@*#!+'));

const isDigit = (c: number) => c >= 48 && c <= 57;

function blanks(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && bytes[i]! === BLANK) i++;
  return i;
}

function numberAt(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 10 + bytes[i]! - 48;
  return value;
}

/** Scans bytes[a, e) as a line of the layout. */
export function scanPrefix(bytes: Uint8Array, a: number, e: number, layout: Layout, out: Prefix): Scan {
  out.reset(a);
  if (layout === 'bare') return 'ok';
  const first = layout === 'context' ? scanContext : scanLatency;
  // The kernel and trace-cmd pad a task's name to 16 characters, the latency format to 8.
  const padded = a + (layout === 'context' ? 16 : 8);
  const quick = padded < e && bytes[padded]! === MINUS ? first(bytes, padded, e, out) : 'not';
  if (quick === 'ok') return finish(bytes, a, padded, padded, out);
  // Other paddings: every minus may be the one. Names have 15 characters at most, so not many are tried.
  let result: Scan = quick;
  const limit = Math.min(e, a + 64);
  for (let i = find(bytes, MINUS, a, limit); i >= 0; i = find(bytes, MINUS, i + 1, limit)) {
    const scan = first(bytes, i, e, out);
    if (scan === 'ok') return finish(bytes, a, i, padded, out);
    if (scan === 'cut') result = 'cut';
  }
  return result;
}

function finish(bytes: Uint8Array, a: number, dash: number, padded: number, out: Prefix): Scan {
  out.taskStart = blanks(bytes, a, dash);
  out.taskEnd = dash;
  out.align = dash === padded ? 'padded' : dash < padded ? 'short' : 'long';
  for (let i = out.taskStart; i < dash; i++) if (bytes[i]! < 32) return 'not';
  return 'ok';
}

/** From the minus: pid, maybe (tgid), [cpu], maybe flags, time. */
function scanContext(bytes: Uint8Array, dash: number, e: number, out: Prefix): Scan {
  let i = decimals(bytes, dash + 1, e);
  if (i === e) return 'cut';
  if (i === dash + 1 || i - dash > 11) return 'not';
  out.pid = numberAt(bytes, dash + 1, i);
  i = blanks(bytes, i, e);
  out.tgid = undefined;
  if (bytes[i]! === OPEN && i < e) {
    const from = blanks(bytes, i + 1, e);
    let to = decimals(bytes, from, e);
    if (to > from && to - from < 11) out.tgid = numberAt(bytes, from, to);
    else while (to < e && bytes[to]! === MINUS) to++;
    if (to === e) return 'cut';
    if (to === from || bytes[to]! !== CLOSE) return 'not';
    i = blanks(bytes, to + 1, e);
  }
  if (i >= e) return 'cut';
  if (bytes[i]! !== BRACKET) return 'not';
  const close = decimals(bytes, i + 1, e);
  if (close === e) return 'cut';
  if (close === i + 1 || close - i > 6 || bytes[close]! !== BRACKET_END) return 'not';
  out.cpu = numberAt(bytes, i + 1, close);
  if (close + 1 === e) return 'cut';
  if (bytes[close + 1]! !== BLANK) return 'not';
  i = blanks(bytes, close + 1, e);
  out.flagsStart = i;
  out.flagsEnd = i;
  const flags = flagsEnd(bytes, i, e);
  if (flags > i) {
    out.flagsEnd = flags;
    if (flags === e) return 'cut';
    if (bytes[flags]! !== BLANK) return 'not';
    i = blanks(bytes, flags, e);
  }
  return scanTime(bytes, i, e, out);
}

/** From the minus: pid, CPU fused with flags, time. */
function scanLatency(bytes: Uint8Array, dash: number, e: number, out: Prefix): Scan {
  let i = decimals(bytes, dash + 1, e);
  if (i === e) return 'cut';
  if (i === dash + 1 || i - dash > 11 || bytes[i]! !== BLANK) return 'not';
  out.pid = numberAt(bytes, dash + 1, i);
  i = blanks(bytes, i, e);
  if (i === e) return 'cut';
  const end = decimals(bytes, i, e);
  if (end === e) return 'cut';
  if (end === i || end - i > 5) return 'not';
  out.cpu = numberAt(bytes, i, end);
  const flags = flagsEnd(bytes, end, e);
  if (flags === end) return 'not';
  if (flags === e) return 'cut';
  if (bytes[flags]! !== BLANK) return 'not';
  out.flagsStart = end;
  out.flagsEnd = flags;
  return scanTime(bytes, blanks(bytes, flags, e), e, out);
}

/** The end of a column of four to six characters that begins like flags; `from` when there is none. */
function flagsEnd(bytes: Uint8Array, from: number, e: number): number {
  if (from >= e || isDigit(bytes[from]!)) return from;
  let i = from;
  while (i < e && bytes[i]! !== BLANK && i - from < 7) i++;
  return i === e || (i - from >= 4 && i - from <= 6) ? i : from;
}

/** Seconds with a fraction, an integer, or microseconds with a mark of delay; then a colon and blanks. */
function scanTime(bytes: Uint8Array, from: number, e: number, out: Prefix): Scan {
  let i = decimals(bytes, from, e);
  if (i === e) return 'cut';
  if (i === from || i - from > 20) return 'not';
  let time = numberAt(bytes, from, i);
  out.timeStart = from;
  out.timeEnd = i;
  out.decimals = 0;
  let c = bytes[i]!;
  if (c === 46) {
    const to = decimals(bytes, i + 1, e);
    if (to === e) return 'cut';
    out.decimals = to - i - 1;
    if (out.decimals !== 6 && out.decimals !== 9) return 'not';
    for (let k = i + 1; k < to; k++) time = time * 10 + bytes[k]! - 48;
    out.timeEnd = to;
    i = to;
    c = bytes[i]!;
  } else if (c === 117 && bytes[i + 1]! === 115) {
    i += 2;
    if (i >= e) return 'cut';
    c = bytes[i]!;
  }
  // Latency format: a blank or one of $@*#!+ says how long it took to the next line.
  if (c !== COLON && (c === BLANK || DELAYS.has(c))) c = bytes[++i]!;
  if (i >= e) return 'cut';
  if (c !== COLON) return 'not';
  out.time = time;
  if (i + 1 >= e) return 'cut';
  if (bytes[i + 1]! !== BLANK) return 'not';
  out.body = blanks(bytes, i + 1, e);
  return out.body === e ? 'cut' : 'ok';
}
