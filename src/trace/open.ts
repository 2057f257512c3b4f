/** A log's bytes, decompressed: what can be wrong with a file is found out here. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { TraceError } from './errors.ts';

export interface OpenLog {
  readonly blocks: AsyncIterable<Buffer>;
  readonly size: number;
  /** Bytes of the file read so far. */
  read(): number;
  /** Whether the file broke off in the middle of its compressed stream; known at the end. */
  cut(): boolean;
  close(): void;
}

const BLOCK = 1 << 18;

/** trace-cmd's own files begin with these bytes and the word `tracing`; `perf record`'s with PERFILE. */
const TRACE_DAT = Buffer.from([0x17, 0x08, 0x44]);

/** Opens a log. @throws TraceError with a message that fits on one line. */
export async function openLog(path: string): Promise<OpenLog> {
  const size = await sizeOf(path);
  const head = await headOf(path);
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  if (!gzip) refuseBinary(path, head);
  const file = createReadStream(path, { highWaterMark: BLOCK });
  if (!gzip) {
    return {
      blocks: guarded(path, file),
      size,
      read: () => file.bytesRead,
      cut: () => false,
      close: () => file.destroy(),
    };
  }
  const gunzip = createGunzip({ chunkSize: BLOCK });
  file.on('error', (error) => gunzip.destroy(error));
  file.pipe(gunzip);
  let broken = false;
  async function* blocks() {
    let any = false;
    try {
      for await (const block of gunzip as AsyncIterable<Buffer>) {
        if (!any) refuseBinary(path, block);
        any = true;
        yield block;
      }
    } catch (error) {
      if (error instanceof TraceError || !isZlib(error)) throw error;
      if (!any)
        throw new TraceError('unreadable', `${path}: gzip that cannot be decompressed: ${error.message}`);
      broken = true;
    }
    if (!any) throw new TraceError('empty', `${path}: empty when decompressed; nothing was traced`);
  }
  return {
    blocks: blocks(),
    size,
    read: () => file.bytesRead,
    cut: () => broken,
    close: () => {
      file.destroy();
      gunzip.destroy();
    },
  };
}

const isZlib = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '');

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isDirectory())
      throw new TraceError('directory', `${path}: a directory; name the trace logs in it, one by one`);
    if (found.isFIFO() || found.isSocket() || found.isCharacterDevice())
      throw new TraceError(
        'unreadable',
        `${path}: not a file; a log is read more than once: write it to a file first`,
      );
    // A file of tracefs has no size that means anything.
    if (found.isFile() && found.size === 0 && !path.startsWith('/sys/'))
      throw new TraceError('empty', `${path}: an empty file; nothing was traced`);
    return found.size;
  } catch (error) {
    throw fileError(path, error);
  }
}

function fileError(path: string, error: unknown): unknown {
  if (error instanceof TraceError) return error;
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return new TraceError('not-found', `${path}: no such file`);
  if (code === '') return error;
  return new TraceError('unreadable', `${path}: cannot be read (${code})`);
}

async function headOf(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(path, error);
  }
}

function refuseBinary(path: string, head: Buffer): void {
  if (head.subarray(0, 3).equals(TRACE_DAT) && head.subarray(3, 10).toString('latin1') === 'tracing') {
    throw new TraceError(
      'binary-trace',
      `${path}: a binary trace.dat; run "trace-cmd report -l -i ${path}" first and give its text (-l keeps the execution context)`,
    );
  }
  if (head.subarray(0, 7).toString('latin1') === 'PERFILE') {
    throw new TraceError(
      'binary-trace',
      `${path}: a binary file of perf; record with tracefs or trace-cmd instead`,
    );
  }
}

async function* guarded(path: string, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    for await (const block of source) yield block;
  } catch (error) {
    throw fileError(path, error);
  }
}
