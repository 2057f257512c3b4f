/** A whole suite there and back, in threads. The result does not depend on their number. */
import { availableParallelism } from 'node:os';
import type { Subject } from '../../conformance/subject.ts';
import { startThread } from '../../conformance/thread.ts';
import { type CircleResult, joinCircles } from './suite.ts';
import type { CircleTask } from './worker.ts';

/** Rejects with the error of the thread that failed. */
export async function circleInThreads(
  subject: Subject,
  threads = Math.min(4, availableParallelism()),
): Promise<CircleResult> {
  const parts = Array.from({ length: threads }, (_, index) => {
    const task: CircleTask = {
      system: subject.system.name,
      series: subject.series.name,
      platform: subject.platform.name,
      options: subject.options,
      index,
      of: threads,
    };
    return inThread(task);
  });
  return joinCircles(await Promise.all(parts));
}

function inThread(task: CircleTask): Promise<CircleResult> {
  const worker = startThread(new URL('./worker.ts', import.meta.url), { task });
  return new Promise((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (code !== 0) reject(new Error(`a thread ended with code ${code}`));
    });
  });
}
