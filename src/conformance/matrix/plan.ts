/** Which workloads run on which configurations: everything that a matrix has to answer for. */
import type { KernelConfig } from '../../kernel/config.ts';
import type { Options, Platform } from '../../series/index.ts';
import { kernelConfig } from '../facts.ts';
import type { Workload } from '../workloads.ts';
import type { Row } from './rows.ts';

/** A column group: a platform with its options. */
export interface Place {
  readonly platform: Platform;
  readonly options: Options;
}

/** One workload on one kernel of one place. */
export interface Job {
  readonly workload: Workload;
  readonly row: Row;
  readonly place: Place;
  /** As the workload runs on it, sizes included. */
  readonly config: KernelConfig;
}

/** Every job, by workload. A place that a workload does not apply to has none. */
export function plan(
  workloads: readonly Workload[],
  rows: readonly Row[],
  places: readonly Place[],
): Map<Workload, Job[]> {
  const out = new Map<Workload, Job[]>();
  for (const workload of workloads) {
    const jobs: Job[] = [];
    for (const place of places) {
      if (!appliesTo(workload, place)) continue;
      for (const row of rows) {
        const config = kernelConfig(row.series, place.platform, place.options, workload.sizes);
        jobs.push({ workload, row, place, config });
      }
    }
    if (jobs.length > 0) out.set(workload, jobs);
  }
  return out;
}

/** A workload without a condition applies everywhere. */
export function appliesTo(workload: Workload, { platform, options }: Place): boolean {
  return workload.applies?.(platform, options) ?? true;
}
