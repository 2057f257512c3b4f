/** What the commands share: their arguments, once parsed, and how a report is printed. */
import type { Io } from '../io.ts';
import { type Selected, type Selection, select } from '../select.ts';

/** Options that every command takes about its output. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly expect?: boolean;
  readonly maxStates?: number;
}

export type CommandOptions = Omit<Selection, 'system'> & OutputOptions;

/** The subjects that are meant; what had to be left out is said on standard error. */
export function subjectsOf(
  io: Io,
  system: string | undefined,
  options: CommandOptions,
): Selected['subjects'] {
  const { subjects, leftOut } = select({ ...options, system });
  for (const reason of leftOut) io.err(`left out: ${reason}`);
  return subjects;
}

/** Prints an object as the command's JSON. */
export function printJson(io: Io, format: string, body: Readonly<Record<string, unknown>>): void {
  io.out(JSON.stringify({ format: `ccdma-${format}`, version: 1, ...body }, null, 2));
}
