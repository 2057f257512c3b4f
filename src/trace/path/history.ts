/** The life of an object, line by line: the events of the calls that made, used and freed it. */
import { laneName, type Specification } from '../judge/index.ts';
import type { ReadOptions } from '../reader.ts';
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

/** Whose history is wanted, up to which line. */
export interface HistoryWanted {
  /** The number that the first pass gave the object. */
  readonly serial: number;
  readonly until: number;
}

/**
 * Reads a log a second time, no farther than it must, and gathers the calls that concern some objects, each up to a
 * line.
 *
 * @returns one history for each that is wanted, in their order
 */
export async function historiesOf(
  path: string,
  specification: Specification,
  wanted: readonly HistoryWanted[],
  options: ReadOptions = {},
): Promise<HistoryLine[][]> {
  if (wanted.length === 0) return [];
  const lives = wanted.map((one) => ({
    ...one,
    segments: [] as Segment[],
    changes: new Map<number, string>(),
  }));
  await pass(
    path,
    specification,
    options,
    (segment, touched) => {
      const serials = new Set([...touched].map(({ serial }) => serial));
      for (const { serial, segments } of lives) if (serials.has(serial)) segments.push(segment);
    },
    (thing, record, _lane, change) => {
      for (const { serial, changes } of lives)
        if (thing.serial === serial && !changes.has(record.line)) changes.set(record.line, change);
    },
    Math.max(...wanted.map(({ until }) => until)),
  );
  return lives.map(({ segments, changes, until }) =>
    segments
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
      })),
  );
}
