/** From text to records: lines in order, repeats and steps back in time dropped, every loss said. */
import { isAscii } from 'node:buffer';
import { Block } from './block.ts';
import { Clocks } from './clocks.ts';
import { type Context, Contexts, NO_CONTEXT } from './context.ts';
import { TraceError } from './errors.ts';
import { EventReader } from './event.ts';
import { readSpecial, type Special } from './header.ts';
import { type FirstLook, firstLook } from './learn.ts';
import { Losses } from './losses.ts';
import { type Layout, Prefix, scanPrefix } from './prefix.ts';
import { type Loss, TraceRecord } from './record.ts';
import { Shapes } from './shapes.ts';
import { entrySkew } from './skew.ts';
import { emptySummary, type TraceSummary } from './summary.ts';
import { Tasks } from './tasks.ts';
import { utf8 } from './text.ts';

/** Who takes what is read, in the order of the file. A record is a view on a large block: see `TraceRecord.keep`. */
export interface TraceSink {
  record(record: TraceRecord): void;
  loss(loss: Loss): void;
}

export interface ParserOptions {
  /** What messages call the log; `the log` when not given. */
  readonly name?: string;
  /**
   * What an earlier pass over the same log has learnt (`TraceParser.shapes`): lines that were cut before the log
   * had shown what a whole one looks like are then found out too.
   */
  readonly shapes?: Shapes;
}

/** So much is looked at before the first record is handed out. */
const FIRST_LOOK = 1 << 20;
/** No line of a trace is longer: the kernel prints into a page or two. */
const MAX_LINE = 1 << 16;
const NEWLINE = 10;
const RETURN = 13;
/** The byte order mark of UTF-8. */
const BYTE_ORDER = Buffer.of(0xef, 0xbb, 0xbf);

export class TraceParser {
  readonly summary: TraceSummary = emptySummary();
  readonly shapes: Shapes;

  readonly #sink: TraceSink;
  readonly #name: string;
  readonly #taught: boolean;
  readonly #events: EventReader;
  readonly #contexts = new Contexts();
  readonly #tasks = new Tasks();
  readonly #losses: Losses;
  readonly #prefix = new Prefix();
  readonly #clocks = new Clocks();
  /** What was not yet read, in order, and how many bytes that is. */
  #pending: Buffer[] = [];
  #waiting = 0;
  /** Whether the block that is read is. */
  #ascii = true;
  #looked = false;
  #layout: Layout | undefined;
  #decimals = 0;
  #padded = false;
  #booting = false;
  #previous = '';
  #skipping = false;
  #line = 0;

  constructor(sink: TraceSink, options: ParserOptions = {}) {
    this.#sink = sink;
    this.#name = options.name ?? 'the log';
    this.#taught = options.shapes !== undefined;
    this.shapes = options.shapes ?? new Shapes();
    this.shapes.settle();
    this.#events = new EventReader(this.shapes);
    this.#losses = new Losses(this.summary, this.shapes, (loss) => sink.loss(loss));
  }

