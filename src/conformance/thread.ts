/** Threads that run TypeScript, however the program itself was started. */
import { Worker } from 'node:worker_threads';

/**
 * Starts a thread.
 * @param module the TypeScript module to run
 * @param data its `workerData`: plain data; `module` is added to it
 */
export function startThread(module: URL, data: Readonly<Record<string, unknown>> = {}): Worker {
  return new Worker(new URL('../boot/thread.js', import.meta.url), {
    workerData: { ...data, module: module.href },
    // What the main thread was started with is not the threads' business.
    execArgv: [],
  });
}
