/** One workload on one configuration, explored, as plain data that crosses from thread to thread. */
import type { ConfigRead, KernelConfig } from '../../kernel/config.ts';
import { explore } from '../explore.ts';
import type { SafetyName } from '../safety-names.ts';
import { scheduleNumbers } from '../schedule.ts';
import type { Workload } from '../workloads.ts';
import { decisionOf } from './decisions.ts';
import { StepGraph, stepLabel } from './digest.ts';

/** A property that is false under a workload: where, why, and the shortest way to it. */
export interface OutcomeViolation {
  readonly property: SafetyName;
  readonly site: string;
  readonly because: string;
  /** As `ccdma replay --schedule` takes it. */
  readonly schedule: readonly number[];
}

/** What an exploration found, and what is compared between kernels. */
export interface Outcome {
  readonly states: number;
  readonly transitions: number;
  readonly complete: boolean;
  readonly violations: readonly OutcomeViolation[];
  readonly witnesses: readonly SafetyName[];
  /** Equal where the step sequences are; null when a bound was hit. */
  readonly digest: string | null;
  /** What the kernel decided about requests, sorted; see {@link decisionOf}. */
  readonly decisions: readonly string[];
  readonly reads: readonly ConfigRead[];
}

/** Explores one workload on one configuration. */
export function outcomeOf(workload: Workload, config: KernelConfig, maxStates: number): Outcome {
  const graph = new StepGraph();
  const decisions = new Set<string>();
  const { states, transitions, complete, violations, witnesses, reads } = explore(workload, config, {
    maxStates,
    onStep: (from, to, records, kernel) => {
      graph.add(from, to, stepLabel(records));
      for (const record of records) {
        const decision = decisionOf(kernel, record);
        if (decision !== null) decisions.add(decision);
      }
    },
  });
  return {
    states,
    transitions,
    complete,
    violations: violations.map(({ property, site, because, schedule }) => ({
      property,
      site,
      because,
      schedule: scheduleNumbers(workload, config, schedule),
    })),
    witnesses,
    digest: complete ? graph.digest() : null,
    decisions: [...decisions].sort(),
    reads,
  };
}
