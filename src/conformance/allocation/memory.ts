/** What a driver was given, and which memory that is, read from the simulator's tables. */

import { hasAttr } from '../../kernel/dma/attrs.ts';
import {
  type Allocation,
  encodingOf,
  type Frame,
  force_dma_unencrypted,
  type Kernel,
  PAGE_SIZE,
  type Task,
} from '../../kernel/index.ts';
import { isPhysRange, translate } from '../../kernel/memory.ts';
import { findAlias, is_vmalloc_addr } from '../../kernel/vmap.ts';
import { inside } from '../common/frames.ts';
import { isKey } from '../common/memory.ts';

/** What a call gave or is given back. */
export type Given = Pick<Allocation, 'fn' | 'cpu_addr' | 'page' | 'dma'>;

/** Memory ready made that one request can have. */
export interface Piece {
  readonly phys: number;
  readonly pages: number;
}

/** The device takes coherent memory from a restricted pool. */
export function isRestricted(kernel: Kernel): boolean {
  return kernel.config.option('restrictedPool') && !kernel.config.option('iommu');
}

/** `P`: all that the restricted pool has, or the atomic pool; null where there is neither. */
export function pieceOf(kernel: Kernel): Piece | null {
  if (isRestricted(kernel)) {
    const mem = kernel.state.mems.find(({ for_alloc }) => for_alloc)!;
    const pool = kernel.state.pools.find(({ addr }) => addr === mem.defpool)!;
    return { phys: pool.start, pages: (pool.end - pool.start) / PAGE_SIZE };
  }
  const chunk = kernel.state.atomicPools[0]?.pool.chunks[0];
  return chunk === undefined ? null : { phys: chunk.phys, pages: chunk.bits.length };
}

/** A physical address lies in `P`. */
export function inPiece(kernel: Kernel, phys: number): boolean {
  const piece = pieceOf(kernel);
  return piece !== null && phys >= piece.phys && phys < piece.phys + piece.pages * PAGE_SIZE;
}

/** What it is that was given, in the words of `GOT`. */
export function gotOf(kernel: Kernel, { fn, cpu_addr, page }: Given): string {
  if (fn === 'dma_alloc_pages') {
    if (!isPhysRange(page)) return 'garbage';
    if (!inPiece(kernel, page)) return 'linear';
    return isRestricted(kernel) ? 'slots' : 'pool';
  }
  if (kernel.config.option('iommu')) {
    if (isKey(kernel, cpu_addr)) return 'pool';
    if (is_vmalloc_addr(cpu_addr))
      return (findAlias(kernel, cpu_addr)?.array ?? 0) === 0 ? 'alias' : 'scattered';
    return translate(kernel.state.memory, cpu_addr) === null ? 'garbage' : 'linear';
  }
  if (cpu_addr === 0 || isPhysRange(cpu_addr)) return 'cookie';
  const { globalPool } = kernel.state;
  if (globalPool !== null && findAlias(kernel, cpu_addr)?.vaddr === globalPool.vaddr) return 'global';
  const uncached = kernel.config.option('coherent') ? 'none' : kernel.config.option('uncached');
  const alias = is_vmalloc_addr(cpu_addr);
  if (isRestricted(kernel)) return alias ? 'slots-alias' : 'slots';
  if (uncached === 'arch') return 'arch';
  if (isKey(kernel, cpu_addr)) return 'pool';
  if (alias) return 'alias';
  return uncached === 'uncached' ? 'uncached' : 'linear';
}

/** What its DMA address says. */
export function addrOf(kernel: Kernel, { dma }: Given): string {
  if (kernel.config.option('iommu')) return 'iova';
  return encodingOf(kernel, dma) ?? 'unencoded';
}

/** What was given came from the page allocator or from CMA. */
export const isBlock = (got: string): boolean =>
  ['cookie', 'linear', 'alias', 'uncached', 'scattered'].includes(got);

/** What the task's free is about. */
export function freed(task: Task | undefined): Given | null {
  const f = inside(task, 'driver_free');
  if (f === undefined) return null;
  const { call, cpu_addr, page, dma } = f as Frame & Record<string, number>;
  return { fn: call as unknown as Allocation['fn'], cpu_addr: cpu_addr!, page: page!, dma: dma! };
}

/** What the allocation under way is about to return; null: nothing, or it is not so far. */
export function returned(task: Task | undefined): Given | null {
  const f = inside(task, 'driver_alloc');
  if (f === undefined || task?.pending?.name !== `${f.call as string}_ret`) return null;
  const { args } = task.pending;
  if (args.result === 0) return null;
  const call = inside(task, f.call as string)! as Frame & Record<string, number>;
  return {
    fn: f.call as Allocation['fn'],
    cpu_addr: call.cpu_addr ?? 0,
    page: call.page!,
    dma: args.dma as number,
  };
}

/** The request asks for no mapping, and is one that is served so. */
export function wantsCookie(kernel: Kernel, attrs: string): boolean {
  return hasAttr(attrs, 'NO_KERNEL_MAPPING') && !force_dma_unencrypted(kernel, 0) && !isRestricted(kernel);
}
