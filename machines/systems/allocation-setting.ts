/** What an allocation system is made for, and what can happen in it at all. */
import type { EventPattern, InstanceDef, LocalEvent, MachineSpec } from '../../src/lts/types.ts';
import { build } from '../build.ts';
import { directAlloc } from '../direct-alloc.ts';
import { directAllocPages } from '../direct-alloc-pages.ts';
import { directFree } from '../direct-free.ts';
import { directFreePages } from '../direct-free-pages.ts';
import { addressable, conversionMayFail, type Facts, factsWith, type SystemFacts } from '../facts.ts';
import { iommuAlloc } from '../iommu-alloc.ts';
import { iommuAllocPages } from '../iommu-alloc-pages.ts';
import { iommuFree } from '../iommu-free.ts';
import type { MachineFile, Replace } from '../machine-file.ts';
import { alive } from './alive.ts';

/** Which pair of entry points: `dma_alloc_attrs()` or `dma_alloc_pages()`, with their frees. */
export type Entry = 'attrs' | 'pages';

/** Each task, the buffer that it has, and the CPU that it runs on. */
export const TASKS = { driver: { buf: 'A', cpu: 0 }, other: { buf: 'B', cpu: 1 } } as const;
export type Task = keyof typeof TASKS;

export interface AllocationSetting {
  readonly entry: Entry;
  readonly given: SystemFacts;
  readonly facts: Facts;
  readonly make: (file: MachineFile) => MachineSpec;
  readonly call: { readonly alloc: string; readonly free: string };
  /** There is memory ready made that may serve a request of this device: the piece P. */
  readonly piece: boolean;
  /** It is slots of a restricted pool; else it belongs to an atomic pool. */
  readonly restricted: boolean;
  readonly tasks: readonly Task[];
  /** The machines of the code: to allocate and to free, or one for both. */
  readonly code: readonly MachineSpec[];
  /** What a request may get here: the returns that can happen, as local events. */
  readonly results: readonly LocalEvent[];
  /** Whether a local event of the code can happen under a task. */
  readonly can: (by: Task, event: LocalEvent) => boolean;
}

export function allocationSetting(
  entry: Entry,
  patches: ReadonlySet<number>,
  given: SystemFacts,
  replace: Replace,
): AllocationSetting {
  const facts = factsWith(patches, given);
  const make = (file: MachineFile) => build(replace(file), patches, given);
  const call = { alloc: `dma_alloc_${entry}`, free: `dma_free_${entry}` };
  const piece = hasPiece(entry, facts);
  const restricted = facts.restricted && !facts.iommu;
  // Architectures that make uncached addresses are 32-bit ones here: their CMA area lies in high memory.
  const highmem = !facts.coherent && facts.uncached === 'uncached' && !facts.iommu;
  const elsewhere = highmem ? 'lowmem' : 'highmem';
  const code = codeOf(entry, facts).map(make);
  const results = alive(code[0]!, ({ params }) => params.page !== elsewhere).filter(
    ({ type }) => type === `${call.alloc}_ret`,
  );
  const gots = new Set(results.map(({ params }) => params.got));

  const can = (by: Task, { type, params }: LocalEvent): boolean => {
    if (type === call.free && !gots.has(params.got)) return false;
    if (params.page === elsewhere) return false;
    if (params.buf === 'pool' && (!piece || (type === 'free_pages' && restricted))) return false;
    if (type.startsWith('swiotlb_') && !restricted) return false;
    if ((type === 'gen_pool_alloc' || params.owned === true) && (!piece || restricted)) return false;
    if (/^set_memory_.*_ret$/.test(type) && params.ret === 'failed' && !conversionMayFail(facts))
      return false;
    if (by === 'driver') return true;
    // The other task never blocks, asks for nothing special, and has memory of the pool only.
    if (type === call.alloc) return params.ctx === 'atomic' && (params.attrs ?? 'none') === 'none';
    if (type === call.free) return params.ctx === 'atomic' && OF_POOL.includes(String(params.got));
    return params.buf !== 'own' && !OF_PAGES.includes(type);
  };
  const tasks: readonly Task[] = piece ? ['driver', 'other'] : ['driver'];
  return { entry, given, facts, make, call, piece, restricted, tasks, code, results, can };
}

const OF_POOL = ['pool', 'slots', 'slots-alias'];
const OF_PAGES = ['alloc_pages', 'cma_alloc', 'cma_release'];

/** Whether there is memory ready made that may serve a request of this device. */
export function hasPiece(entry: Entry, facts: Facts): boolean {
  const remapped = !facts.coherent && facts.remap;
  if (facts.iommu) return entry === 'attrs' && remapped;
  return facts.restricted || (facts.coherentPool && (facts.forced || (entry === 'attrs' && remapped)));
}

/** Whether memory of the page allocator is shared for this device, and made private again. */
export function convertsBlocks(facts: Facts): boolean {
  return !facts.iommu && facts.forced && !facts.restricted && addressable(facts);
}

function codeOf(entry: Entry, { iommu }: Facts): MachineFile[] {
  if (entry === 'attrs') return iommu ? [iommuAlloc, iommuFree] : [directAlloc, directFree];
  return iommu ? [iommuAllocPages] : [directAllocPages, directFreePages];
}

/** A sync table that gives each local event its pattern. */
export function syncOf(
  spec: MachineSpec,
  sync: (event: LocalEvent) => EventPattern | null,
): NonNullable<InstanceDef['sync']> {
  return Object.fromEntries(Object.keys(spec.alphabet).map((type) => [type, sync]));
}
