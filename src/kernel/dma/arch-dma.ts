/**
 * What an architecture without CONFIG_DMA_DIRECT_REMAP does for devices that are not coherent: it makes linear
 * addresses uncached (CONFIG_ARCH_HAS_DMA_SET_UNCACHED), or allocates by itself (CONFIG_ARCH_HAS_DMA_ALLOC).
 *
 * The mapping is changed in place, as on openrisc (arch/openrisc/kernel/dma.c), the one where it can fail;
 * others return another address of the same memory. No such architecture has encrypted memory.
 */
import { clearUncached, setUncached } from '../arch/uncached.ts';
import { freeBlock } from '../cma.ts';
import { phys_to_dma } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt, virt_to_phys } from '../memory.ts';
import { get_order, takeBlock } from '../page-alloc.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave, needsPages } from '../task.ts';
import { zero } from '../uaccess.ts';
import type { Coherent } from './direct-alloc.ts';

/** `arch_dma_set_uncached()`: the address of the uncached mapping, 0 when there is an error. */
export function* arch_dma_set_uncached(k: Kernel, t: Task, vaddr: number, bytes: number): Run<number> {
  const f = enter(t, { fn: 'arch_dma_set_uncached', at: 0, vaddr, bytes });
  const args = { addr: f.vaddr, bytes: f.bytes };
  const ok = (yield atChoice(f, 1, 'arch_dma_set_uncached', ANY_ANSWER, args)) === 'ok';
  if (ok) setUncached(k, f.vaddr, f.bytes);
  leave(t);
  return ok ? f.vaddr : 0;
}

/** `arch_dma_clear_uncached()`. */
export function* arch_dma_clear_uncached(k: Kernel, t: Task, vaddr: number, bytes: number): Run {
  const f = enter(t, { fn: 'arch_dma_clear_uncached', at: 0, vaddr, bytes });
  yield at(f, 1, 'arch_dma_clear_uncached', { vaddr: f.vaddr, bytes: f.bytes });
  clearUncached(k, f.vaddr, f.bytes, 'arch_dma_clear_uncached');
  leave(t);
}

/** `arch_dma_alloc()`: zeroed, uncached pages from the page allocator; null when there are none. */
export function* arch_dma_alloc(k: Kernel, t: Task, bytes: number, mayBlock: boolean): Run<Coherent | null> {
  const f = enter(t, { fn: 'arch_dma_alloc', at: 0, bytes, mayBlock });
  const order = get_order(f.bytes);
  const answer = yield atChoice(f, 1, 'arch_dma_alloc', needsPages(order), { bytes: f.bytes });
  if (f.mayBlock) k.might_sleep(t);
  const phys = answer === 'ok' ? takeBlock(k.state.buddy, get_order(f.bytes)) : 0;
  k.note(phys);
  if (phys !== 0) {
    zero(k, phys_to_virt(phys), f.bytes);
    setUncached(k, phys_to_virt(phys), f.bytes);
  }
  leave(t);
  if (phys === 0) return null;
  return { cpu_addr: phys_to_virt(phys), page: 0, dma: phys_to_dma(k, phys, false) };
}

/** `arch_dma_free()`. */
export function* arch_dma_free(k: Kernel, t: Task, vaddr: number, bytes: number): Run {
  const f = enter(t, { fn: 'arch_dma_free', at: 0, vaddr, bytes });
  yield at(f, 1, 'arch_dma_free', { addr: f.vaddr, bytes: f.bytes });
  clearUncached(k, f.vaddr, Math.ceil(f.bytes / PAGE_SIZE) * PAGE_SIZE, 'arch_dma_free');
  freeBlock(k, virt_to_phys(f.vaddr), get_order(f.bytes), 'arch_dma_free');
  leave(t);
}
