/** The life of an object, line by line: the events of the calls that made, used and freed it. */
import { laneName, type Specification } from '../judge/index.ts';
import type { TraceReading } from '../reader.ts';
import { pass, type Segment } from './gather.ts';

/** One event of an object's life. */
export interface HistoryLine {
  readonly line: number;
  readonly time: string;
  readonly who: string;
  readonly event: string;
  /** What it says of the object; empty where it only belongs to the call. */
  readonly change: string;
}

/**
 * Reads a log again and gathers the calls that concern one object (by its serial number in the first pass) up to a
 * line. Of a pool: those of its mapping, too.
 */
export async function historyOf(
  path: string,
  specification: Specification,
  serial: number,
  until: number,
  shapes?: TraceReading['shapes'],
): Promise<HistoryLine[]> {
  const segments: Segment[] = [];
  const changes = new Map<number, string>();
  await pass(
    path,
    specification,
    shapes,
    (segment, touched) => {
      if ([...touched].some((thing) => thing.serial === serial)) segments.push(segment);
    },
    (thing, record, _lane, change) => {
      if (thing.serial === serial && !changes.has(record.line)) changes.set(record.line, change);
    },
  );
  return segments
    .flatMap(({ events }) => events)
    .map(({ record }) => record)
    .filter(({ line }) => line <= until)
    .sort((a, b) => a.line - b.line)
    .map((record) => ({
      line: record.line,
      time: record.timeText,
      who: laneName(record),
      event: record.event,
      change: changes.get(record.line) ?? '',
    }));
}
