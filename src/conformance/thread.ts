/** Threads that run TypeScript, however the program itself was started. */
import { Worker } from 'node:worker_threads';

/** What `src/launch/sources.js` says that this process runs. */
const running = globalThis as { [key: symbol]: string | undefined };

/**
 * Starts a thread.
 * @param module the TypeScript module to run
 * @param data its `workerData`: plain data; `module` and `bundle` are added to it
 */
export function startThread(module: URL, data: Readonly<Record<string, unknown>> = {}): Worker {
  return new Worker(new URL('../launch/thread.js', import.meta.url), {
    workerData: { ...data, module: module.href, bundle: running[Symbol.for('ccdma.bundle')] ?? null },
    // What the main thread was started with is not the threads' business.
    execArgv: [],
  });
}
