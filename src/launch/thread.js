// The first module of a thread. Loaders do not carry over into threads.
import { workerData } from 'node:worker_threads';
import { importSource } from './sources.js';

await importSource(workerData.module, workerData.bundle);
