/**
 * Execution context from the flags column: whether code could sleep where an event was recorded.
 *
 * Source: `trace_print_lat_fmt` in kernel/trace/trace_output.c prints the column; `tracing_gen_ctx_irq_test` in
 * kernel/trace/trace.c fills it. An RCU read-side section does not show in it, and neither does preemption that
 * is switched off in a kernel without CONFIG_PREEMPT_COUNT (`summary.depthShown` says whether a log ever showed
 * a depth).
 */

/**
 * - `process`: may sleep, as far as the flags tell.
 * - `atomic`: a task, with interrupts, bottom halves or preemption switched off.
 * - `softirq`, `hardirq`: as named; an NMI counts as hardirq.
 * - `unknown`: the log does not print flags, or the depth is not to be trusted (`skewed`) and nothing else decides.
 */
export type Level = 'process' | 'atomic' | 'softirq' | 'hardirq' | 'unknown';

export interface Context {
  /** Whether the log printed flags for this line. Without them everything else here says nothing. */
  readonly known: boolean;
  /** The column as printed; empty when there is none. */
  readonly flags: string;
  readonly irqsOff: boolean;
  readonly bhOff: boolean;
  /** 0 task, 1 softirq, 2 hardirq (also one that interrupted a softirq), 3 NMI. */
  readonly interrupt: 0 | 1 | 2 | 3;
  /** As printed. */
  readonly preemptDepth: number;
  readonly migrateDepth: number;
  /** The depth may be too high: another probe sits on the same symbol. The event of the return is right. */
  readonly skewed: boolean;
  /** Before the first task but the idle one ran: nothing can sleep yet, so depth 1 is no obstacle. */
  readonly earlyBoot: boolean;
  readonly level: Level;
}

/** How a line's depth is to be read: exact, one too high (a kprobe beside a function probe), or two. */
export type Skew = 0 | 1 | 2;

export const NO_CONTEXT: Context = {
  known: false,
  flags: '',
  irqsOff: false,
  bhOff: false,
  interrupt: 0,
  preemptDepth: 0,
  migrateDepth: 0,
  skewed: false,
  earlyBoot: false,
  level: 'unknown',
};

const depthOf = (c: string | undefined): number =>
  c === undefined || c === '.' ? 0 : Number.parseInt(c, 16);

const interrupts: Readonly<Record<string, 0 | 1 | 2 | 3>> = { '.': 0, s: 1, h: 2, H: 2, z: 3, Z: 3 };

function levelOf(off: boolean, interrupt: number, depth: number, skew: Skew, early: boolean): Level {
  if (interrupt >= 2) return 'hardirq';
  if (interrupt === 1) return 'softirq';
  if (off) return 'atomic';
  if (depth === 0 || (early && depth === 1)) return 'process';
  return depth <= skew ? 'unknown' : 'atomic';
}

/**
 * Reads a flags column: irqs, resched, interrupt, preempt depth, migrate depth (absent on kernels before 5.16);
 * a real-time kernel's lazy preempt depth stands between the last two. Undefined when it is none.
 */
export function readFlags(flags: string, skew: Skew, earlyBoot: boolean): Context | undefined {
  if (!/^[.dDbX?][.NnpLlBb][.hsHzZ][.0-9a-f][.0-9a-f]{0,2}$/.test(flags)) return undefined;
  const known = flags[0] !== '?' && flags[0] !== 'X';
  const irqsOff = flags[0] === 'd' || flags[0] === 'D';
  const bhOff = flags[0] === 'b' || flags[0] === 'D';
  const interrupt = interrupts[flags[2]!]!;
  const preemptDepth = depthOf(flags[3]);
  const level = levelOf(irqsOff || bhOff, interrupt, preemptDepth, skew, earlyBoot);
  return {
    known,
    flags,
    irqsOff,
    bhOff,
    interrupt,
    preemptDepth,
    migrateDepth: flags.length > 4 ? depthOf(flags[flags.length - 1]) : 0,
    skewed: skew > 0 && preemptDepth > 0,
    earlyBoot,
    // An architecture that cannot say whether interrupts are off prints X: only what is set can be believed.
    level: !known && level === 'process' ? 'unknown' : level,
  };
}

/** Contexts by flags: logs hold a few dozen of them. */
export class Contexts {
  readonly #known = new Map<string, Context | undefined>();

  #last = '';
  #lastContext: Context | undefined;

  /** The context of the column in text[from, to), its depth taken as exact; undefined when it is none. */
  at(text: string, from: number, to: number): Context | undefined {
    const last = this.#last;
    if (last.length === to - from && text.startsWith(last, from)) return this.#lastContext;
    this.#last = text.slice(from, to);
    this.#lastContext = this.get(this.#last, 0, false);
    return this.#lastContext;
  }

  /** The context, or undefined when the text is no flags column. */
  get(flags: string, skew: Skew, earlyBoot: boolean): Context | undefined {
    const key = skew === 0 && !earlyBoot ? flags : `${flags}${skew}${earlyBoot ? 'e' : ''}`;
    const found = this.#known.get(key);
    if (found !== undefined || this.#known.has(key)) return found;
    const made = readFlags(flags, skew, earlyBoot);
    // Only garbage can make more; none of it is worth keeping.
    if (this.#known.size < 4096) this.#known.set(key, made);
    return made;
  }
}
