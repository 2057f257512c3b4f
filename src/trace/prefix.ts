/** The part of a line before the event: task, pid, CPU, flags, time. Scanned by hand; nothing is copied. */
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

/** Offsets into the text that was scanned. One object is used again and again. */
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

const BLANK = 32;
const MINUS = 45;
const COLON = 58;
const OPEN = 91;
const CLOSE = 93;

const isDigit = (c: number) => c >= 48 && c <= 57;

function blanks(text: string, from: number, to: number): number {
  let i = from;
  while (i < to && text.charCodeAt(i) === BLANK) i++;
  return i;
}

function numberAt(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 10 + text.charCodeAt(i) - 48;
  return value;
}

/** Scans text[a, e) as a line of the layout. */
export function scanPrefix(text: string, a: number, e: number, layout: Layout, out: Prefix): Scan {
  out.reset(a);
  if (layout === 'bare') return 'ok';
  const first = layout === 'context' ? scanContext : scanLatency;
  // The kernel and trace-cmd pad a task's name to 16 characters, the latency format to 8.
  const padded = a + (layout === 'context' ? 16 : 8);
  const quick = padded < e && text.charCodeAt(padded) === MINUS ? first(text, padded, e, out) : 'not';
  if (quick === 'ok') return finish(text, a, padded, padded, out);
  // Other paddings: every minus may be the one. Names have 15 characters at most, so not many are tried.
  let result: Scan = quick;
  const limit = Math.min(e, a + 64);
  for (let i = text.indexOf('-', a); i >= 0 && i < limit; i = text.indexOf('-', i + 1)) {
    const scan = first(text, i, e, out);
    if (scan === 'ok') return finish(text, a, i, padded, out);
    if (scan === 'cut') result = 'cut';
  }
  return result;
}

function finish(text: string, a: number, dash: number, padded: number, out: Prefix): Scan {
  out.taskStart = blanks(text, a, dash);
  out.taskEnd = dash;
  out.align = dash === padded ? 'padded' : dash < padded ? 'short' : 'long';
  for (let i = out.taskStart; i < dash; i++) if (text.charCodeAt(i) < 32) return 'not';
  return 'ok';
}

/** From the minus: pid, maybe (tgid), [cpu], maybe flags, time. */
function scanContext(text: string, dash: number, e: number, out: Prefix): Scan {
  let i = decimals(text, dash + 1, e);
  if (i === e) return 'cut';
  if (i === dash + 1 || i - dash > 11) return 'not';
  out.pid = numberAt(text, dash + 1, i);
  i = blanks(text, i, e);
  out.tgid = undefined;
  if (text.charCodeAt(i) === 40 && i < e) {
    const from = blanks(text, i + 1, e);
    let to = decimals(text, from, e);
    if (to > from && to - from < 11) out.tgid = numberAt(text, from, to);
    else while (to < e && text.charCodeAt(to) === MINUS) to++;
    if (to === e) return 'cut';
    if (to === from || text.charCodeAt(to) !== 41) return 'not';
    i = blanks(text, to + 1, e);
  }
  if (i >= e) return 'cut';
  if (text.charCodeAt(i) !== OPEN) return 'not';
  const close = decimals(text, i + 1, e);
  if (close === e) return 'cut';
  if (close === i + 1 || close - i > 6 || text.charCodeAt(close) !== CLOSE) return 'not';
  out.cpu = numberAt(text, i + 1, close);
  if (close + 1 === e) return 'cut';
  if (text.charCodeAt(close + 1) !== BLANK) return 'not';
  i = blanks(text, close + 1, e);
  out.flagsStart = i;
  out.flagsEnd = i;
  const flags = flagsEnd(text, i, e);
  if (flags > i) {
    out.flagsEnd = flags;
    if (flags === e) return 'cut';
    if (text.charCodeAt(flags) !== BLANK) return 'not';
    i = blanks(text, flags, e);
  }
  return scanTime(text, i, e, out);
}

/** From the minus: pid, CPU fused with flags, time. */
function scanLatency(text: string, dash: number, e: number, out: Prefix): Scan {
  let i = decimals(text, dash + 1, e);
  if (i === e) return 'cut';
  if (i === dash + 1 || i - dash > 11 || text.charCodeAt(i) !== BLANK) return 'not';
  out.pid = numberAt(text, dash + 1, i);
  i = blanks(text, i, e);
  if (i === e) return 'cut';
  const end = decimals(text, i, e);
  if (end === e) return 'cut';
  if (end === i || end - i > 5) return 'not';
  out.cpu = numberAt(text, i, end);
  const flags = flagsEnd(text, end, e);
  if (flags === end) return 'not';
  if (flags === e) return 'cut';
  if (text.charCodeAt(flags) !== BLANK) return 'not';
  out.flagsStart = end;
  out.flagsEnd = flags;
  return scanTime(text, blanks(text, flags, e), e, out);
}

/** The end of a column of four to six characters that begins like flags; `from` when there is none. */
function flagsEnd(text: string, from: number, e: number): number {
  if (from >= e || isDigit(text.charCodeAt(from))) return from;
  let i = from;
  while (i < e && text.charCodeAt(i) !== BLANK && i - from < 7) i++;
  return i === e || (i - from >= 4 && i - from <= 6) ? i : from;
}

/** Seconds with a fraction, an integer, or microseconds with a mark of delay; then a colon and blanks. */
function scanTime(text: string, from: number, e: number, out: Prefix): Scan {
  let i = decimals(text, from, e);
  if (i === e) return 'cut';
  if (i === from || i - from > 20) return 'not';
  let time = numberAt(text, from, i);
  out.timeStart = from;
  out.timeEnd = i;
  out.decimals = 0;
  let c = text.charCodeAt(i);
  if (c === 46) {
    const to = decimals(text, i + 1, e);
    if (to === e) return 'cut';
    out.decimals = to - i - 1;
    if (out.decimals !== 6 && out.decimals !== 9) return 'not';
    for (let k = i + 1; k < to; k++) time = time * 10 + text.charCodeAt(k) - 48;
    out.timeEnd = to;
    i = to;
    c = text.charCodeAt(i);
  } else if (c === 117 && text.charCodeAt(i + 1) === 115) {
    i += 2;
    if (i >= e) return 'cut';
    c = text.charCodeAt(i);
  }
  // Latency format: a blank or one of $@*#!+ says how long it took to the next line.
  if (c !== COLON && (c === BLANK || '$@*#!+'.includes(text[i]!))) c = text.charCodeAt(++i);
  if (i >= e) return 'cut';
  if (c !== COLON) return 'not';
  out.time = time;
  if (i + 1 >= e) return 'cut';
  if (text.charCodeAt(i + 1) !== BLANK) return 'not';
  out.body = blanks(text, i + 1, e);
  return out.body === e ? 'cut' : 'ok';
}
