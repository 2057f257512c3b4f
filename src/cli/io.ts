/** Where a command writes to, and what it may use there. Tests hand in their own. */
export interface Io {
  /** Writes a line (or several) to standard output. */
  out(text: string): void;
  /** Writes a line to standard error. */
  err(text: string): void;
  /**
   * Shows a line that the next one replaces, on a terminal; in a log, a line each minute says where it stands. Empty:
   * takes it away.
   */
  status(text: string): void;
  /** Whether standard output takes colours. */
  readonly colour: boolean;
  /** Columns of standard output. */
  readonly width: number;
}

/** What is printed at most in one line, and what a file or a pipe gets. */
const WIDTH = { least: 60, pipe: 100 };

const LOG_EVERY_MS = 60_000;

/** The process's own streams. Colours only on a terminal, and not where NO_COLOR is set (no-color.org). */
export function processIo(): Io {
  const { stdout, stderr, env } = process;
  // A reader that has seen enough (`| head`) closes the pipe: no reason to complain.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const columns = stdout.columns ?? Number.parseInt(env.COLUMNS ?? '', 10);
  let logged = performance.now();
  const log = (text: string): void => {
    const now = performance.now();
    if (text === '' || now - logged < LOG_EVERY_MS) return;
    logged = now;
    stderr.write(`${text}\n`);
  };
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    status: (text) => {
      if (!stderr.isTTY) log(text);
      else stderr.write(`\r\x1b[K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
    },
    colour: stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    width: Math.max(WIDTH.least, Number.isFinite(columns) && columns > 0 ? columns : WIDTH.pipe),
  };
}
