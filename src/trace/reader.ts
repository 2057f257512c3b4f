/** Trace logs from files, in bounded memory. */
import { openLog } from './open.ts';
import { type ParserOptions, TraceParser, type TraceSink } from './parser.ts';
import type { TraceSummary } from './summary.ts';

const BLOCK = 1 << 20;

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

/** The same for text in memory, such as the simulator's: read as its UTF-8 would be. */
export function readTraceText(text: string, sink: TraceSink, options: ParserOptions = {}): TraceReading {
  const parser = new TraceParser(sink, options);
  const bytes = Buffer.from(text);
  // In blocks, so that what lives is not several times as large as the text.
  for (let at = 0; at < bytes.length; at += BLOCK) parser.push(bytes.subarray(at, at + BLOCK));
  return { summary: parser.end(), shapes: parser.shapes };
}
