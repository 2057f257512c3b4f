/** Time on every CPU: lines of one CPU are in order, those of several only nearly. */

/** A CPU whose lines are all older than one before them: not they are wrong, but that one. */
const BELIEVED = 64;

interface Clock {
  time: number;
  /** Lines dropped in a row, and the time of the last of them. */
  dropped: number;
  last: number;
}

export class Clocks {
  readonly #clocks = new Map<number, Clock>();

  /**
   * Whether a line goes back in time on its CPU. After 64 such lines in a row that are in order among themselves,
   * the time that they all missed is given up, and they count as the CPU's.
   */
  isBack(cpu: number, time: number): boolean {
    const clock = this.#clocks.get(cpu);
    if (!clock) {
      this.#clocks.set(cpu, { time, dropped: 0, last: 0 });
      return false;
    }
    if (time >= clock.time) {
      clock.time = time;
      clock.dropped = 0;
      return false;
    }
    clock.dropped = clock.dropped > 0 && time < clock.last ? 1 : clock.dropped + 1;
    clock.last = time;
    if (clock.dropped < BELIEVED) return true;
    clock.time = time;
    clock.dropped = 0;
    return false;
  }

  /** CPUs that had a line, ascending. */
  cpus(): number[] {
    return [...this.#clocks.keys()].sort((x, y) => x - y);
  }

  clear(): void {
    this.#clocks.clear();
  }
}
