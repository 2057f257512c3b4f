/**
 * Workloads: what each thread will ask for. Under them every schedule and every answer of the world is
 * explored, within what the workload says of the world.
 */
import { ALLOCATION } from './workloads/allocation.ts';
import { BOOT } from './workloads/boot.ts';
import { CHANGING_DEVICE } from './workloads/changing-device.ts';
import { DYNAMIC_POOLS } from './workloads/dynamic-pools.ts';
import { STREAMING } from './workloads/streaming.ts';
import type { Workload } from './workloads/types.ts';

export { deviceWrite, lookUp, map, unmap } from './workloads/requests.ts';
export type { Workload, WorkloadThread, WorkName } from './workloads/types.ts';
export { exploredAnswers, WORLD } from './workloads/types.ts';

/** All workloads. */
export const WORKLOADS: readonly Workload[] = [
  ...DYNAMIC_POOLS,
  ...STREAMING,
  ...ALLOCATION,
  ...BOOT,
  ...CHANGING_DEVICE,
];

/** The workloads that `explore` takes when none is named. */
export const DEFAULT_WORKLOADS: readonly Workload[] = WORKLOADS.filter(
  ({ when }) => when !== 'named' && when !== 'matrix',
);

/** The workloads of the matrix. */
export const MATRIX_WORKLOADS: readonly Workload[] = WORKLOADS.filter(({ when }) => when === 'matrix');

/** The workload of this name. Throws when there is none. */
export function workloadOf(name: string): Workload {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`no workload ${name}`);
  return found;
}
