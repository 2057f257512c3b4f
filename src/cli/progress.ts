/** A line of progress on standard error, for what takes over a second. Results never depend on it. */
import type { Io } from './io.ts';

const QUIET_MS = 1000;
const EVERY_MS = 100;

export class Progress {
  readonly #io: Io;
  readonly #start = performance.now();
  #last = 0;
  #shown = false;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Shows where the work stands. Cheap: most calls write nothing. */
  at(text: string): void {
    const now = performance.now();
    if (now - this.#start < QUIET_MS || now - this.#last < EVERY_MS) return;
    this.#last = now;
    this.#shown = true;
    this.#io.status(text);
  }

  /** Takes the line away. */
  done(): void {
    if (this.#shown) this.#io.status('');
    this.#shown = false;
  }
}
