/** Whole suites there and back, in threads. The results do not depend on their number. */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { Subject } from '../../conformance/subject.ts';
import { startThread } from '../../conformance/thread.ts';
import { type CircleResult, joinCircles } from './suite.ts';
import type { CircleTask } from './worker.ts';

/**
 * One result for each subject, in their order; `done` is told of each as it comes. Rejects with the error of the
 * thread that failed.
 */
export async function circleInThreads(
  subjects: readonly Subject[],
  done: (subject: Subject, result: CircleResult) => void = () => {},
  threads = Math.min(4, availableParallelism()),
): Promise<CircleResult[]> {
  const workers = Array.from({ length: threads }, () => startThread(new URL('./worker.ts', import.meta.url)));
  try {
    const results: CircleResult[] = [];
    for (const subject of subjects) {
      const parts = workers.map((worker, index) => share(worker, taskOf(subject, index, threads)));
      const result = joinCircles(await Promise.all(parts));
      done(subject, result);
      results.push(result);
    }
    return results;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function taskOf({ system, series, platform, options }: Subject, index: number, of: number): CircleTask {
  return { system: system.name, series: series.name, platform: platform.name, options, index, of };
}

function share(worker: Worker, task: CircleTask): Promise<CircleResult> {
  return new Promise((resolve, reject) => {
    const over = () => worker.off('message', onMessage).off('error', onError);
    const onMessage = (result: CircleResult) => {
      over();
      resolve(result);
    };
    const onError = (error: Error) => {
      over();
      reject(error);
    };
    worker.on('message', onMessage).on('error', onError).postMessage(task);
  });
}
