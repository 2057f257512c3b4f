/** Everything in `generated/` but `generated/slow/`: one list for generate and drift, and the part that start makes. */
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { Lab } from '../lab.ts';
import { decisionFiles } from './decisions.ts';
import { diagramFiles } from './diagrams.ts';
import type { GeneratedFile } from './file.ts';
import { findingFiles } from './findings.ts';
import { pathFiles } from './paths.ts';
import { traceFiles } from './traces.ts';

export { type Difference, differences, differenceText } from './compare.ts';
export type { GeneratedFile } from './file.ts';

/** The files, in a fixed order: what is made from single machines first, so that a change is named where it is. */
export async function* generateFiles(lab: Lab = new Lab()): AsyncIterable<GeneratedFile> {
  yield* computedFiles(lab);
  yield* decisionFiles();
  yield* traceFiles();
}

/** What the main job computes: all but the decision tables and the verdicts on logs of real kernels. */
export async function* computedFiles(lab: Lab): AsyncIterable<GeneratedFile> {
  yield* diagramFiles(lab, SYSTEMS);
  yield* pathFiles(lab, SYSTEMS);
  yield* findingFiles(lab, SYSTEMS);
}
