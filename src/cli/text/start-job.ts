/** What the main job hands to its summary. */
import type { ReadMatrix } from '../../conformance/matrix/committed.ts';
import type { CheckedSubject, Subject } from '../../conformance/subject.ts';
import type { Series } from '../../series/index.ts';
import type { Explored } from '../commands/explore.ts';
import type { GeneratedFile } from '../generate/index.ts';
import type { Io } from '../io.ts';
import type { Expectation, Result } from '../results.ts';
import type { ConformanceResult } from '../runs.ts';
import { coloursOf } from './layout.ts';

export interface MainJob {
  readonly checks: readonly { readonly checked: CheckedSubject; readonly result: Result }[];
  readonly explored: readonly Explored[];
  readonly conformed: readonly {
    readonly subject: Subject;
    readonly machines: Series;
    readonly result: ConformanceResult;
  }[];
  /** As it is committed; null when it is not there. */
  readonly matrix: ReadMatrix | null;
  readonly expectations: readonly Expectation[];
  readonly folder: string;
  readonly files: readonly GeneratedFile[];
}

export const heading = (io: Io, text: string): string => coloursOf(io).bold(text);
