/** Who notices a mutant: the compiler, a property, the simulator, or nobody. */
import type { System } from '../../../machines/systems/index.ts';
import {
  CompileError,
  explore,
  type Graph,
  NetworkError,
  type Path,
  PropertyError,
} from '../../lts/index.ts';
import { optionsLabel } from '../../series/index.ts';
import type { Subject } from '../subject.ts';
import { mutatedNetwork } from './build.ts';
import { faultsOf, newOrGone, originalOf, trialsOf } from './configurations.ts';
import { firstDifference } from './difference.ts';
import type { Mutant } from './generate.ts';
import { disagreementOn, firstDisagreement } from './lockstep-run.ts';
import { unaffected } from './reach.ts';

/** What the engine says of a machine or a network that it does not take. */
const REFUSALS = [CompileError, NetworkError, PropertyError] as const;

/** In the order in which they are asked. */
export const OUTCOMES = ['refused', 'property', 'simulator', 'equivalent', 'survived'] as const;

export interface Outcome {
  /**
   * - `refused`: the engine refuses the machine, and says what is wrong with it;
   * - `property`: a named property fails that did not, or no longer fails where it is known to;
   * - `simulator`: the simulator does otherwise on a path of the mutant;
   * - `equivalent`: on every series, platform and option that is tried the system is the same, state by state;
   * - `survived`: the system differs, and nobody says so.
   */
  readonly by: (typeof OUTCOMES)[number];
  /** The property's name; what kind of disagreement; why it is equivalent. Short, to be counted. */
  readonly name: string;
  /** Series, platform and options; empty where it is no matter of one. */
  readonly on: string;
  /** One sentence: what was noticed, or for a survivor the shortest way to what is different. */
  readonly text: string;
}

/** A mutant with more states than this is not explored further: it is judged by what was found. */
const MAX_STATES = 1_000_000;

/** Same tables, so that nothing at all can tell; or tables that differ where the system never comes. */
export const EQUIVALENT = { tables: 'same machine', reach: 'never taken' } as const;

/**
 * Judges one mutant of a system until somebody notices: the properties on the first trials, then the simulator on
 * them, then both on every other trial.
 */
export function judgeMutant(system: System, mutant: Mutant): Outcome {
  try {
    return judge(system, mutant);
  } catch (error) {
    if (!REFUSALS.some((kind) => error instanceof kind)) throw error;
    const { name, message } = error as Error;
    return { by: 'refused', name, on: '', text: message };
  }
}

/** The outcomes that somebody noticed. */
export const isCaught = ({ by }: Outcome): boolean => by !== 'equivalent' && by !== 'survived';

/**
 * Judges a mutant in one system after the other until somebody notices: a machine that several systems have is held
 * by all of them. Survived is what differs somewhere and is noticed nowhere.
 *
 * @param systems those that have its machine; at least one
 */
export function judgeInSystems(systems: readonly System[], { file, ...rest }: Mutant): Outcome {
  // What is compiled of it is kept as long as this object: for all systems, and no longer.
  const mutant = { ...rest, file: { ...file } };
  let left: Outcome | null = null;
  for (const [i, system] of systems.entries()) {
    const outcome = judgeMutant(system, mutant);
    const told = i === 0 || outcome.on === '' ? outcome : { ...outcome, on: `${system.name}, ${outcome.on}` };
    if (isCaught(told)) return told;
    if (left === null || (left.by === 'equivalent' && worse(told, left))) left = told;
  }
  return left!;
}

/** A survivor says more than an equivalent, and tables that differ say more than tables that do not. */
const worse = (a: Outcome, b: Outcome): boolean =>
  a.by === 'survived' || (a.name === EQUIVALENT.reach && b.name === EQUIVALENT.tables);

/** `baseline, tdx, device=trusted`. */
function whereOf({ series, platform, options }: Subject): string {
  return [series.name, platform.name, ...optionsLabel(platform, options).split(',')]
    .filter(Boolean)
    .join(', ');
}

/** A mutant in one trial, where it makes a difference. */
interface Trial {
  readonly subject: Subject;
  readonly graph: Graph;
  /** The shortest way to what is different. */
  readonly path: Path;
}

function judge(system: System, mutant: Mutant): Outcome {
  const { first, others } = trialsOf(system);
  let sameTables = true;
  let different: Trial | null = null;
  const set = (subject: Subject): Trial | null => {
    const original = originalOf(subject);
    const network = mutatedNetwork(subject, original.graph.network, mutant);
    if (network === original.graph.network) return null;
    sameTables = false;
    if (unaffected(original.graph, network)) return null;
    const graph = explore(network, { maxStates: MAX_STATES });
    const difference = firstDifference(original.graph, graph);
    if (difference === null) return null;
    const trial = { subject, graph, path: difference.path };
    different ??= trial;
    return trial;
  };
  const kept: Trial[] = [];
  for (const subject of first) {
    const trial = set(subject);
    if (trial === null) continue;
    const outcome = byProperty(trial);
    if (outcome !== null) return outcome;
    kept.push(trial);
  }
  for (const trial of kept) {
    const outcome = bySimulator(trial);
    if (outcome !== null) return outcome;
  }
  for (const subject of others) {
    const trial = set(subject);
    const outcome = trial === null ? null : (byProperty(trial) ?? bySimulator(trial));
    if (outcome !== null) return outcome;
  }
  return different === null ? equivalent(sameTables) : survived(different);
}

function byProperty({ subject, graph }: Trial): Outcome | null {
  const original = originalOf(subject);
  const fault = newOrGone(original.faults, faultsOf(graph, original.properties));
  if (fault === null) return null;
  return { by: 'property', name: fault.property, on: whereOf(subject), text: fault.text };
}

function bySimulator({ subject, graph, path }: Trial): Outcome | null {
  // Where the intended machines disagree too, with a finding as the reason, the mutant has shown nothing.
  const { graph: original } = originalOf(subject);
  const found = firstDisagreement(
    subject,
    graph,
    path,
    ({ path: way }) => disagreementOn(subject, original, way, graph) !== null,
  );
  if (found === null) return null;
  const { part, actor, site, expected, happened } = found.mismatch;
  const text = `after ${found.step} steps, ${actor} at ${site}; the mutant: ${expected}; the simulator: ${happened}`;
  return { by: 'simulator', name: part, on: whereOf(subject), text };
}

function equivalent(sameTables: boolean): Outcome {
  return sameTables
    ? { by: 'equivalent', name: EQUIVALENT.tables, on: '', text: 'it compiles to the tables of the original' }
    : {
        by: 'equivalent',
        name: EQUIVALENT.reach,
        on: '',
        text: 'the system never comes to where its tables differ',
      };
}

function survived({ subject, graph, path }: Trial): Outcome {
  const labels = path.map((event) => graph.network.events[event]!.label);
  const way = labels.length === 0 ? 'in the initial state' : `after ${labels.join(', ')}`;
  return { by: 'survived', name: '', on: whereOf(subject), text: `the system differs ${way}` };
}
