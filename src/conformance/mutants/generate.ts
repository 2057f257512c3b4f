/** Mutants of a machine: one small fault each, as somebody could have made it while writing the literal. */
import type { MachineFile } from '../../../machines/machine-file.ts';
import { guardText, negations } from './guards.ts';
import {
  type Alternative,
  absoluteTarget,
  type TransitionPlace,
  targetStates,
  transitionPlaces,
  withAlternatives,
} from './transitions.ts';

/** A transition is missing, leads elsewhere, or has its guard, or a part of it, the wrong way round. */
export const MUTANT_KINDS = ['drop', 'retarget', 'negate'] as const;
export type MutantKind = (typeof MUTANT_KINDS)[number];

export interface Mutant {
  /** `machine/state/event#alternative/change`: unique, and the same as long as the transition is there. */
  readonly id: string;
  readonly machine: string;
  readonly kind: MutantKind;
  /** What was changed, in a few words. */
  readonly change: string;
  /** The machine's file with the mutant in the place of the intended machine. */
  readonly file: MachineFile;
}

/**
 * Every mutant of a machine, in the order of its literal: each guarded alternative of each transition dropped,
 * retargeted to each other state (leaf or compound, not the root), and with its guard negated, as a whole and
 * part by part. The lists of what is different without a patch are left as they are: they are put back into the
 * mutant where the patch is missing.
 */
export function mutantsOf(file: MachineFile): Mutant[] {
  const targets = targetStates(file.machine);
  return transitionPlaces(file.machine).flatMap((place) => {
    const { state, event, alternatives, index, target } = place;
    const one = alternatives[index]!;
    const number = alternatives.length > 1 ? `#${index + 1}` : '';
    const name = `${state === '' ? '(root)' : state}/${event ?? '(always)'}${number}`;
    const mutant = (kind: MutantKind, detail: string, change: string, now: Alternative | null): Mutant => ({
      id: `${file.name}/${name}/${kind}${detail === '' ? '' : `:${detail}`}`,
      machine: file.name,
      kind,
      change,
      file: { ...file, machine: withAlternatives(file.machine, place, replaced(place, now)) },
    });
    return [
      mutant('drop', '', `no transition to ${target ?? 'itself'}`, null),
      ...targets
        .filter((other) => other !== target)
        .map((other) =>
          mutant('retarget', other, `to ${other}, not ${target ?? 'itself'}`, {
            ...one,
            target: absoluteTarget(file.machine, other),
          }),
        ),
      ...(one.guard === undefined ? [] : negations(one.guard)).map(({ part, guard }) =>
        mutant('negate', part === null ? '' : String(part), `if ${guardText(guard)}`, { ...one, guard }),
      ),
    ];
  });
}

function replaced({ alternatives, index }: TransitionPlace, now: Alternative | null): Alternative[] {
  return alternatives.flatMap((one, i) => (i !== index ? [one] : now === null ? [] : [now]));
}
