/** Kernels of all ten platforms, for the tests of the simulator. */
import { kernelConfig } from '../../src/conformance/facts.ts';
import type { KernelSizes } from '../../src/kernel/config.ts';
import { createKernel } from '../../src/kernel/index.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Answer, Args, StepName, StimulusName } from '../../src/kernel/steps.ts';
import type { TraceRecord } from '../../src/kernel/task.ts';
import { chooseOptions, type Options, PLATFORMS, parseSeries } from '../../src/series/index.ts';

/** Names of the platforms. */
export const NAMES = PLATFORMS.map(({ name }) => name);

/** A kernel of a platform and a series, both by name. */
export function kernelOf(
  platform: string,
  series = 'v5',
  sizes: Partial<KernelSizes> = {},
  options: Partial<Options> = {},
): Kernel {
  const known = PLATFORMS.find(({ name }) => name === platform)!;
  const patches = parseSeries(series);
  if (typeof patches === 'string') throw new Error(patches);
  return createKernel(kernelConfig(patches, known, chooseOptions(known, options), sizes));
}

/**
 * A stimulus, and all that it sets in motion; the n-th choice gets the n-th answer, `ok` behind the last one.
 * Stops when the guest is over.
 */
export function run(
  k: Kernel,
  name: StimulusName,
  args: Args = {},
  answers: readonly Answer[] = [],
): TraceRecord[] {
  const left = [...answers];
  return [...k.stimulate(name, args), ...drain(k, () => left.shift() ?? 'ok')];
}

/** Everything that is pending, one task after the other; each choice is answered by what is asked of it. */
export function drain(k: Kernel, answer: (step: StepName) => Answer): TraceRecord[] {
  const out: TraceRecord[] = [];
  for (;;) {
    const p = k.pending().find(({ runnable }) => runnable);
    if (p === undefined) return out;
    const { name, answers } = p.step;
    out.push(...k.resume(p.task, answers === undefined ? undefined : answer(name)));
  }
}

/** Every sequence of answers that leads to an end: what `attempt` does with it, and how many choices it used. */
export function everyAnswer<T>(
  attempt: (answers: readonly Answer[]) => { result: T; choices: number },
): { answers: Answer[]; result: T }[] {
  const out: { answers: Answer[]; result: T }[] = [];
  const go = (prefix: Answer[]): void => {
    const { result, choices } = attempt(prefix);
    // Behind the prefix all is answered ok; every later choice can also fail.
    out.push({ answers: [...prefix, ...new Array<Answer>(choices - prefix.length).fill('ok')], result });
    for (let n = prefix.length; n < choices; n++)
      go([...prefix, ...new Array<Answer>(n - prefix.length).fill('ok'), 'fail']);
  };
  go([]);
  return out;
}
