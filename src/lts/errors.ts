/** The errors that the engine raises. Each says what was wrong, where, and what to write instead. */

/** Where a machine leaves the subset that can be compiled. */
export interface CompileErrorInfo {
  readonly machine: string;
  /** Dotted path of the state node, `(root)`, or a readable local state. */
  readonly state: string;
  /** What was found, in the words of XState: `after`, `invoke`, `E: {}` … */
  readonly feature: string;
  /** What to do instead. */
  readonly advice: string;
}

/** A machine that has no finite, deterministic, effect-free local transition system. */
export class CompileError extends Error {
  readonly machine: string;
  readonly state: string;
  readonly feature: string;
  readonly advice: string;

  constructor(info: CompileErrorInfo) {
    super(`machine '${info.machine}', state '${info.state}': ${info.feature}. ${info.advice}`);
    this.name = 'CompileError';
    this.machine = info.machine;
    this.state = info.state;
    this.feature = info.feature;
    this.advice = info.advice;
  }
}

/** Instances that do not fit together: a name that nobody declares, a pattern that matches nothing, … */
export class NetworkError extends Error {
  constructor(network: string, message: string) {
    super(`network '${network}': ${message}`);
    this.name = 'NetworkError';
  }
}

/** A property that names something that the network does not have, or that throws. */
export class PropertyError extends Error {
  constructor(property: string, message: string) {
    super(`property '${property}': ${message}`);
    this.name = 'PropertyError';
  }
}

/** A path with a step that cannot be taken. */
export class PathError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PathError';
  }
}

/** `a, b, c`, or `(none)`: what is accepted, for the end of a message. */
export function listOf(names: Iterable<string>): string {
  const all = [...names];
  return all.length === 0 ? '(none)' : all.join(', ');
}
