// The first module of a thread that counts: its sources are TypeScript, those that are measured with counters.
import { register as registerHooks } from 'node:module';
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
registerHooks('./hooks.js', import.meta.url, { data: workerData.sources });
globalThis[workerData.taken.name] = new Uint8Array(workerData.taken.buffer);
await import(workerData.module);
