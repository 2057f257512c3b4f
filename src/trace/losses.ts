/** The book of what a log has lost: counts, and a loss for the sink. */
import { distance } from 'fastest-levenshtein';
import { classifyBad } from './bad.ts';
import { TRACEPOINTS } from './names.ts';
import type { Loss, LossKind } from './record.ts';
import type { Shapes } from './shapes.ts';
import type { TraceSummary } from './summary.ts';
import { utf8 } from './text.ts';

/** What is known of a loss beside its kind and its line. */
export interface LossDetail {
  readonly cpu?: number | undefined;
  readonly event?: string | undefined;
  readonly count?: number | undefined;
}

const MAX_NAMES = 1000;
const MAX_RAW = 400;
const NOTHING: LossDetail = {};

export class Losses {
  readonly #summary: TraceSummary;
  readonly #shapes: Shapes;
  readonly #take: (loss: Loss) => void;
  readonly #near = new Map<string, boolean>();

  constructor(summary: TraceSummary, shapes: Shapes, take: (loss: Loss) => void) {
    this.#summary = summary;
    this.#shapes = shapes;
    this.#take = take;
  }

  add(kind: LossKind, line: number, raw: string, detail: LossDetail = NOTHING): void {
    const { cpu, event, count } = detail;
    this.#summary.losses[kind]++;
    if (count !== undefined) this.#summary.lostEvents += count;
    // Without a fine clock two lines may look alike and both be true.
    const timed = this.#summary.timeUnit === 'us' || this.#summary.timeUnit === 'ns';
    const hides = kind !== 'unknown-event' && !(kind === 'duplicate' && timed);
    this.#take({ kind, line, hides, cpu, count, event, raw: utf8(raw.slice(0, MAX_RAW)) });
  }

  /** A line that is none: torn, garbled, or of somebody else. */
  bad(line: number, raw: string): void {
    this.add(
      classifyBad(raw, (name) => this.#shapes.isField(name)),
      line,
      raw,
    );
  }

  /** A whole line of an event without a meaning here, or of one whose name was garbled. */
  unknown(event: string, line: number, raw: string, cpu: number | undefined): void {
    if (this.#isNear(event)) {
      this.add('garbled', line, raw, { cpu, event });
      return;
    }
    const names = this.#summary.unknownEvents;
    const count = names.get(event) ?? 0;
    if (count > 0 || names.size < MAX_NAMES) names.set(event, count + 1);
    this.add('unknown-event', line, raw, { cpu, event });
  }

  /** Whether a name is a letter or two away from a tracepoint's. */
  #isNear(name: string): boolean {
    const found = this.#near.get(name);
    if (found !== undefined) return found;
    const near = [...TRACEPOINTS.keys()].some((other) => distance(name, other) <= 2);
    if (this.#near.size >= MAX_NAMES) this.#near.clear();
    this.#near.set(name, near);
    return near;
  }
}
