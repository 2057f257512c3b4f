/** Failures that a scenario asks for: the next time that a kernel function is called, it fails. */
import { STEPS, type StepName } from '../kernel/index.ts';
import type { Task } from '../kernel/task.ts';
import { nearestTo, type Position } from './errors.ts';

/** One call of `failNext`. */
export interface Failure {
  readonly symbol: string;
  readonly part: string | null;
  left: number;
  readonly at: Position | null;
}

/** Functions of several parts, each a choice of its own. */
const CONVERSIONS = ['set_memory_decrypted', 'set_memory_encrypted'];
const PARTS = ['conversion_begin', 'host_call', 'conversion_end'];
/** What can be made to fail. */
export const CAN_FAIL: readonly string[] = [
  ...(Object.keys(STEPS) as StepName[]).filter((n) => STEPS[n].kind === 'choice' && !PARTS.includes(n)),
  ...CONVERSIONS,
].sort();

/** The failures that are still to come, in the order in which they were asked for. */
export class Failures {
  readonly #waiting: Failure[] = [];

  /** @returns why this cannot be asked for, or null */
  add(symbol: string, times: number, part: string | undefined, at: Position | null): string | null {
    if (!CAN_FAIL.includes(symbol))
      return `${symbol} is nothing that can fail here; accepted: ${CAN_FAIL.join(', ')}${nearestTo(symbol, CAN_FAIL)}`;
    if (part !== undefined && !CONVERSIONS.includes(symbol))
      return `at: ${symbol} has no parts; only ${CONVERSIONS.join(' and ')} have`;
    if (part !== undefined && !PARTS.includes(part))
      return `at: '${part}' is no part of a conversion; accepted: ${PARTS.join(', ')}${nearestTo(part, PARTS)}`;
    if (!Number.isInteger(times) || times < 1) return `times: ${times} is not a whole number from 1`;
    this.#waiting.push({ symbol, part: part ?? null, left: times, at });
    return null;
  }

  /** The failure that is meant for the choice that a task stands at; it counts as used. */
  take(t: Task): Failure | null {
    const name = t.pending!.name;
    const inside = PARTS.includes(name) ? CONVERSIONS.find((c) => t.stack.some((f) => f.fn === c)) : name;
    const found = this.#waiting.find((f) => f.symbol === inside && (f.part === null || f.part === name));
    if (found === undefined) return null;
    if (--found.left === 0) this.#waiting.splice(this.#waiting.indexOf(found), 1);
    return found;
  }

  /** Asked for, and not come to be. */
  unused(): readonly Failure[] {
    return this.#waiting;
  }
}
