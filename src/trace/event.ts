/** The part of a line from the event's name on. */
import type { Block } from './block.ts';
import { BLANK, CLOSE, COLON, EQUALS, find, nameEnd, OPEN } from './chars.ts';
import { Fields, NO_FIELDS } from './fields.ts';
import { type Ending, isSubject, TRACEPOINTS } from './names.ts';
import { type Places, readCall, readPlaces } from './place.ts';
import type { EventKind, Place } from './record.ts';
import type { Known, Shapes } from './shapes.ts';
import { detach, utf8 } from './text.ts';
import { Values } from './values.ts';

/** `unknown`: a whole line of an event that nothing is known about. */
export type EventScan = 'ok' | 'cut' | 'garbled' | 'unknown';

/** What a log's lines of one event share. */
interface Cached {
  readonly event: string;
  readonly known: Known;
  readonly tracepoint: Ending | undefined;
  readonly mark: boolean;
  readonly subject: boolean;
  readonly probe: Known;
  /** Parentheses of its probe, as read last time: mostly the same. */
  parens: string;
  places: Places | undefined;
}

const MAX_CACHED = 10_000;
/** A power of two. */
const RECENT = 256;
const NO_NAMES: readonly string[] = [];
const MARKS = new Set([
  'tracing_mark_write',
  '__trace_printk',
  '__trace_puts',
  '__trace_bputs',
  'trace_printk',
]);

/** Reads bodies; the last one that was fine stands in the fields. */
export class EventReader {
  event = '';
  kind: EventKind = 'other';
  func: Place | undefined;
  caller: Place | undefined;
  fields: Fields = NO_FIELDS;
  text = '';
  /** Whether the event is of the subject, by its name or its function's. */
  subject = false;
  /** The knowledge that belongs to the event, for whoever notes where it fires. */
  known: Known | undefined;

  readonly #shapes: Shapes;
  readonly #values = new Values();
  readonly #cache = new Map<string, Cached>();
  /** The last ones, found by a few of their bytes: a name need not be cut out to be looked up. */
  readonly #recent: (Cached | undefined)[] = new Array<Cached | undefined>(RECENT).fill(undefined);
  readonly #places = new Map<string, Places | undefined>();

  constructor(shapes: Shapes) {
    this.#shapes = shapes;
  }

  /** Reads [b, e) of a block. On anything but `ok`, only `event` is right, and empty when not even that is known. */
  read(block: Block, b: number, e: number): EventScan {
    const { text, bytes } = block;
    this.event = '';
    this.func = undefined;
    this.caller = undefined;
    this.fields = NO_FIELDS;
    this.text = '';
    this.subject = false;
    this.known = undefined;
    const i = nameEnd(bytes, b, e);
    if (i === b) return this.#other(text, b, e);
    if (i === e) return 'cut';
    if (bytes[i] !== COLON) return this.#function(text, b, e);
    if (i + 1 < e && bytes[i + 1] !== BLANK) return 'garbled';
    const cached = this.#cached(block, b, i);
    this.event = cached.event;
    let body = i + 1;
    if (cached.mark) return this.#mark(text, body, e);
    while (body < e && bytes[body] === BLANK) body++;
    if (bytes[body] === OPEN && body < e) return this.#probe(cached, block, body, e);
    if (cached.tracepoint) return this.#tracepoint(cached, block, body, e);
    if (cached.event === 'function') return this.#function(text, body, e);
    if (cached.event === 'print') return this.#print(text, body, e);
    return body === e ? 'cut' : 'unknown';
  }

