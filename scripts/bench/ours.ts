/** Our own searches, measured in processor seconds. */
import { type Network, type SafetyProperty, type Verified, verifySteps } from '../../src/lts/index.ts';

export interface Own {
  readonly result: Verified;
  readonly seconds: number;
}

/** Processor seconds, of all threads: what the engine collects and compiles beside counts too. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Searches so many times; the mean of what a search takes. Writing the properties down and generating code are
 * not in it, as Spin's compilation is not: `prepared` measures them.
 *
 * @param reduce steps that change no verdict are left out
 */
export function search(
  network: Network,
  properties: readonly SafetyProperty[],
  times: number,
  reduce = false,
): Own {
  let total = 0;
  let result: Verified | undefined;
  for (let n = 0; n < times; n++) {
    const steps = verifySteps(network, properties, { reduce });
    // Up to here nothing was expanded.
    steps.next(false);
    const before = cpuSeconds();
    let step = steps.next(false);
    while (step.done !== true) step = steps.next(false);
    total += cpuSeconds() - before;
    result = step.value;
  }
  return { result: result!, seconds: total / times };
}

/** Processor seconds until the first state can be expanded. */
export function prepared(network: Network, properties: readonly SafetyProperty[]): number {
  const before = cpuSeconds();
  verifySteps(network, properties).next(false);
  return cpuSeconds() - before;
}
