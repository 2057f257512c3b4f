/** The engine: XState machines → labelled transition systems → network → explored graph → verdicts. */

export { byCodeUnit, canonicalJson, eventLabel } from './canonical.ts';
export { check, checkSteps, unwitnessed } from './check.ts';
export { type CompileOptions, compileMachine, compileOnce, localEvents } from './compile.ts';
export { type LocalStep, type MachineCoverage, machineCoverage } from './coverage.ts';
export {
  type DeadParts,
  type DeadState,
  type DeadTransition,
  deadInAll,
  deadParts,
  type UsedParts,
  usedParts,
} from './dead.ts';
export { CompileError, type CompileErrorInfo, NetworkError, PathError, PropertyError } from './errors.ts';
export { type ExploreBounds, type ExploreOptions, explore, exploreSteps, type Progress } from './explore.ts';
export { type ExploreCost, Graph, type GraphParts, type StopReason } from './graph.ts';
export { type Field, type Layout, layoutOf } from './layout.ts';
export { moreCounterexamples } from './more.ts';
export { compose } from './network.ts';
export { type ParallelMachine, parallelMachine } from './parallel.ts';
export { type ActorDiagnostic, checkActors } from './rules.ts';
export { stateText, valueText } from './state-text.ts';
export { type SuccessorMode, type Successors, successorsOf } from './successors.ts';
export { type UnreachableRendezvous, undeclaredEvents, unreachableRendezvous } from './suspicious.ts';
export * from './types.ts';
export * from './variant.ts';
export { type Verified, type VerifyOptions, type VerifyProgress, verify, verifySteps } from './verify.ts';
export type { SafetyProperty, Watched } from './verify-watch.ts';
export {
  type Change,
  describePath,
  describeStep,
  runPath,
  type StepView,
  stateView,
  takeStep,
  viewOf,
} from './view.ts';
export { type Answer, FIRST, type Walked, Walker } from './walk.ts';
