/** The names of the safety properties, and what a false one looks like. */

/** Names of the safety properties. */
export const SAFETY = [
  'free-private',
  'one-owner',
  'address-matches-memory',
  'device-can-reach',
  'no-sleep-in-atomic',
  'pool-tells-the-truth',
  'no-exposure',
  'free-undoes-alloc',
  'no-use-after-free',
  'data-arrives',
  'nothing-leaks',
] as const;

/** A safety property. */
export type SafetyName = (typeof SAFETY)[number];

/** A property that is false. */
export interface Violation {
  readonly property: SafetyName;
  /** Which part of the condition was false. */
  readonly because: string;
  /** Kernel function of the step that made it false. */
  readonly site: string;
}

/** A property that is false in a state, whoever made it so. */
export interface Standing {
  readonly property: SafetyName;
  /** What it is false of (a page and its owner, a mapping): the same as long as it stays false. */
  readonly subject: string;
  readonly because: string;
}

/** An address as it stands in a reason. */
export const hex = (n: number): string => `0x${n.toString(16)}`;
