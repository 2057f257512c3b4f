/** A whole log, judged. */
import { type ReadOptions, readTrace, readTraceText, type TraceReading } from '../reader.ts';
import type { TraceSummary } from '../summary.ts';
import { Judge } from './judge.ts';
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
