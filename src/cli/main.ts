/** The `ccdma` command: parses, calls, prints. */
import { CommanderError } from 'commander';
import { CompileError, NetworkError, PathError, PropertyError } from '../lts/index.ts';
import { SuiteError } from '../paths/index.ts';
import { FindingsError } from '../series/index.ts';
import { type Io, processIo } from './io.ts';
import { programOf, usageMessage } from './program.ts';
import { EXIT } from './results.ts';
import { UsageError } from './usage.ts';

/**
 * Runs one command.
 *
 * @param argv arguments without the interpreter and the script
 * @returns the exit code: 0 all that was asked holds (with `--expect`: is as listed), 1 a property or
 *   conformance fails, 2 wrong usage, 3 a bound was hit
 */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  const job = { code: EXIT.holds as number };
  const plain = argv.some((arg) => ['--no-colour', '--no-color'].includes(arg));
  const program = programOf(plain ? { ...io, colour: false } : io, job);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return job.code;
  } catch (error) {
    io.status('');
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.holds;
      if (error.code === 'commander.help') return EXIT.usage;
      io.err(`ccdma: ${usageMessage(program, argv, error)}`);
      return EXIT.usage;
    }
    if (error instanceof UsageError || error instanceof SuiteError || error instanceof PathError) {
      io.err(`ccdma: ${error.message}`);
      return EXIT.usage;
    }
    if (
      error instanceof FindingsError ||
      error instanceof CompileError ||
      error instanceof NetworkError ||
      error instanceof PropertyError
    ) {
      io.err(`ccdma: ${error.message}`);
      return EXIT.fails;
    }
    throw error;
  }
}
