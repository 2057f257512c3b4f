/** Messages for people who drive the simulator. */
import type { Args, Stimulus } from './steps.ts';
import { STIMULI } from './steps.ts';
import { showStep } from './task.ts';

/** A value as it stands in a message. */
export function showValue(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** A stimulus that is not accepted: says which are. */
export function wrongStimulus(name: string, args: Args, accepted: readonly Stimulus[]): Error {
  if (!(name in STIMULI))
    return new Error(`unknown stimulus ${showValue(name)}; known: ${Object.keys(STIMULI).join(', ')}`);
  const list = accepted.map(showStep).join(', ') || 'none';
  return new Error(`${showStep({ name, args })} is not accepted now; accepted: ${list}`);
}
