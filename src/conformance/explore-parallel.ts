/** Several explorations in several threads. The results do not depend on their number. */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { Exploration } from './explore.ts';
import type { ExploreTask } from './explore-worker.ts';
import { startThread } from './thread.ts';

export interface ExploreThreadsOptions {
  /** Called when a task is begun, and when one is done. */
  readonly onProgress?: (running: readonly ExploreTask[], done: number) => void;
  /** Default: as many as there are cores, four at most, and never more than tasks. */
  readonly threads?: number;
}

/** One exploration for each task, in their order. Rejects with the error of the first that fails. */
export async function exploreInThreads(
  tasks: readonly ExploreTask[],
  { onProgress, threads = Math.min(4, availableParallelism()) }: ExploreThreadsOptions = {},
): Promise<Exploration[]> {
  const results = new Array<Exploration>(tasks.length);
  const running = new Set<ExploreTask>();
  let next = 0;
  let done = 0;
  const workers = Array.from({ length: Math.min(threads, tasks.length) }, () =>
    startThread(new URL('./explore-worker.ts', import.meta.url)),
  );
  const serve = async (worker: Worker): Promise<void> => {
    while (next < tasks.length) {
      const at = next++;
      const task = tasks[at]!;
      running.add(task);
      onProgress?.([...running], done);
      results[at] = await answer(worker, task);
      running.delete(task);
      done++;
      onProgress?.([...running], done);
    }
  };
  try {
    await Promise.all(workers.map(serve));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results;
}

function answer(worker: Worker, task: ExploreTask): Promise<Exploration> {
  return new Promise((resolve, reject) => {
    const onMessage = (exploration: Exploration) => over(() => resolve(exploration));
    const onError = (error: Error) => over(() => reject(error));
    const onExit = (code: number) =>
      over(() => reject(new Error(`the exploration of ${task.workload} ended with code ${code}`)));
    // The same thread answers many tasks; its own listeners must stay.
    const over = (then: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      then();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(task);
  });
}
