/** Two platforms and shortcuts for the tests of the simulator. */
import type { KernelOptions, KernelSizes, PlatformFacts } from '../../src/kernel/config.ts';
import { createKernel } from '../../src/kernel/index.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Answer, StepName } from '../../src/kernel/steps.ts';
import type { TraceRecord } from '../../src/kernel/task.ts';

/** One without an encoding bit and without DMA_DIRECT_REMAP. */
export const TDX: PlatformFacts = {
  name: 'tdx',
  memEncrypt: true,
  memEncryptFromPatch: null,
  guestMemEncrypt: true,
  hostMemEncrypt: false,
  forces: 'all',
  forcesFromPatch: null,
  pteEncryption: true,
  preservesContents: false,
  forceBounceBefore10: true,
  swiotlbAtBoot: 'always',
  family: 'x86',
  addressBit: null,
  conversion: 'tdx',
  dmaDirectRemap: false,
  dmaCoherentPool: true,
};

/** One with both. */
export const CCA: PlatformFacts = {
  ...TDX,
  name: 'cca',
  family: 'arm64',
  guestMemEncrypt: false,
  addressBit: { bit: 47, meaning: 'shared' },
  conversion: 'cca',
  dmaDirectRemap: true,
  dmaCoherentPool: true,
};

/** The whole series. */
export const V5: ReadonlySet<number> = new Set(Array.from({ length: 20 }, (_, n) => n + 1));
export const BASELINE: ReadonlySet<number> = new Set();

export const OPTIONS: Partial<KernelOptions> = {
  DMA_COHERENT_POOL: true,
  SWIOTLB_DYNAMIC: true,
  trusted: false,
};

/** A kernel after boot. */
export function machine(
  platform: PlatformFacts,
  patches: ReadonlySet<number>,
  options: Partial<KernelOptions> = {},
  sizes: Partial<KernelSizes> = {},
): Kernel {
  return createKernel({ platform, patches, options: { ...OPTIONS, ...options }, sizes });
}

/** Run a task until it is idle or gone; `fail` names choices that are answered 'fail'. */
export function finish(k: Kernel, task: string, fail: readonly StepName[] = []): TraceRecord[] {
  const out: TraceRecord[] = [];
  for (;;) {
    const p = k.pending().find((x) => x.task === task);
    if (p === undefined) return out;
    out.push(...k.resume(task, answerTo(p.step, fail)));
  }
}

/** Run a task up to, and not including, the first step of this name. */
export function until(k: Kernel, task: string, step: StepName): TraceRecord[] {
  const out: TraceRecord[] = [];
  for (;;) {
    const p = k.pending().find((x) => x.task === task);
    if (p === undefined) throw new Error(`${task} ended before ${step}`);
    if (p.step.name === step) return out;
    out.push(...k.resume(task, answerTo(p.step, [])));
  }
}

function answerTo(
  step: { name: StepName; answers?: readonly Answer[] },
  fail: readonly StepName[],
): Answer | undefined {
  if (step.answers === undefined) return undefined;
  if (fail.includes(step.name) || !step.answers.includes('ok')) return 'fail';
  return 'ok';
}

/** Names of the steps, for comparisons. */
export function steps(records: readonly TraceRecord[]): string[] {
  return records.map((r) => r.step);
}

/** A driver maps its whole buffer, everything succeeds. */
export function mapAll(k: Kernel, driver = 0, context: 'process' | 'atomic' = 'process'): TraceRecord[] {
  const records = k.stimulate('map', { driver, context, boundary: 'wide', bytes: 8192 });
  return [...records, ...finish(k, `driver/${driver}`)];
}

/** A driver unmaps. */
export function unmapAll(k: Kernel, driver = 0): TraceRecord[] {
  return [...k.stimulate('unmap', { driver, context: 'process' }), ...finish(k, `driver/${driver}`)];
}

/** A grace period passes and CPU `cpu` runs one callback. */
export function graceAndCallback(k: Kernel, cpu = 0): TraceRecord[] {
  k.stimulate('rcu_gp_start');
  k.stimulate('rcu_gp_end');
  k.stimulate('rcu_softirq', { cpu });
  return finish(k, `softirq/${cpu}`);
}
