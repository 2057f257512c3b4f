/** A whole log, judged; and the history of objects, by a second pass. */
import { type ReadOptions, readTrace, readTraceText, type TraceReading } from '../reader.ts';
import type { TraceSummary } from '../summary.ts';
import { Judge } from './judge.ts';
import { laneName } from './lanes.ts';
import type { Specification } from './specification.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface Judged {
  readonly summary: TraceSummary;
  readonly verdict: Verdict;
  readonly specification: Specification;
  readonly shapes: TraceReading['shapes'];
}

/** @throws TraceError for what is no trace log */
export async function judgeFile(
  path: string,
  specification: Specification,
  options: ReadOptions = {},
): Promise<Judged> {
  const judge = new Judge(specification);
  const { summary, shapes } = await readTrace(path, judge, options);
  judge.end(summary.tool !== undefined);
  return { summary, shapes, specification, verdict: verdictOf(judge, summary) };
}

/** The same for text in memory. @throws TraceError */
export function judgeText(text: string, specification: Specification): Judged {
  const judge = new Judge(specification);
  const { summary, shapes } = readTraceText(text, judge);
  judge.end(summary.tool !== undefined);
  return { summary, shapes, specification, verdict: verdictOf(judge, summary) };
}

/** One event of an object's life. */
export interface HistoryLine {
  readonly line: number;
  readonly time: string;
  readonly who: string;
  /** The event, and what of it is worth reading. */
  readonly event: string;
  readonly change: string;
}

/**
 * Reads a log again and gathers the events of one object (by its serial number in the first pass) up to a line.
 * Of a pool: those of its mapping, too.
 */
export async function historyOf(
  path: string,
  specification: Specification,
  serial: number,
  until: number,
  shapes?: TraceReading['shapes'],
): Promise<HistoryLine[]> {
  const lines: HistoryLine[] = [];
  const judge = new Judge(specification, {
    touch: (thing, record, _lane, change) => {
      if (thing.serial !== serial || record.line > until) return;
      const same = lines.at(-1);
      if (same?.line === record.line) return;
      lines.push({
        line: record.line,
        time: record.timeText,
        who: laneName(record),
        event: record.event,
        change,
      });
    },
  });
  await readTrace(path, judge, shapes === undefined ? {} : { shapes });
  return lines;
}
