/** Runs a scenario: one kernel, one series, one platform. */
import { kernelConfig } from '../conformance/facts.ts';
import { SAFETY, type SafetyName } from '../conformance/safety-names.ts';
import type { KernelSizes } from '../kernel/index.ts';
import {
  chooseOptions,
  conflict,
  OPTION_VALUES,
  type Options,
  PLATFORMS,
  type Platform,
  type Series,
} from '../series/index.ts';
import type { Scenario } from './api.ts';
import { show } from './check.ts';
import { nearestTo, type Position, ScenarioError, ScenarioStopped } from './errors.ts';
import { Failures } from './failures.ts';
import type { Loaded } from './load.ts';
import { Machine } from './machine.ts';
import type { Positions } from './positions.ts';
import { type Row, Session } from './session.ts';
import { simulatorOf } from './simulator.ts';

/** What a scenario says of itself. */
export interface Described {
  readonly title: string;
  readonly platforms: readonly Platform[];
  readonly options: Partial<Options>;
}

/** How a property came out: `not seen`, nothing happened that it could be judged by. */
export type Verdict = 'holds' | 'fails' | 'not seen';

/** One run. */
export interface ScenarioRun {
  readonly series: Series;
  readonly platform: Platform;
  readonly options: Options;
  readonly rows: readonly Row[];
  readonly verdicts: readonly { readonly property: SafetyName; readonly verdict: Verdict }[];
  /** Expectations that were not met, and what stopped the run, with its place. */
  readonly failures: readonly { readonly position: Position | null; readonly message: string }[];
  /** Every property that was judged holds and every expectation is met. */
  readonly holds: boolean;
  /** What ftrace would have recorded, where that was asked for. */
  readonly log?: string;
}

/** A machine that has room for what drivers do: an empty default pool, 4 MiB for the page allocator. */
const SIZES: Partial<KernelSizes> = { defaultPoolFull: false, ordinaryPages: 1024, atomicPoolBuffers: 8 };

const KEYS: readonly (keyof Scenario)[] = ['title', 'platforms', 'options', 'sizes', 'run'];

/** The default export, checked. @throws ScenarioError */
function scenarioOf(file: string, exports: Readonly<Record<string, unknown>>): Scenario {
  const wrong = (message: string): never => {
    throw new ScenarioError(`${file}: ${message}`, null);
  };
  const found = exports.default;
  if (found === undefined)
    return wrong(
      'there is no default export; a scenario is `export default { title, platforms, run(k) { … } }`',
    );
  if (typeof found !== 'object' || found === null)
    return wrong(`the default export is ${show(found)}; it must be an object { title, platforms, run }`);
  const s = found as Record<string, unknown>;
  for (const key of Object.keys(s))
    if (!(KEYS as readonly string[]).includes(key))
      wrong(`'${key}' is nothing that a scenario has; accepted: ${KEYS.join(', ')}${nearestTo(key, KEYS)}`);
  if (typeof s.title !== 'string' || s.title === '') wrong(`title is ${show(s.title)}; it must be a text`);
  if (typeof s.run !== 'function') wrong(`run is ${show(s.run)}; it must be a function, run(k) { … }`);
  if (!Array.isArray(s.platforms) || s.platforms.length === 0)
    wrong(`platforms is ${show(s.platforms)}; it must be a list of names, ['tdx']`);
  const names = PLATFORMS.map((p) => p.name);
  for (const name of s.platforms as unknown[])
    if (!names.includes(String(name)))
      wrong(
        `platforms: unknown platform ${show(name)}; accepted: ${names.join(', ')}${nearestTo(String(name), names)}`,
      );
  const all = Object.entries(OPTION_VALUES).flatMap(([name, values]) => values.map((v) => `${name}=${v}`));
  for (const [name, value] of Object.entries((s.options ?? {}) as object))
    if (!all.includes(`${name}=${String(value)}`))
      wrong(
        `options: unknown option ${name}=${String(value)}; accepted: ${all.join(', ')}${nearestTo(`${name}=${String(value)}`, all)}`,
      );
  return found as Scenario;
}

