/** The sources that are measured, with counters, and threads that run them. */
import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type Arm, instrument, TAKEN } from './instrument.ts';

/** A branch of one of the files. */
export interface Branch extends Arm {
  /** Name of the file in the folder. */
  readonly file: string;
}

/** A folder whose branches are counted by every thread that is started here. */
export class Measured {
  /** All branches: file by file, in the order of the source. */
  readonly branches: readonly Branch[];
  readonly #sources = new Map<string, string>();
  readonly #buffer: SharedArrayBuffer;

  /** @param folder whose TypeScript files are measured */
  constructor(folder: URL) {
    const branches: Branch[] = [];
    for (const file of readdirSync(folder).sort()) {
      const url = new URL(file, folder);
      const { code, arms } = instrument(readFileSync(url, 'utf8'), branches.length);
      this.#sources.set(url.href, code);
      branches.push(...arms.map((arm) => ({ ...arm, file })));
    }
    this.branches = branches;
    this.#buffer = new SharedArrayBuffer(branches.length);
  }

  /** Starts a thread on a module. What it takes of the measured files is counted. */
  readonly start = (module: URL): Worker =>
    new Worker(new URL('./boot.js', import.meta.url), {
      workerData: {
        module: module.href,
        sources: this.#sources,
        taken: { name: TAKEN, buffer: this.#buffer },
      },
      execArgv: [],
    });

  /** For each branch: has any thread taken it? */
  taken(): boolean[] {
    return [...new Uint8Array(this.#buffer)].map((one) => one === 1);
  }
}
