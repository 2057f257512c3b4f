/** `ccdma probes`: what to record on a kernel, so that `ccdma trace` can decide. */
import { readFileSync } from 'node:fs';
import { textRows } from '../../render/index.ts';
import {
  bootconfig,
  COMMAND_LINE_SIZE,
  commandLine,
  NEWEST,
  type Plan,
  planFor,
  planForSymbols,
  readSymbols,
  readVersion,
  shellLines,
} from '../../trace/probes/index.ts';
import type { Io } from '../io.ts';
import { UsageError, unknown } from '../usage.ts';

export interface ProbesOptions {
  readonly kernel?: string;
  readonly symbols?: string;
  readonly as?: string;
}

const FORMS = { shell: shellLines, cmdline: commandLine, bootconfig } as const;

/** A boot loader's file is no place for all of it. */
function warnOfBoot(io: Io, { length }: string): void {
  if (length > COMMAND_LINE_SIZE) {
    io.err(
      `${length} bytes: x86 and arm64 take ${COMMAND_LINE_SIZE} (COMMAND_LINE_SIZE) and cut the rest; leave probes out, or take --as bootconfig`,
    );
  }
  io.err('in a GRUB file each $ must be written \\$');
}

/** Prints commands on standard output; what cannot be set, and what that costs, on standard error. */
export function probes(io: Io, { kernel, symbols, as = 'shell' }: ProbesOptions): number {
  const print = FORMS[as as keyof typeof FORMS];
  if (print === undefined) throw unknown('form', as, Object.keys(FORMS));
  if (kernel !== undefined && symbols !== undefined) {
    throw new UsageError('--kernel and --symbols: give one of them; the symbols say what is there');
  }
  const plan = symbols !== undefined ? fromSymbols(symbols) : planFor(versionOf(kernel));
  const text = print(plan);
  io.out(text);
  if (as === 'cmdline') warnOfBoot(io, text);
  report(io, plan);
  return 0;
}

function versionOf(kernel: string | undefined) {
  if (kernel === undefined) return NEWEST;
  const version = readVersion(kernel);
  if (version === undefined) {
    throw new UsageError(
      `--kernel is '${kernel}'; accepted: a version as uname -r prints it; nearest: ${NEWEST.join('.')}`,
    );
  }
  return version;
}

function fromSymbols(file: string): Plan {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    throw new UsageError(
      `${file}: cannot be read (${error instanceof Error && 'code' in error ? error.code : 'unknown'})`,
    );
  }
  const symbols = readSymbols(text);
  if (symbols === undefined)
    throw new UsageError(`${file}: no System.map or kallsyms; expected lines of address, kind and name`);
  return planForSymbols(symbols);
}

function report(io: Io, { missing, lost }: Plan): void {
  if (missing.length === 0) return;
  const rows = missing.map(({ symbol, why, loses }) => [symbol, why, loses.join(', ')]);
  io.err('These functions are not there (inlined, not configured, or of another version):');
  io.err(textRows(rows, ['function', 'what it shows', 'decides'], { width: io.width }));
  if (lost.length > 0)
    io.err(`Without them these are decided over fewer checks, or not at all: ${lost.join(', ')}.`);
}
