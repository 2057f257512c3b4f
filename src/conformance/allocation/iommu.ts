/** Where code behind an IOMMU stands: the states of `iommu-alloc`, `iommu-free` and `iommu-alloc-pages`. */
import type { Answer, Kernel, Task } from '../../kernel/index.ts';
import { is_vmalloc_addr } from '../../kernel/vmap.ts';
import { inside, next } from '../common/frames.ts';
import { isKey } from '../common/memory.ts';
import { freed, gotOf, returned } from './memory.ts';

const SCATTERED = 'iommu_dma_alloc_remap';

/** Pages of a request; scattered, they are taken and given back one by one. */
const PAGES = 2;

/**
 * A step of scattered pages that no event stands for: their array, and every page but the first. Pages and array
 * come together or not at all, which `answersOf` sees to.
 */
export function isHiddenPage(task: Task): boolean {
  const { name } = task.pending!;
  if (name === 'kvcalloc' || name === 'kvfree') return true;
  const f = task.stack.findLast(({ frames }) => frames !== undefined);
  const had = (f?.frames as readonly number[] | undefined)?.length ?? 0;
  if (name === 'alloc_pages') return f?.fn === SCATTERED && had > 0;
  const scattered = f?.fn === SCATTERED || (f?.fn === '__iommu_dma_free' && f.array !== 0);
  return name === '__free_pages' && scattered && had < PAGES;
}

/** Whoever got the first page gets the others. */
export function answersOf(task: Task, possible: readonly Answer[]): readonly Answer[] {
  return isHiddenPage(task) ? possible.filter((answer) => answer === 'ok') : possible;
}

/** The memory that an IOVA is asked for is none at all. */
export function isNoPage(task: Task): boolean {
  const f = inside(task, 'iommu_dma_alloc');
  return f !== undefined && (f.phys as number) < 0 && f.cpu_addr !== 0;
}

export function iommuAlloc(kernel: Kernel, task: Task | undefined): string {
  const call = inside(task, 'driver_alloc');
  const stage = call === undefined ? 'idle' : allocStage(kernel, task!);
  const asked = !['idle', 'refused'].includes(stage) && (call!.attrs as string).includes('CC_SHARED');
  return `${stage} {asksShared=${asked}, got=${obtained(kernel, task, stage)}}`;
}

function allocStage(kernel: Kernel, task: Task): string {
  const step = next(task);
  if (isHiddenPage(task)) {
    if (step === 'kvcalloc') return 'scattered.pages';
    return step === 'alloc_pages' ? 'scattered.map' : 'refused';
  }
  if (inside(task, SCATTERED)) {
    const stages = { alloc_pages: 'pages', iommu_map: 'map', vmap: 'alias', iommu_unmap: 'unmap' } as const;
    const known = stages[step as keyof typeof stages] as string | undefined;
    return known === undefined ? 'release' : `scattered.${known}`;
  }
  const key = isKey(kernel, (inside(task, 'iommu_dma_alloc')?.cpu_addr ?? 0) as number);
  const where = isNoPage(task) ? 'confused' : key ? 'pool' : 'contiguous';
  switch (step) {
    case 'alloc_pages':
      return 'contiguous.pages';
    case 'vmap':
      return 'contiguous.alias';
    case 'memset':
      return 'contiguous.zeroing';
    case 'vunmap':
      return 'contiguous.unmap';
    case 'gen_pool_alloc':
    case 'WARN':
      return 'pool.asking';
    case 'uninitialised':
      return 'confused.stack';
    case 'iommu_map':
      return `${where}.map`;
    case 'dma_free_from_pool':
      return where === 'pool' ? 'pool.giveBack' : `${where}.lookup`;
    case '__free_pages':
      return where === 'confused' ? 'confused.wild' : 'release';
    default:
      return task.pending!.args.result === 0 ? 'refused' : 'returning';
  }
}

function obtained(kernel: Kernel, task: Task | undefined, stage: string): string {
  const back = returned(task);
  if (back !== null) return gotOf(kernel, back);
  if (['pool.map', 'pool.giveBack'].includes(stage)) return 'pool';
  if (['confused.map', 'confused.lookup', 'confused.wild'].includes(stage)) return 'garbage';
  const f = inside(task, 'iommu_dma_alloc');
  if (f === undefined || ['contiguous.pages', 'contiguous.alias'].includes(stage)) return 'null';
  const vaddr = (f.cpu_addr || inside(task, 'iommu_dma_alloc_pages')?.vaddr || 0) as number;
  if (vaddr === 0) return 'null';
  return is_vmalloc_addr(vaddr) ? 'alias' : 'linear';
}

export function iommuFree(kernel: Kernel, task: Task | undefined): string {
  const given = freed(task);
  if (given === null) return 'idle {got=null}';
  const stages: Readonly<Record<string, string>> = {
    iommu_unmap: 'unmapIova',
    dma_free_from_pool: 'lookup',
    vunmap: 'unmap',
    __free_pages: 'release',
  };
  const stage = stages[next(task)];
  if (stage === undefined || isHiddenPage(task!)) return 'returning {got=null}';
  // The alias is gone, the array of its pages is in hand.
  const scattered = stage === 'release' && inside(task, '__iommu_dma_free')?.array !== 0;
  return `${stage} {got=${scattered ? 'scattered' : gotOf(kernel, given)}}`;
}

export function iommuCall(task: Task | undefined): string {
  if (inside(task, 'driver_free')) {
    const stages: Readonly<Record<string, string>> = {
      iommu_unmap: 'unmap',
      cma_release: 'release',
      __free_pages: 'release',
    };
    return `freeing.${stages[next(task)] ?? 'returning'}`;
  }
  if (inside(task, 'driver_alloc') === undefined) return 'idle';
  const stages: Readonly<Record<string, string>> = {
    cma_alloc: 'cma',
    alloc_pages: 'pages',
    iommu_map: 'map',
    memset: 'zeroing',
    cma_release: 'release',
    __free_pages: 'release',
  };
  const back = returned(task) === null ? 'refused' : 'returning';
  return `allocating.${stages[next(task)] ?? back}`;
}
