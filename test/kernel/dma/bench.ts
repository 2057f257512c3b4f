/** A kernel by the names of its platform, series and options, and shortcuts for drivers that allocate. */
import { kernelConfig } from '../../../src/conformance/facts.ts';
import type { KernelSizes } from '../../../src/kernel/config.ts';
import { createKernel } from '../../../src/kernel/index.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { PAGE_SIZE, UNCERTAIN } from '../../../src/kernel/memory.ts';
import { isFree } from '../../../src/kernel/page-alloc.ts';
import type { Allocation } from '../../../src/kernel/state.ts';
import type { Answer, Args, StepName } from '../../../src/kernel/steps.ts';
import type { Fault, TraceRecord } from '../../../src/kernel/task.ts';
import type { Options } from '../../../src/series/index.ts';
import { conflict, defaultOptions, PLATFORMS, parseSeries } from '../../../src/series/index.ts';

/** A kernel after boot. Throws when there is no such configuration. */
export function kernel(
  platform: string,
  series: string,
  options: Partial<Options> = {},
  sizes: Partial<KernelSizes> = {},
): Kernel {
  const facts = PLATFORMS.find((p) => p.name === platform);
  const parsed = parseSeries(series);
  if (facts === undefined || typeof parsed === 'string') throw new Error(`no ${platform} or ${series}`);
  const all = { ...defaultOptions(facts), ...options };
  const because = conflict(facts, all);
  if (because !== null) throw new Error(because);
  return createKernel(kernelConfig(parsed, facts, all, sizes));
}

/** Says how a choice is answered. `n` counts the choices of this name in this run, from 0. */
export type World = (step: StepName, n: number) => Answer;

/** Every choice that can succeed does. */
export const kind: World = () => 'ok';

/** The choice of this name fails, its n-th time only when `n` is given. */
export function failing(name: StepName, n?: number): World {
  return (step, count) => (step === name && (n === undefined || n === count) ? 'fail' : 'ok');
}

/** Run a task to its end. */
export function run(k: Kernel, task: string, world: World = kind): TraceRecord[] {
  const out: TraceRecord[] = [];
  const counts = new Map<StepName, number>();
  for (;;) {
    const p = k.pending().find((x) => x.task === task);
    if (p === undefined) return out;
    const { name, answers } = p.step;
    if (answers === undefined) {
      out.push(...k.resume(task));
      continue;
    }
    const n = counts.get(name) ?? 0;
    counts.set(name, n + 1);
    const wanted = world(name, n);
    out.push(...k.resume(task, answers.includes(wanted) ? wanted : 'fail'));
  }
}

/** What an allocation asks for; the rest as stimulus `alloc` has it. */
export interface Asked {
  readonly driver?: number;
  readonly fn?: Allocation['fn'];
  readonly context?: 'process' | 'atomic';
  readonly bytes?: number;
  readonly attrs?: string;
}

/** A driver allocates. */
export function alloc(k: Kernel, asked: Asked = {}, world: World = kind): TraceRecord[] {
  const args = { driver: 0, fn: 'dma_alloc_attrs', context: 'process', bytes: 8192, attrs: '', ...asked };
  return [...k.stimulate('alloc', args), ...run(k, `driver/${args.driver}`, world)];
}

/** A driver frees its oldest allocation. */
export function free(k: Kernel, args: Args = {}, world: World = kind): TraceRecord[] {
  const all = { driver: 0, context: 'process', ...args };
  return [...k.stimulate('free', all), ...run(k, `driver/${all.driver}`, world)];
}

/** The oldest allocation of a driver; null: it has none. */
export function got(k: Kernel, driver = 0): Allocation | null {
  return k.state.drivers[driver]!.allocations[0] ?? null;
}

/** Names of the steps, the stimulus left out. */
export function names(records: readonly TraceRecord[]): string[] {
  return records.slice(1).map((r) => r.step);
}

/** Faults of a run. */
export function faults(records: readonly TraceRecord[]): Fault[] {
  return records.flatMap((r) => r.faults ?? []);
}

/** Everything that owns memory, and the state of every page. */
export function balance(k: Kernel): unknown {
  const { state } = k;
  return structuredClone({
    codes: state.memory.codes,
    free: state.buddy.free,
    cma: state.cma.bits,
    aliases: state.memory.vmap,
    pools: state.atomicPools,
    global: state.globalPool,
    iommu: state.iommu,
    slab: state.slab,
    slots: state.slots.map((s) => s.fields?.list ?? null).filter((list) => list?.some((n) => n === 0)),
  });
}

/** Physical addresses of pages that the page allocator had, has no more, and of which nobody owns any. */
export function leaked(k: Kernel, before: Kernel): number[] {
  const out: number[] = [];
  for (const bank of k.state.memory.banks)
    for (let n = 0; n < bank.pages; n++) {
      const phys = bank.start + n * PAGE_SIZE;
      if (isFree(before.state.buddy, phys) && !isFree(k.state.buddy, phys)) out.push(phys);
    }
  return out;
}

/** Is the state of a page uncertain? */
export function uncertain(k: Kernel, phys: number): boolean {
  const { banks, codes } = k.state.memory;
  const bank = banks.find((b) => phys >= b.start && phys < b.start + b.pages * PAGE_SIZE);
  if (bank === undefined) return false;
  return (codes[bank.first + (phys - bank.start) / PAGE_SIZE]! & UNCERTAIN) !== 0;
}
