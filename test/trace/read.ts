/** Reads a log whole: for tests, which are small enough. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type Loss,
  readTrace,
  readTraceText,
  TraceParser,
  type TraceReading,
  type TraceRecord,
} from '../../src/trace/index.ts';

export interface Read extends TraceReading {
  readonly records: TraceRecord[];
  readonly losses: Loss[];
}

function collector() {
  const records: TraceRecord[] = [];
  const losses: Loss[] = [];
  return {
    records,
    losses,
    record: (record: TraceRecord) => void records.push(record),
    loss: (loss: Loss) => void losses.push(loss),
  };
}

export const FIXTURES = resolve(import.meta.dirname, '../fixtures/traces');

/** Logs among the fixtures, as paths below the folder. */
export const fixtureLogs = (): string[] =>
  readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.txt.gz') && !name.endsWith('.ops.txt.gz'))
    .sort();

export async function readFixture(name: string): Promise<Read> {
  const sink = collector();
  return { ...sink, ...(await readTrace(resolve(FIXTURES, name), sink)) };
}

export function readText(text: string): Read {
  const sink = collector();
  return { ...sink, ...readTraceText(text, sink) };
}

/** Bytes as they come, of whatever encoding. */
export function readBytes(bytes: Buffer): Read {
  const sink = collector();
  const parser = new TraceParser(sink);
  parser.push(bytes);
  return { ...sink, summary: parser.end(), shapes: parser.shapes };
}
