/** Many mutants in several threads. The results are in the order of the mutants, whoever judged them. */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { System } from '../../../machines/systems/index.ts';
import { startThread } from '../thread.ts';
import { type Mutant, type MutantKind, mutantsOf } from './generate.ts';
import type { Outcome } from './judge.ts';

/** A mutant and what became of it: plain data. */
export interface JudgedMutant {
  readonly id: string;
  readonly machine: string;
  readonly kind: MutantKind;
  readonly change: string;
  readonly outcome: Outcome;
}

/** What a thread is told at its start; afterwards it is sent ids, one at a time, and answers with outcomes. */
export interface MutantTask {
  readonly systems: readonly string[];
}
export interface MutantAnswer {
  readonly id: string;
  readonly outcome: Outcome;
}

export interface RunOptions {
  /** Default: as many as there are cores, two at most: each keeps its own graphs. */
  readonly threads?: number;
  readonly onProgress?: (judged: number, last: JudgedMutant) => void;
}

/** All mutants of a system's machines, in the order of its files. */
export function mutantsOfSystem(system: System): Mutant[] {
  return system.files.flatMap(mutantsOf);
}

/** By system: the mutants of the machines that no earlier one has, so that each machine is counted once. */
export function mutantsBySystem(systems: readonly System[]): { system: System; mutants: Mutant[] }[] {
  const counted = new Set<string>();
  return systems.map((system) => {
    const own = system.files.filter(({ name }) => !counted.has(name));
    for (const { name } of own) counted.add(name);
    return { system, mutants: own.flatMap(mutantsOf) };
  });
}

/**
 * Judges the mutants, each in all of the systems that have it, until somebody notices. Rejects with the error of the
 * thread that failed.
 */
export async function judgeInThreads(
  systems: readonly System[],
  mutants: readonly Mutant[],
  { threads = Math.min(2, availableParallelism()), onProgress }: RunOptions = {},
): Promise<JudgedMutant[]> {
  const results = new Array<JudgedMutant>(mutants.length);
  let next = 0;
  let judged = 0;
  const workers: Worker[] = [];
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const worker = startThread(new URL('./worker.ts', import.meta.url), {
        systems: systems.map(({ name }) => name),
      });
      workers.push(worker);
      let at = -1;
      const ask = () => {
        at = next++;
        if (at < mutants.length) worker.postMessage(mutants[at]!.id);
        else resolve();
      };
      worker.on('message', ({ outcome }: MutantAnswer) => {
        const { id, machine, kind, change } = mutants[at]!;
        results[at] = { id, machine, kind, change, outcome };
        onProgress?.(++judged, results[at]!);
        ask();
      });
      worker.on('error', (error) =>
        reject(new Error(`mutant ${mutants[at]?.id ?? '(none)'}: ${error.message}`, { cause: error })),
      );
      worker.on('exit', (code) => {
        if (at < mutants.length) reject(new Error(`a thread ended with code ${code}`));
      });
      ask();
    });
  try {
    await Promise.all(Array.from({ length: Math.min(threads, mutants.length) }, one));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results;
}
