/** Scenarios: the simulator, used by hand. `docs/scenarios.md` is the introduction. */
export type {
  Attrs,
  Coherent,
  Device,
  DeviceProperties,
  Direction,
  DmaPages,
  Driver,
  Gfp,
  Memory,
  Scenario,
  SgEntry,
  SgTable,
  Simulator,
} from './api.ts';
export type { Position } from './errors.ts';
export { ScenarioError } from './errors.ts';
export type { Loaded } from './load.ts';
export { loadScenario } from './load.ts';
export type { Described, ScenarioRun, Verdict } from './run.ts';
export { describe, runScenario } from './run.ts';
export type { Row } from './session.ts';
