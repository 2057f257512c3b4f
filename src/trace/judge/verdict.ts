/** From tallies to verdicts: holds over N checks, violated at line L, cannot be decided and why; never a silent pass. */
import type { TraceSummary } from '../summary.ts';
import type { Judge } from './judge.ts';
import { missingFor, NEEDS, PROPERTIES, type PropertyName } from './properties.ts';
import type { Stray } from './scene.ts';
import type { Violation } from './tally.ts';

export type Status = 'holds' | 'violated' | 'undecided';

export interface PropertyVerdict {
  readonly name: PropertyName;
  readonly status: Status;
  /** Checks whose answer the log gives. */
  readonly checks: number;
  readonly violations: number;
  /** Checks whose answer it does not give. */
  readonly unanswered: number;
  /** In one sentence: how it stands, and what limits it. */
  readonly text: string;
  /** What is to be recorded so that it can be decided; only where it cannot. */
  readonly missing: readonly string[];
  /** Of each kind, the first. */
  readonly first: readonly Violation[];
  /** What a check compares. */
  readonly decides: string;
}

export interface Verdict {
  readonly properties: readonly PropertyVerdict[];
  /** Steps that no machine offers and no property forbids. */
  readonly strays: readonly Stray[];
  /** What the log does not show, in words. */
  readonly notes: readonly string[];
  /** Whether a part of the log is missing by its own account. */
  readonly lossy: boolean;
}

export function verdictOf(judge: Judge, summary: TraceSummary): Verdict {
  const properties = PROPERTIES.map((name) => propertyVerdict(judge, summary, name));
  return {
    properties,
    strays: [...judge.scene.strays.values()],
    notes: notesOf(judge, summary),
    lossy: isLossy(summary),
  };
}

const HIDING = [
  'overrun',
  'lost-events',
  'buffer-started',
  'truncated',
  'garbled',
  'foreign',
  'back-in-time',
  'restart',
] as const;

const isLossy = ({ losses }: TraceSummary) => HIDING.some((kind) => losses[kind] > 0);

function propertyVerdict(judge: Judge, summary: TraceSummary, name: PropertyName): PropertyVerdict {
  const { checks, violations, undecided, kept } = judge.tally.of(name);
  const common = {
    name,
    checks,
    violations,
    unanswered: undecided,
    first: kept,
    decides: NEEDS[name].decides,
  };
  const unanswered = undecided === 0 ? '' : `; ${times(undecided)} the log does not say`;
  if (violations > 0) {
    const more = violations === 1 ? '' : `, and ${violations - 1} more`;
    return {
      ...common,
      status: 'violated',
      missing: [],
      text: `violated at line ${kept[0]!.line}${more} (${checks} checks)${unanswered}`,
    };
  }
  if (checks > 0)
    return {
      ...common,
      status: 'holds',
      missing: [],
      text: `holds over ${checks} check${checks === 1 ? '' : 's'}${unanswered}`,
    };
  const missing = missingFor(name, judge.binder.seen);
  return {
    ...common,
    status: 'undecided',
    missing,
    text: `cannot be decided: ${whyNot(judge, summary, name, missing, undecided)}`,
  };
}

function encodingText({ scene }: Judge): string {
  const bit = scene.specification.addressBit();
  if (bit === null) return 'on this platform no address carries a bit that says shared or private';
  if (bit !== undefined) return 'no address was seen of memory whose state is known';
  const some =
    scene.encoded > 0
      ? `${scene.encoded} addresses differ from those of their memory`
      : 'no address differs from that of its memory';
  return `${some}, and a log does not say which bit means shared or private: name its platform with --platform`;
}

const times = (n: number) => (n === 1 ? 'once' : `${n} times`);

function whyNot(
  judge: Judge,
  summary: TraceSummary,
  name: PropertyName,
  missing: readonly string[],
  undecided: number,
): string {
  if (name === 'no-sleep-in-atomic' && undecided > 0 && summary.withContext === 0)
    return 'the log has no column of flags (irq-info is off)';
  if (missing.length > 0) {
    const some = NEEDS[name].events.length > 1 && NEEDS[name].events.every((all) => all.length === 1);
    return `not recorded: ${some ? 'any of ' : ''}${missing.join(', ')}`;
  }
  if (name === 'address-matches-memory') return encodingText(judge);
  if (name === 'device-can-reach' && judge.scene.forced.size === 0)
    return 'nothing in this log shows that a device reaches shared memory only';
  if (undecided > 0) return `${times(undecided)} it came up, and the log does not say`;
  return 'it is recorded, and never came up';
}

function freesText(softirq: number, task: number): string {
  const of = (n: number, what: string) => (n === 0 ? [] : [`${n} in ${what}`]);
  return [...of(softirq, 'softirq'), ...of(task, 'a task')].join(', ');
}

function notesOf(judge: Judge, summary: TraceSummary): string[] {
  const notes: string[] = [];
  const { losses } = summary;
  const lost = HIDING.filter((kind) => losses[kind] > 0).map((kind) => `${kind} ${losses[kind]}`);
  if (lost.length > 0) {
    const events = summary.lostEvents > 0 ? `; ${summary.lostEvents} events by the log's own account` : '';
    notes.push(
      `parts of the log are missing (${lost.join(', ')}${events}): ${judge.scene.forgotten} objects became unknown`,
    );
  }
  const { softirq, task } = judge.scene.frees;
  if (softirq + task > 0)
    notes.push(`dynamic pools were freed ${softirq + task} times: ${freesText(softirq, task)}`);
  if (losses.duplicate > 0) notes.push(`${losses.duplicate} repeated lines dropped`);
  if (losses['unknown-event'] > 0)
    notes.push(`${losses['unknown-event']} events that nothing is known about`);
  if (judge.scene.unknownObjects > 0)
    notes.push(
      `${judge.scene.unknownObjects} events of objects that were born before the log, or unseen: they constrain nothing`,
    );
  if (judge.binder.doubled > 0)
    notes.push(`${judge.binder.doubled} events of a second probe on the same function passed over`);
  if (summary.withContext === 0) notes.push('no column of flags: no execution context');
  else if (!summary.depthShown)
    notes.push(
      'no preempt depth is ever shown: if the kernel does not count it (CONFIG_PREEMPT_COUNT), a spinlock that is held does not show',
    );
  if (summary.tool === undefined)
    notes.push(
      'no header: whether the beginning is missing is not known, so nothing is concluded from what is not there',
    );
  return notes;
}
