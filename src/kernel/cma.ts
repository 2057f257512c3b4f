/**
 * CMA: an area of pages set aside for large contiguous requests (mm/cma.c, kernel/dma/contiguous.c).
 *
 * Pages of the area that nobody has taken are private and count as CMA's own. The area may lie in highmem, as
 * on 32-bit kernels: then its pages have no linear address.
 */
import type { Kernel } from './kernel.ts';
import { PAGE_SIZE } from './memory.ts';
import { get_order, giveBlock, takeBlock, type Zone } from './page-alloc.ts';
import type { CmaArea } from './state.ts';
import type { Run, Task } from './task.ts';
import { at, atChoice, enter, leave, needsCma, needsPages } from './task.ts';

/** Allocation flags that matter here: may it sleep, and in which zone or below must the memory lie? */
export interface GfpPages {
  readonly mayBlock: boolean;
  readonly zone: Zone;
}

/** First page of a free run, aligned to its size rounded up to a power of two; -1 when there is none. */
export function cmaRun(cma: CmaArea, pages: number): number {
  const align = 2 ** get_order(pages * PAGE_SIZE);
  const first = cma.phys / PAGE_SIZE;
  for (let i = (align - (first % align)) % align; i + pages <= cma.bits.length; i += align)
    if (!cma.bits.slice(i, i + pages).some((bit) => bit !== 0)) return i;
  return -1;
}

/** Does the CMA area hold this page? */
export function inCma(cma: CmaArea, phys: number): boolean {
  return phys >= cma.phys && phys < cma.phys + cma.bits.length * PAGE_SIZE;
}

/** `cma_alloc()`: a choice of the world; physical address, 0 when there is none. May sleep. */
export function* cma_alloc(k: Kernel, t: Task, pages: number): Run<number> {
  const f = enter(t, { fn: 'cma_alloc', at: 0, pages });
  const answer = yield atChoice(f, 1, 'cma_alloc', needsCma(f.pages), { pages: f.pages });
  k.might_sleep(t);
  let phys = 0;
  if (answer === 'ok') {
    const { cma } = k.state;
    const n = cmaRun(cma, f.pages);
    cma.bits.fill(1, n, n + f.pages);
    phys = cma.phys + n * PAGE_SIZE;
  }
  k.note(phys);
  leave(t);
  return phys;
}

/** `cma_release()`: false, and nothing done, when the pages are not the area's. */
export function* cma_release(k: Kernel, t: Task, phys: number, pages: number): Run<boolean> {
  if (!inCma(k.state.cma, phys)) return false;
  const f = enter(t, { fn: 'cma_release', at: 0, phys, pages });
  yield at(f, 1, 'cma_release', { addr: f.phys, pages: f.pages });
  const { cma } = k.state;
  const n = (f.phys - cma.phys) / PAGE_SIZE;
  if (cma.bits.slice(n, n + f.pages).some((bit) => bit === 0))
    k.fault('bad-page', f.phys, 'cma_release: pages that are not handed out');
  cma.bits.fill(0, n, n + f.pages);
  leave(t);
  return true;
}

/**
 * `dma_alloc_contiguous()`: CMA, only if it may block and is asked for more than a page
 * (`cma_alloc_aligned()`). Without an area nothing is asked and nothing is found.
 *
 * @param bytes a multiple of the page size
 */
export function* dma_alloc_contiguous(k: Kernel, t: Task, bytes: number, mayBlock: boolean): Run<number> {
  if (!mayBlock || bytes <= PAGE_SIZE || k.state.cma.bits.length === 0) return 0;
  return yield* cma_alloc(k, t, bytes / PAGE_SIZE);
}

/** `dma_free_contiguous()`: CMA is asked first; what it does not own goes to the page allocator. */
export function* dma_free_contiguous(k: Kernel, t: Task, phys: number, bytes: number): Run {
  const f = enter(t, { fn: 'dma_free_contiguous', at: 0, phys, bytes });
  if (!(yield* cma_release(k, t, f.phys, Math.ceil(f.bytes / PAGE_SIZE))))
    yield* free_pages(k, t, f.phys, get_order(f.bytes));
  leave(t);
}

/** `alloc_pages()`: a choice of the world; physical address, 0 when there is none. */
export function* alloc_pages(k: Kernel, t: Task, order: number, gfp: GfpPages): Run<number> {
  const f = enter(t, { fn: 'alloc_pages', at: 0, order, mayBlock: gfp.mayBlock, zone: gfp.zone });
  const answer = yield atChoice(f, 1, 'alloc_pages', needsPages(f.order, f.zone), {
    order: f.order,
    gfp: f.mayBlock ? 'GFP_KERNEL' : 'GFP_NOWAIT',
    ...(f.zone !== 'normal' && { zone: f.zone }),
  });
  if (f.mayBlock) k.might_sleep(t);
  const phys = answer === 'ok' ? takeBlock(k.state.buddy, f.order, f.zone) : 0;
  k.note(phys);
  leave(t);
  return phys;
}

/** A block goes back to the page allocator. What cannot be a free block is a fault of the caller's. */
export function freeBlock(k: Kernel, phys: number, order: number, by: string): void {
  const wrong = giveBlock(k.state.buddy, k.state.memory, phys, order);
  if (wrong !== null) k.fault('bad-page', phys, `${by}: ${wrong}`);
}

/** `__free_pages()`. */
export function* free_pages(k: Kernel, t: Task, phys: number, order: number): Run {
  const f = enter(t, { fn: '__free_pages', at: 0, phys, order });
  yield at(f, 1, '__free_pages', { addr: f.phys, order: f.order });
  freeBlock(k, f.phys, f.order, '__free_pages');
  leave(t);
}
