/**
 * generated/paths: for each system the paths that cover every transition of the whole series, on the platforms that
 * differ most; `ccdma paths` makes those of the others.
 */
import type { System } from '../../../machines/systems/index.ts';
import { defaultSubject, subjectLabel, subjectSlug } from '../../conformance/subject.ts';
import { makeSuite, type SuiteFile, suiteText, TRANSITION_COVER } from '../../paths/index.ts';
import { PLATFORMS, V5 } from '../../series/index.ts';
import type { Lab } from '../lab.ts';
import { resultHead } from '../results.ts';
import type { GeneratedFile } from './file.ts';

/** Bytes of trees that are kept in all; `generated/` as a whole stays under 5 MB. What is more is a recipe. */
const TREES = 400_000;

/** Without an address bit, with one that says shared, and one that says private on a host. */
const SHOWN = ['tdx', 'cca', 'sme'];

export async function* pathFiles(lab: Lab, systems: readonly System[]): AsyncIterable<GeneratedFile> {
  let kept = 0;
  for (const system of systems) {
    for (const platform of PLATFORMS.filter(({ name }) => SHOWN.includes(name))) {
      const subject = defaultSubject(system, V5, platform);
      const { graph } = lab.check(subject);
      const { options, ...head } = resultHead(subject);
      const make = (made?: typeof TRANSITION_COVER): SuiteFile =>
        makeSuite({ ...head, options: { ...options } }, graph, lab.paths(subject), made);
      const tree = suiteText(make());
      const fits = kept + tree.length <= TREES;
      if (fits) kept += tree.length;
      yield {
        path: `paths/${subjectSlug(subject)}.json`,
        content: fits ? tree : suiteText(make(TRANSITION_COVER)),
        cause: `the path suite of ${subjectLabel(subject)}`,
      };
    }
  }
}