/** What a file says of itself, without running it. @throws ScenarioError */
export async function describe(loaded: Loaded): Promise<Described> {
  const { exports } = await loaded.fresh();
  const s = scenarioOf(loaded.file, exports);
  return {
    title: s.title,
    platforms: s.platforms.map((name) => PLATFORMS.find((p) => p.name === name)!),
    options: (s.options ?? {}) as Partial<Options>,
  };
}

/**
 * Runs a scenario once.
 * @param chosen options that count more than the scenario's own
 * @param recorded whether the run writes a log, too
 * @throws ScenarioError when the scenario is wrong, or the platform cannot have the options
 */
export async function runScenario(
  loaded: Loaded,
  series: Series,
  platform: Platform,
  chosen: Partial<Options> = {},
  recorded = false,
): Promise<ScenarioRun> {
  const { exports, positions } = await loaded.fresh();
  const scenario = scenarioOf(loaded.file, exports);
  const options = chooseOptions(platform, { ...(scenario.options as Partial<Options>), ...chosen });
  const reason = conflict(platform, options);
  if (reason !== null) throw new ScenarioError(`${loaded.file}: ${reason}`, null);
  const failures = new Failures();
  const machine = machineOf(loaded.file, scenario, series, platform, options, failures);
  const session = new Session(machine, failures, positions);
  const recorder = recorded ? session.record() : null;
  const stopped = await perform(scenario, session, series, platform, positions);
  const result = resultOf(session, stopped, { series, platform, options });
  return recorder === null ? result : { ...result, log: recorder.text() };
}

function machineOf(
  file: string,
  scenario: Scenario,
  series: Series,
  platform: Platform,
  options: Options,
  failures: Failures,
): Machine {
  try {
    return new Machine(kernelConfig(series, platform, options, { ...SIZES, ...scenario.sizes }), failures);
  } catch (error) {
    if (error instanceof RangeError) throw new ScenarioError(`${file}: ${error.message}`, null);
    throw error;
  }
}

/** @returns why the run could not go on; null when it came to its end */
async function perform(
  scenario: Scenario,
  session: Session,
  series: Series,
  platform: Platform,
  positions: Positions,
): Promise<ScenarioStopped | null> {
  try {
    await scenario.run(simulatorOf(session, { platform: platform.name, series: series.name }));
    if (session.kernel.state.ended === null) session.end();
    return null;
  } catch (error) {
    if (error instanceof ScenarioStopped) return error;
    if (error instanceof ScenarioError) throw error;
    const position = positions.of(error);
    // `null.cpu_addr`: the scenario did not ask whether it got what it wanted.
    const nothing =
      error instanceof TypeError && error.message.includes('of null') ? session.nothingText('NULL') : null;
    if (nothing !== null) return new ScenarioStopped(nothing, position);
    // An error that does not come from the scenario is one of the simulator: it is not dressed up.
    if (position === null) throw error;
    throw positions.explain(error, 'while the scenario ran');
  }
}

function resultOf(
  session: Session,
  stopped: ScenarioStopped | null,
  subject: Pick<ScenarioRun, 'series' | 'platform' | 'options'>,
): ScenarioRun {
  const { rows } = session;
  const failures = rows.flatMap((row) =>
    row.failures.map((why) => ({ position: row.position, message: `${row.what}: ${why}` })),
  );
  const { ended, endExpected } = session;
  if (ended !== null && !endExpected)
    failures.push({ position: ended.position, message: `${ended.what}: ${ended.result}` });
  else if (stopped !== null) failures.push({ position: stopped.position, message: stopped.message });
  else
    for (const { symbol, part, at } of session.failures.unused())
      failures.push({
        position: at,
        message: `failNext('${symbol}'${part === null ? '' : `, at ${part}`}) never came to be: nothing that can fail was called so`,
      });
  const seen = new Set<SafetyName>([...session.machine.witnesses(), ...session.judge.seen()]);
  const failed = new Set(rows.flatMap((row) => row.violations.map((v) => v.property)));
  const verdicts = SAFETY.map((property) => ({
    property,
    verdict: failed.has(property)
      ? ('fails' as const)
      : seen.has(property)
        ? ('holds' as const)
        : ('not seen' as const),
  }));
  return { ...subject, rows, verdicts, failures, holds: failures.length === 0 && failed.size === 0 };
}
