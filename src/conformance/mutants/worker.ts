/** Judges mutants by id, in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { judgeInSystems } from './judge.ts';
import { type MutantAnswer, type MutantTask, mutantsBySystem } from './run.ts';

if (parentPort !== null) {
  const port = parentPort;
  const { systems } = workerData as MutantTask;
  const judges = SYSTEMS.filter(({ name }) => systems.includes(name));
  const mutants = new Map(mutantsBySystem(judges).flatMap((of) => of.mutants.map((one) => [one.id, one])));
  port.on('message', (id: string) => {
    const mutant = mutants.get(id)!;
    const having = judges.filter(({ files }) => files.some(({ name }) => name === mutant.machine));
    const answer: MutantAnswer = { id, outcome: judgeInSystems(having, mutant) };
    port.postMessage(answer);
  });
}