  /** What is known of the event named in [b, e). */
  #cached({ text, bytes }: Block, b: number, e: number): Cached {
    const at = (bytes[b]! + 31 * bytes[e - 1]! + 7 * bytes[b + ((e - b) >> 1)]! + (e - b)) & (RECENT - 1);
    const recent = this.#recent[at];
    if (recent !== undefined && recent.event.length === e - b && text.startsWith(recent.event, b))
      return recent;
    const found = this.#named(text.slice(b, e));
    this.#recent[at] = found;
    return found;
  }

  #named(name: string): Cached {
    const found = this.#cache.get(name);
    if (found) return found;
    const event = detach(name);
    const made: Cached = {
      event,
      known: this.#shapes.of(event),
      tracepoint: TRACEPOINTS.get(event),
      mark: MARKS.has(event),
      subject: isSubject(event),
      probe: this.#shapes.of(`(${event}`),
      parens: '',
      places: undefined,
    };
    if (this.#cache.size < MAX_CACHED) this.#cache.set(event, made);
    return made;
  }

  #mark(text: string, from: number, e: number): EventScan {
    this.kind = 'mark';
    this.text = utf8(text.slice(Math.min(from + 1, e), e));
    return 'ok';
  }

  /** `trace-cmd report` calls marks `print` and names the function that wrote them in the body. */
  #print(text: string, from: number, e: number): EventScan {
    const colon = text.slice(from, e).indexOf(': ');
    return this.#mark(text, colon >= 0 ? from + colon + 1 : from - 1, e);
  }

  /** Stack traces and raw writes: lines of the tracer that say nothing here. */
  #other(text: string, b: number, e: number): EventScan {
    const tail = text.slice(b, e);
    if (!/^(?:<(?:user )?stack trace ?>|# [0-9a-f]+ buf:)/.test(tail)) return 'garbled';
    this.event = tail.startsWith('#') ? 'raw' : 'stack';
    this.kind = 'other';
    return 'ok';
  }

  #function(text: string, b: number, e: number): EventScan {
    const whole = text.slice(b, e);
    const places = this.#remember(`f${whole}`, () => readCall(whole));
    if (!places) return /^[\w.$+[\] ]*(?:\([^()]*\)?)?(?: (?:<-{0,2})?)?$/.test(whole) ? 'cut' : 'garbled';
    this.event = 'function';
    this.kind = 'function';
    this.func = places.func;
    this.caller = places.caller;
    this.subject = places.subject;
    return 'ok';
  }

  #probe(cached: Cached, block: Block, b: number, e: number): EventScan {
    const { text, bytes } = block;
    let end: number;
    if (cached.parens !== '' && text.startsWith(cached.parens, b)) {
      end = b + cached.parens.length;
    } else {
      end = find(bytes, CLOSE, b, e) + 1;
      if (end === 0) return 'cut';
      const parens = text.slice(b, end);
      const places = this.#remember(parens, () => readPlaces(parens.slice(1, -1)));
      if (!places) return 'garbled';
      cached.places = places;
      cached.parens = detach(parens);
    }
    if (end > e) return 'cut';
    const places = cached.places!;
    const fine = this.#scan(cached.probe, block, end, e);
    if (fine !== 'ok') return fine;
    this.kind = places.caller ? 'kretprobe' : 'kprobe';
    this.func = places.func;
    this.caller = places.caller;
    this.subject = places.subject || cached.subject;
    this.known = cached.probe;
    return 'ok';
  }

  #tracepoint(cached: Cached, block: Block, b: number, e: number): EventScan {
    const { text, bytes } = block;
    let from = b;
    if (text.startsWith('dev_name: ', from)) from += 10;
    // The device's name has no name of its own; it ends where the first field begins.
    const equals = find(bytes, EQUALS, from, e);
    if (equals < 0) return 'cut';
    const blank = text.lastIndexOf(' ', equals);
    if (blank < from) return 'garbled';
    const device = text.slice(from, blank);
    for (let i = from; i < blank; i++) if (bytes[i]! < 33 || bytes[i]! > 126) return 'garbled';
    const ending = cached.tracepoint!;
    const fine = this.#scan(cached.known, block, blank, e, device, ending === 'mode');
    if (fine !== 'ok') return fine;
    if (ending !== 'field' && this.fields.names.at(-1) !== ending) return 'cut';
    this.kind = 'tracepoint';
    this.subject = true;
    this.known = cached.known;
    return 'ok';
  }

  /** Fields of [from, e): a probe's, or, with the device's name, a tracepoint's. */
  #scan(known: Known, block: Block, from: number, e: number, device?: string, mode = false): EventScan {
    const likely = known.shapes[0]?.shape;
    const values = this.#values;
    const fine = values.scan(block, from, e, likely ? likely.names : NO_NAMES, device, mode);
    if (fine !== 'ok') return fine;
    if (values.guessed && likely !== undefined && !this.#shapes.learning) {
      this.fields = values.values.length === 0 ? NO_FIELDS : new Fields(likely, values.values);
      return 'ok';
    }
    const names = values.guessed ? (likely?.names ?? NO_NAMES) : values.names.map(detach);
    const { verdict, shape } = this.#shapes.judge(known, names);
    if (verdict !== 'known') return verdict === 'cut' ? 'cut' : 'garbled';
    this.fields = new Fields(shape, values.values);
    return 'ok';
  }

  #remember(key: string, read: () => Places | undefined): Places | undefined {
    const found = this.#places.get(key);
    if (found !== undefined || this.#places.has(key)) return found;
    const made = detachPlaces(read());
    if (this.#places.size >= MAX_CACHED) this.#places.clear();
    this.#places.set(detach(key), made);
    return made;
  }
}

function detachPlaces(places: Places | undefined): Places | undefined {
  if (!places) return undefined;
  const copy = (place: Place): Place => ({
    symbol: place.symbol === undefined ? undefined : detach(place.symbol),
    address: place.address === undefined ? undefined : detach(place.address),
    offset: place.offset,
  });
  const { func, caller, subject } = places;
  return { func: copy(func), caller: caller && copy(caller), subject };
}
