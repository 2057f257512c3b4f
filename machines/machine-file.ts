import type { AnyStateMachine } from 'xstate';
import type { Alphabet, ParamValue } from '../src/lts/types.ts';
import type { TransitionEdit } from '../src/lts/variant.ts';
import type { Facts } from './facts.ts';

/** What every file of `machines/` exports: the intended machine and all that may be asked of it. */
export interface MachineFile {
  readonly name: string;
  /** The intended machine, as one literal. */
  readonly machine: AnyStateMachine;
  readonly alphabet: Alphabet;
  /** By patch number: the transitions as they were without that patch. */
  readonly without?: Readonly<Record<number, readonly TransitionEdit[]>>;
  /** The named guards that facts decide. */
  readonly guards?: (facts: Facts) => Record<string, () => boolean>;
}

/** Puts another file in the place of one of a system, e.g. a mutant of its machine; `file` itself to keep it. */
export type Replace = (file: MachineFile) => MachineFile;

/** Who may execute a piece of code. The value of the parameter `by`. */
export const ACTORS = [
  'driver',
  'softirq',
  'worker',
  'grower',
  'boot',
  'probe0',
  'probe1',
] as const satisfies readonly ParamValue[];
export type Actor = (typeof ACTORS)[number];
