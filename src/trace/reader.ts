/** Trace logs from files, in bounded memory. */
import { openLog } from './open.ts';
import { type ParserOptions, TraceParser, type TraceSink } from './parser.ts';
import type { TraceSummary } from './summary.ts';

export interface ReadOptions extends ParserOptions {
  /** Called after each block: bytes of the file read so far (of gzip: compressed ones), and its size. */
  readonly progress?: (read: number, size: number) => void;
}

export interface TraceReading {
  readonly summary: TraceSummary;
  /** For a second pass: see `ParserOptions.shapes`. */
  readonly shapes: TraceParser['shapes'];
}

/**
 * Reads a log, text or gzip of it, and hands out records and losses in the order of the file. Records are made
 * synchronously; an exception of the sink ends the reading and is passed on.
 *
 * @throws TraceError when the file is missing, a directory, empty, binary, no trace log, or one without a single
 *   event of the subject.
 */
export async function readTrace(
  path: string,
  sink: TraceSink,
  options: ReadOptions = {},
): Promise<TraceReading> {
  const parser = new TraceParser(sink, { name: path, ...options });
  const log = await openLog(path);
  try {
    for await (const block of log.blocks) {
      parser.push(block);
      options.progress?.(log.read(), log.size);
    }
  } finally {
    log.close();
  }
  const summary = parser.end(log.cut());
  return { summary, shapes: parser.shapes };
}

/**
 * The same for text in memory, such as the simulator's. The text is taken as JavaScript's, not as bytes: names
 * beyond ASCII should be encoded by the caller (`Buffer.from(text).toString('latin1')`).
 */
export function readTraceText(text: string, sink: TraceSink, options: ParserOptions = {}): TraceReading {
  const parser = new TraceParser(sink, options);
  // In blocks, so that what lives is not as large as the text.
  for (let at = 0; at < text.length; at += 1 << 20) {
    parser.push(Buffer.from(text.slice(at, at + (1 << 20)), 'latin1'));
  }
  return { summary: parser.end(), shapes: parser.shapes };
}
