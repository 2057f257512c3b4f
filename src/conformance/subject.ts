/** What a command is about: one system, as one series makes it, on one platform with its options. */
import { setImmediate } from 'node:timers/promises';
import type { System } from '../../machines/systems/index.ts';
import {
  check,
  checkSteps,
  compose,
  explore,
  exploreSteps,
  type Graph,
  type Network,
  type Progress,
  type Property,
  type Verdict,
} from '../lts/index.ts';
import { defaultOptions, type Options, optionsLabel, type Platform, type Series } from '../series/index.ts';
import { specFacts } from './facts.ts';
import type { HaltReason } from './halt.ts';

export interface Subject {
  readonly system: System;
  readonly series: Series;
  readonly platform: Platform;
  readonly options: Options;
}

/** A subject, explored and judged. */
export interface CheckedSubject {
  readonly subject: Subject;
  readonly graph: Graph;
  /** In the order of the system's properties. */
  readonly verdicts: readonly Verdict[];
  /** Which bound was hit; null: everything was seen and judged. */
  readonly stopped: 'states' | HaltReason | null;
  /** Time that the exploration took. */
  readonly milliseconds: number;
}

export interface CheckOptions {
  /** No more states are expanded once there are more than this; `graph.complete` is then false. */
  readonly maxStates?: number;
  readonly onProgress?: (progress: Progress) => void;
}

/** What else stops a check that is done in slices. */
export interface SliceOptions extends CheckOptions {
  /** Asked now and then. */
  readonly halted: () => HaltReason | null;
  /** Bytes that the graph may take. */
  readonly maxBytes: number;
  /** Told which property is judged. */
  readonly onProperty?: (name: string) => void;
}

/** The system's machines, built for the subject and composed. */
export function networkOf({ system, series, platform, options }: Subject): Network {
  return compose(system.network(series.patches, specFacts(platform, options)));
}

/** What must hold of it. */
export function propertiesOf({ system, series, platform, options }: Subject): Property[] {
  return system.properties(series.patches, specFacts(platform, options));
}

/** Explores the specification of a subject and judges every property. */
export function checkSubject(subject: Subject, options: CheckOptions = {}): CheckedSubject {
  const network = networkOf(subject);
  const begin = performance.now();
  const graph = explore(network, options);
  const milliseconds = performance.now() - begin;
  const stopped = graph.stopped === 'asked' ? null : graph.stopped;
  return { subject, graph, verdicts: check(graph, propertiesOf(subject)), stopped, milliseconds };
}

/**
 * The same, with pauses in which an interrupt is seen. What was explored is judged, whatever stopped it; only when it
 * is halted during that is the rest left undecided.
 */
export async function checkInSlices(subject: Subject, options: SliceOptions): Promise<CheckedSubject> {
  const { halted, onProgress, onProperty } = options;
  const network = networkOf(subject);
  const begin = performance.now();
  const exploring = exploreSteps(network, options);
  let explored = exploring.next(false);
  while (explored.done !== true) {
    onProgress?.(explored.value);
    await setImmediate();
    explored = exploring.next(halted() !== null);
  }
  const graph = explored.value;
  const milliseconds = performance.now() - begin;
  const before = graph.stopped === 'asked' ? halted() : graph.stopped;
  const judging = checkSteps(graph, propertiesOf(subject));
  let judged = judging.next(false);
  let stopped = before;
  while (judged.done !== true) {
    onProperty?.(judged.value);
    await setImmediate();
    // What stopped the exploration does not keep what it found from being judged.
    if (before === null) stopped = halted();
    judged = judging.next(before === null && stopped !== null);
  }
  return { subject, graph, verdicts: judged.value, stopped, milliseconds };
}

/** `dynamic-pools, v5, cca`; options follow where they are not the platform's defaults. */
export function subjectLabel({ system, series, platform, options }: Subject): string {
  const differs = optionsLabel(platform, options);
  return [system.name, series.name, platform.name, ...(differs === '' ? [] : differs.split(','))].join(', ');
}

/** A file name without its extension: `dynamic-pools-v5-cca`, `dynamic-pools-prefix-7-tdx-device-trusted`. */
export function subjectSlug(subject: Subject): string {
  return subjectLabel(subject).replace(/, /g, '-').replace(/[:=]/g, '-');
}

/** The subject as arguments of the command, ready to be pasted: `dynamic-pools --series v5 --platform cca`. */
export function subjectArguments({ system, series, platform, options }: Subject): string {
  const differs = optionsLabel(platform, options);
  return [
    system.name,
    `--series ${series.name}`,
    `--platform ${platform.name}`,
    ...(differs === '' ? [] : differs.split(',').map((option) => `--option ${option}`)),
  ].join(' ');
}

/** A subject with the platform's default options. */
export function defaultSubject(system: System, series: Series, platform: Platform): Subject {
  return { system, series, platform, options: defaultOptions(platform) };
}

/** The applied patches that have no switch in the system, in order: they do not act in it. */
export function idlePatches({ system, series }: Pick<Subject, 'system' | 'series'>): number[] {
  return [...series.patches].filter((patch) => !system.patches.includes(patch)).sort((a, b) => a - b);
}