  /**
   * Takes the next bytes, which the caller leaves as they are from now on. Throws a TraceError as soon as it is
   * clear that this is no trace.
   */
  push(piece: Buffer): void {
    if (piece.length === 0) return;
    if (!this.#looked) {
      this.#keep(piece);
      if (this.#waiting < FIRST_LOOK) return;
      this.#look();
      this.#drain(this.#take());
      return;
    }
    const end = piece.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      this.#keep(piece.subarray(0, end));
      this.#drain(this.#take());
    }
    this.#keep(piece.subarray(end));
    if (this.#waiting > MAX_LINE) this.#endless();
  }

  /** The end. `cut`: the source broke off. A log without one known event is refused with a TraceError. */
  end(cut = false): TraceSummary {
    if (!this.#looked) this.#look();
    this.#drain(this.#take());
    const rest = this.#take().toString('latin1');
    if (rest === '' && this.#skipping) this.#line++;
    else if (rest !== '' || cut) {
      this.#line++;
      // Whatever its last line looks like: half a number is a number.
      this.#losses.add('truncated', this.#line, rest);
    }
    this.summary.lines = this.#line;
    this.summary.cpus = this.#clocks.cpus();
    if (this.summary.known === 0) {
      throw new TraceError(
        'no-known-event',
        `${this.#name}: a trace log, but without a single event of dma, swiotlb or their functions; "ccdma probes" prints what to record`,
      );
    }
    return this.summary;
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pending.push(piece);
    this.#waiting += piece.length;
  }

  #take(): Buffer {
    const all = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#waiting = 0;
    return all;
  }

  #look(): void {
    this.#looked = true;
    const all = this.#take();
    const bytes = all.subarray(0, BYTE_ORDER.length).equals(BYTE_ORDER)
      ? all.subarray(BYTE_ORDER.length)
      : all;
    this.#keep(bytes);
    // The last line of a short log may have no newline: it counts for recognising the log all the same.
    const open = bytes.length < FIRST_LOOK && bytes.at(-1) !== NEWLINE;
    const whole = new Block(open ? Buffer.concat([bytes, Buffer.of(NEWLINE)]) : bytes);
    const look: FirstLook = firstLook(whole, this.#events, this.#taught ? undefined : this.shapes);
    if (look.layout === undefined && !look.header) {
      throw new TraceError(
        'not-a-trace',
        `${this.#name}: no trace log; expected the text of tracefs' "trace" or of "trace-cmd report", or gzip of it`,
      );
    }
    this.#layout = look.layout;
    this.#decimals = look.decimals;
    this.#padded = look.padded;
    this.#booting = look.fromBoot;
    this.summary.layout = look.layout;
    this.summary.fromBoot = look.fromBoot;
  }

  /** Reads the whole lines of these bytes, and keeps what is behind the last of them. */
  #drain(bytes: Buffer): void {
    const block = new Block(bytes);
    const { text } = block;
    this.#ascii = isAscii(bytes);
    let a = 0;
    for (let nl = text.indexOf('\n'); nl >= 0; nl = text.indexOf('\n', a)) {
      const e = nl > a && bytes[nl - 1] === RETURN ? nl - 1 : nl;
      this.#line++;
      if (this.#skipping) this.#skipping = false;
      else this.#read(block, a, e);
      a = nl + 1;
    }
    this.#keep(bytes.subarray(a));
    if (this.#waiting > MAX_LINE) this.#endless();
  }

  /** A line without end is none; its rest is skipped, not gathered. */
  #endless(): void {
    const begun = this.#take().toString('latin1');
    if (!this.#skipping) this.#losses.add('garbled', this.#line + 1, begun);
    this.#skipping = true;
  }

  #read(block: Block, a: number, e: number): void {
    const { text, bytes } = block;
    const special = readSpecial(text, a, e);
    if (special) {
      this.#previous = '';
      this.#special(special, text, a, e);
      return;
    }
    const previous = this.#previous;
    if (previous.length === e - a && text.startsWith(previous, a)) {
      this.#losses.add('duplicate', this.#line, previous);
      return;
    }
    const raw = text.slice(a, e);
    this.#previous = raw;
    if (e - a > MAX_LINE) {
      this.#losses.add('garbled', this.#line, raw);
      return;
    }
    if (this.#layout === undefined) this.#adopt(block, a, e);
    const prefix = this.#prefix;
    const scan = this.#layout === undefined ? 'not' : scanPrefix(bytes, a, e, this.#layout, prefix);
    if (scan !== 'ok') {
      if (scan === 'cut') this.#losses.add('truncated', this.#line, raw);
      else this.#losses.bad(this.#line, raw);
      return;
    }
    if (this.#layout === 'bare') this.#body(block, a, e, raw);
    else if (prefix.decimals !== this.#decimals || (this.#padded && prefix.align === 'short'))
      this.#losses.add('garbled', this.#line, raw);
    else this.#body(block, a, e, raw);
  }

  /** After a second header: the layout of the first line that has one. */
  #adopt(block: Block, a: number, e: number): void {
    for (const layout of ['context', 'latency'] as const) {
      if (scanPrefix(block.bytes, a, e, layout, this.#prefix) !== 'ok') continue;
      this.#layout = layout;
      this.#decimals = this.#prefix.decimals;
      this.#padded = this.#prefix.align === 'padded';
      return;
    }
    if (this.#events.read(block, a, e) === 'ok' && this.#events.subject) this.#layout = 'bare';
  }

  /** The line from its event on, and what becomes of it. */
  #body(block: Block, a: number, e: number, raw: string): void {
    const { text } = block;
    const prefix = this.#prefix;
    const events = this.#events;
    const cpu = prefix.cpu < 0 ? undefined : prefix.cpu;
    let context: Context | undefined = NO_CONTEXT;
    if (prefix.flagsEnd > prefix.flagsStart) {
      context = this.#contexts.at(text, prefix.flagsStart, prefix.flagsEnd);
      if (!context) {
        this.#losses.add('garbled', this.#line, raw, { cpu });
        return;
      }
    }
    const scan = events.read(block, prefix.body, e);
    const event = events.event === '' ? undefined : events.event;
    if (scan === 'cut' || scan === 'garbled') {
      if (scan === 'garbled' && this.#layout === 'bare') this.#losses.bad(this.#line, raw);
      else this.#losses.add(scan === 'cut' ? 'truncated' : 'garbled', this.#line, raw, { cpu, event });
      return;
    }
    if (cpu !== undefined && prefix.time >= 0 && this.#clocks.isBack(cpu, prefix.time)) {
      this.#losses.add('back-in-time', this.#line, raw, { cpu, event });
      return;
    }
    if (this.summary.timeUnit === 'none' && prefix.time >= 0) this.#unit(text);
    if (this.#booting && prefix.pid === 1) this.#booting = false;
    if (scan === 'unknown') {
      this.#losses.unknown(event!, this.#line, raw, cpu);
      return;
    }
    this.#hand(text, a, raw, context);
  }

  #hand(text: string, a: number, raw: string, plain: Context): void {
    const prefix = this.#prefix;
    const events = this.#events;
    let context = plain;
    if (plain.known) {
      this.summary.withContext++;
      if (plain.preemptDepth > 0) {
        this.summary.depthShown = true;
        const skew = entrySkew(events, this.shapes);
        const early = this.#booting && prefix.pid === 0;
        if (skew > 0 || early) context = this.#contexts.get(plain.flags, skew, early)!;
      } else if (events.kind === 'kprobe' || events.kind === 'function') entrySkew(events, this.shapes);
    } else this.summary.withoutContext++;
    this.summary.records++;
    if (events.subject) this.summary.known++;
    // Offsets are of bytes; the line that is handed out is of characters.
    const at = this.#ascii ? a : prefix.timeStart - utf8(text.slice(a, prefix.timeStart)).length;
    this.#sink.record(
      new TraceRecord(
        this.#line,
        this.#ascii ? raw : utf8(raw),
        this.#tasks.get(text, prefix.taskStart, prefix.taskEnd),
        prefix.pid,
        prefix.tgid,
        prefix.cpu,
        context,
        prefix.time,
        prefix.timeStart - at,
        prefix.timeEnd - at,
        events.event,
        events.kind,
        events.func,
        events.caller,
        events.fields,
        events.text,
      ),
    );
  }

  #unit(text: string): void {
    const { decimals, timeEnd } = this.#prefix;
    const us = decimals === 6 || (decimals === 0 && text.startsWith('us', timeEnd));
    this.summary.timeUnit = us ? 'us' : decimals === 9 ? 'ns' : 'tick';
  }

  #special(special: Special, text: string, a: number, e: number): void {
    if (special.kind === 'comment' || special.kind === 'latency') return;
    const raw = text.slice(a, e);
    if (special.kind === 'start') {
      this.summary.tool = special.tool;
      const begun = this.summary.records > 0 || this.#clocks.cpus().length > 0;
      if (!begun) return;
      this.#clocks.clear();
      this.#layout = undefined;
      this.#booting = false;
      this.#losses.add('restart', this.#line, raw);
    } else if (special.kind === 'entries') {
      const count = special.written - special.inBuffer;
      if (count > 0) this.#losses.add('overrun', this.#line, raw, { count });
    } else {
      const kind = special.kind === 'lost' ? 'lost-events' : 'buffer-started';
      const count = special.kind === 'lost' ? special.count : undefined;
      this.#losses.add(kind, this.#line, raw, { cpu: special.cpu, count });
    }
  }
}
