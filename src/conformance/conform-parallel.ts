/** A suite in several threads, each with its share of the paths. */
import type { Worker } from 'node:worker_threads';
import type { Series } from '../series/index.ts';
import {
  type ConformPart,
  type ConformResult,
  goAround,
  joinParts,
  SHARES,
  type Suite,
  shareOf,
  suiteOf,
  sumUp,
} from './conform.ts';
import { type ConformTask, packPaths } from './conform-worker.ts';
import type { Halt } from './halt.ts';
import type { Subject } from './subject.ts';
import { startThread } from './thread.ts';

export interface ParallelOptions {
  readonly onProgress?: (done: { readonly paths: number; readonly of: number }) => void;
  /** The graph of the machines and its suite, where they are known already. */
  readonly suite?: Suite;
  /** As for `conformSubject`. */
  readonly firstTimeOnly?: boolean;
  readonly halt?: Halt | undefined;
}

type Message =
  | { readonly progress: { readonly paths: number; readonly of: number } }
  | { readonly part: ConformPart };

/** As `conformSubject`, in threads. Rejects with the error of the thread that failed. */
export async function conformInThreads(
  subject: Subject,
  machines: Series,
  { onProgress, suite = suiteOf(subject, machines), firstTimeOnly = false, halt }: ParallelOptions = {},
): Promise<ConformResult> {
  const { network: _network, layout: _layout, ...graph } = suite.graph;
  const done = new Array<{ paths: number; of: number }>(SHARES).fill({ paths: 0, of: 0 });
  const report = (index: number, progress: { paths: number; of: number }) => {
    done[index] = progress;
    const sum = (key: 'paths' | 'of') => done.reduce((total, one) => total + one[key], 0);
    onProgress?.({ paths: sum('paths'), of: sum('of') });
  };
  const parts = Array.from({ length: SHARES }, (_, index) => {
    const task: ConformTask = {
      system: subject.system.name,
      series: subject.series.name,
      platform: subject.platform.name,
      options: subject.options,
      machines: machines.name,
      firstTimeOnly,
      halt,
      graph,
      paths: packPaths(shareOf(suite.paths, index)),
    };
    return inThread(task, (progress) => report(index, progress));
  });
  const part = joinParts(await Promise.all(parts));
  return sumUp(goAround(subject, machines, suite.graph, part));
}

/** Threads that have nothing to do. They are kept: starting one takes a second, and its code has to warm up. */
const idle: Worker[] = [];

function inThread(
  task: ConformTask,
  onProgress: (progress: { paths: number; of: number }) => void,
): Promise<ConformPart> {
  const worker = idle.pop() ?? startThread(new URL('./conform-worker.ts', import.meta.url));
  // A thread that waits for work does not keep the program alive.
  worker.ref();
  return new Promise((resolve, reject) => {
    const onMessage = (message: Message) => {
      if (!('part' in message)) {
        onProgress(message.progress);
        return;
      }
      over();
      worker.unref();
      idle.push(worker);
      resolve(message.part);
    };
    const onError = (error: Error) => {
      over();
      reject(error);
    };
    const onExit = (code: number) =>
      onError(new Error(`a thread of the conformance run ended with code ${code}`));
    const over = () => worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(task);
  });
}
