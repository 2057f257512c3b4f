/** What the commands share: their arguments, once parsed, and how a report is printed. */
import { subjectLabel } from '../../conformance/subject.ts';
import type { BoundOptions } from '../bounds.ts';
import type { Io } from '../io.ts';
import { EXIT, resultHead } from '../results.ts';
import { type Selected, type Selection, select } from '../select.ts';
import { count, paragraph } from '../text/layout.ts';

/** Options that every command takes about its output. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly expect?: boolean;
}

export type CommandOptions = Omit<Selection, 'system'> & OutputOptions & BoundOptions;

type Subjects = Selected['subjects'];

/** The subjects that were not run because the command was stopped before, in JSON. */
export const notRunJson = (subjects: Subjects) =>
  subjects.length === 0 ? {} : { notRun: subjects.map(resultHead) };

/** The same, for people; null: all were run. */
export function notRunText(io: Io, subjects: Subjects): string | null {
  if (subjects.length === 0) return null;
  const labels = subjects.map((subject) => `(${subjectLabel(subject)})`);
  return paragraph(
    io,
    `Stopped before ${count(subjects.length, 'subject')} could be run: ${labels.join(' ')}`,
  );
}

/** A code that is 3 instead of 0 when something was not run. */
export const codeOf = (code: number, notRun: Subjects): number =>
  code === EXIT.holds && notRun.length > 0 ? EXIT.bound : code;

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

/** An object as the command's JSON. */
export const jsonText = (format: string, body: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ format: `ccdma-${format}`, version: 1, ...body }, null, 2);

export function printJson(io: Io, format: string, body: Readonly<Record<string, unknown>>): void {
  io.out(jsonText(format, body));
}
