/**
 * The safety properties, judged on the simulator's own state and on what just happened.
 *
 * They know nothing of the specification. A property of states is reported at the step that made it
 * false; a property of steps at the step. Each has a witness: a situation that shows it is not vacuous.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { STIMULI } from '../kernel/steps.ts';
import type { TraceRecord } from '../kernel/task.ts';
import type { SafetyName, Standing, Violation } from './safety-names.ts';
import { SAFETY } from './safety-names.ts';
import { judge } from './safety-state.ts';
import { stepViolations } from './safety-steps.ts';
import { siteOf } from './site.ts';
import { witnessed } from './witnesses.ts';

export type { SafetyName, Standing, Violation } from './safety-names.ts';
export { SAFETY } from './safety-names.ts';
export type { StateVerdict } from './safety-state.ts';
export { judge } from './safety-state.ts';
export { witnessed } from './witnesses.ts';

/** Stimuli that change what a device can reach. */
const CHANGES_DEVICE: ReadonlySet<string> = new Set(['accept', 'set_coherent_mask']);

/** Where the violating step stands. */
function placeOf(r: TraceRecord): string {
  return siteOf(r) || STIMULI[r.step as keyof typeof STIMULI]?.symbol || r.step;
}

/**
 * Violations that a step brought, with what the same task did at once after it. What became false of the state is
 * laid to the step itself: the first record.
 *
 * @param before what {@link judge} said before the step
 * @param after what it says now
 */
export function violations(
  k: Kernel,
  records: readonly TraceRecord[],
  before: readonly Standing[],
  after: readonly Standing[],
): Violation[] {
  const out: Violation[] = [];
  for (const r of records) for (const v of stepViolations(k, r)) out.push({ ...v, site: placeOf(r) });
  const [first] = records;
  if (first === undefined) return out;
  for (const { property, subject, because } of after) {
    if (before.some((b) => b.property === property && b.subject === subject)) continue;
    // What a device holds was given to it before: that it is forced from now on gives it nothing.
    if (property === 'device-can-reach' && CHANGES_DEVICE.has(first.step)) continue;
    out.push({ property, because, site: placeOf(first) });
  }
  return out;
}

const notSkipped = (): never => {
  throw new Error('steps were skipped: say what was false before');
};

/** Watches one run: feed it the records of every step. */
export class SafetyMonitor {
  readonly #kernel: Kernel;
  /** Undefined: nobody looked. */
  #before: readonly Standing[] | undefined;
  readonly #witnesses = new Set<SafetyName>();

  /** @param before what {@link judge} says of the kernel as it is, where that is known */
  constructor(kernel: Kernel, before: readonly Standing[] = judge(kernel).standing) {
    this.#kernel = kernel;
    this.#before = before;
  }

  /** Steps were taken that it was not told of. */
  skip(): void {
    this.#before = undefined;
  }

  /**
   * Violations that these records brought.
   *
   * @param before asked after steps that were skipped, when something is false now: what {@link judge} said of the
   *   state before these records. By default nothing may have been skipped.
   */
  after(records: readonly TraceRecord[], before: () => readonly Standing[] = notSkipped): Violation[] {
    const now = judge(this.#kernel);
    const earlier = this.#before ?? (now.standing.length === 0 ? now.standing : before());
    const found = violations(this.#kernel, records, earlier, now.standing);
    this.#before = now.standing;
    for (const r of records) for (const name of witnessed(this.#kernel, r)) this.#witnesses.add(name);
    if (now.leakedOnPurpose) this.#witnesses.add('nothing-leaks');
    return found;
  }

  /** Properties whose witness was seen so far, in the order of {@link SAFETY}. */
  witnesses(): SafetyName[] {
    return SAFETY.filter((name) => this.#witnesses.has(name));
  }
}
