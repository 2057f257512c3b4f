/** Explored graph → test paths, and the files that keep them. */
export {
  checkRecipe,
  type ExpectedSuite,
  type HowMade,
  makeSuite,
  type ParsedSuite,
  parseSuite,
  type Recipe,
  SUITE_FORMAT,
  SUITE_VERSION,
  SuiteError,
  type SuiteFile,
  type SuiteOrigin,
  suiteText,
  treeSha256,
} from './format.ts';
export { type Passage, pathThrough, type Through } from './through.ts';
export { type CoverOptions, coverage, TRANSITION_COVER, transitionCover } from './transition-cover.ts';
export { canonicalPaths, comparePaths, countSteps, pathsToTree, type Tree, treeToPaths } from './tree.ts';
