/** Judges mutants by id, in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { judgeMutant } from './judge.ts';
import { type MutantAnswer, type MutantTask, mutantsOfSystem } from './run.ts';

if (parentPort !== null) {
  const port = parentPort;
  const task = workerData as MutantTask;
  const system = SYSTEMS.find(({ name }) => name === task.system)!;
  const byId = new Map(mutantsOfSystem(system).map((mutant) => [mutant.id, mutant]));
  port.on('message', (id: string) => {
    const answer: MutantAnswer = { id, outcome: judgeMutant(system, byId.get(id)!) };
    port.postMessage(answer);
  });
}
