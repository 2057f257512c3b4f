/** Judges mutants by id, in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { judgeInSystems } from './judge.ts';
import { type MutantAnswer, type MutantTask, mutantsOfSystem } from './run.ts';

if (parentPort !== null) {
  const port = parentPort;
  const { systems } = workerData as MutantTask;
  const mutants = SYSTEMS.filter(({ name }) => systems.includes(name)).map((system) => ({
    system,
    byId: new Map(mutantsOfSystem(system).map((mutant) => [mutant.id, mutant])),
  }));
  port.on('message', (id: string) => {
    const everywhere = mutants.flatMap(({ system, byId }) => {
      const mutant = byId.get(id);
      return mutant === undefined ? [] : [{ system, mutant }];
    });
    const answer: MutantAnswer = { id, outcome: judgeInSystems(everywhere) };
    port.postMessage(answer);
  });
}
