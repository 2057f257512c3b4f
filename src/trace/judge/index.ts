/** Logs of real kernels, judged by the specification. */
export { type Judged, judgeFile, judgeText } from './check.ts';
export { better, type CoverageRow, coverageOf, joinCoverage } from './coverage.ts';
export { Judge } from './judge.ts';
export { type Lane, laneName } from './lanes.ts';
export { type Any, nameOf } from './objects.ts';
export { PROPERTIES, type PropertyName } from './properties.ts';
export type { Stray, Touch } from './scene.ts';
export { MACHINES, Specification } from './specification.ts';
export type { Violation } from './tally.ts';
export { type PropertyVerdict, type Verdict, verdictOf } from './verdict.ts';
