/** A first look at the beginning of a log: which layout, which fields, whether it begins at boot. */
import type { Block } from './block.ts';
import type { EventReader } from './event.ts';
import { readSpecial } from './header.ts';
import { isSubject, TRACEPOINTS } from './names.ts';
import { type Layout, Prefix, scanPrefix } from './prefix.ts';
import type { Shapes } from './shapes.ts';

export interface FirstLook {
  /** Undefined: nothing in it looks like a line of a trace. */
  readonly layout: Layout | undefined;
  /** Whether a header or a declaration of the tracer is there. */
  readonly header: boolean;
  /** Digits after the point of most timestamps. */
  readonly decimals: number;
  /** Whether names of tasks are padded as the tracer does it: then a shorter line lacks its head. */
  readonly padded: boolean;
  /** Whether the first task of all, `swapper/0-1`, is seen to start. */
  readonly fromBoot: boolean;
}

/** Calls back with the bounds of every line that ends in a newline. */
export function eachLine({ text, bytes }: Block, line: (a: number, e: number) => void): number {
  let a = 0;
  for (let nl = text.indexOf('\n'); nl >= 0; nl = text.indexOf('\n', a)) {
    const e = nl > a && bytes[nl - 1] === 13 ? nl - 1 : nl;
    line(a, e);
    a = nl + 1;
  }
  return a;
}

const VOTERS = 5000;

/** Without a header, one line in so many must be one of a trace. */
const LEAST_SHARE = 10;

/** Votes on the layout, then reads all of the text to learn from it. */
export function firstLook(block: Block, events: EventReader, shapes: Shapes | undefined): FirstLook {
  const { text, bytes } = block;
  const votes = { context: 0, latency: 0, bare: 0 };
  const prefix = new Prefix();
  let header = false;
  let voters = 0;
  eachLine(block, (a, e) => {
    const special = readSpecial(text, a, e);
    if (special) {
      // A line that begins with '#' may be anybody's heading.
      header ||= special.kind !== 'comment';
      return;
    }
    if (voters++ > VOTERS) return;
    if (scanPrefix(bytes, a, e, 'context', prefix) === 'ok') votes.context++;
    else if (scanPrefix(bytes, a, e, 'latency', prefix) === 'ok') votes.latency++;
    else if (isBare(text, a, e)) votes.bare++;
  });
  const most = Math.max(votes.context, votes.latency, votes.bare);
  // A text that quotes a log is none: most of a log is lines of it, however damaged.
  const quoted = !header && most * LEAST_SHARE < voters;
  const layout =
    most === 0 || quoted
      ? undefined
      : (['context', 'latency', 'bare'] as const).find((name) => votes[name] === most)!;
  if (layout === undefined) return { layout, header, decimals: 0, padded: false, fromBoot: false };
  const found = learn(block, layout, events, shapes);
  return { layout, header, ...found };
}

/** The event alone: a probe's parenthesis, a known tracepoint, or a call of a function of the subject. */
function isBare(text: string, a: number, e: number): boolean {
  const line = text.slice(a, e);
  const name = /^(\w+)(?:: | <-)/.exec(line)?.[1];
  if (name === undefined) return false;
  return TRACEPOINTS.has(name) || isSubject(name) || /^\w+: \([\w.]+\+0x[0-9a-f]+\//.test(line);
}

function learn(block: Block, layout: Layout, events: EventReader, shapes: Shapes | undefined) {
  const { text, bytes } = block;
  const prefix = new Prefix();
  const decimals = new Map<number, number>();
  let fromBoot = false;
  let short = 0;
  let lines = 0;
  if (shapes) shapes.learning = true;
  eachLine(block, (a, e) => {
    if (readSpecial(text, a, e) || scanPrefix(bytes, a, e, layout, prefix) !== 'ok') return;
    lines++;
    if (prefix.align === 'short') short++;
    decimals.set(prefix.decimals, (decimals.get(prefix.decimals) ?? 0) + 1);
    if (prefix.pid === 1 && text.startsWith('swapper/0', prefix.taskStart)) fromBoot = true;
    if (!shapes || events.read(block, prefix.body, e) !== 'ok') return;
    const symbol = events.func?.symbol;
    if (symbol === undefined || events.kind === 'kretprobe') return;
    shapes.entered(events.known, events.event, symbol);
  });
  shapes?.settle();
  const [first] = [...decimals].sort((x, y) => y[1] - x[1]);
  return { decimals: first?.[0] ?? 0, padded: short * 4 < lines, fromBoot };
}
