// The first module of a thread. Loaders do not carry over into threads, so each registers its own.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);
