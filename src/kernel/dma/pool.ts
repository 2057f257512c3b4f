/**
 * Atomic (coherent) pools: memory that is shared already, handed out in any context (kernel/dma/pool.c).
 *
 * Growth (`atomic_pool_work_fn`) is not here yet: an allocation would schedule it, and nothing else that
 * is simulated notices.
 */
import { force_dma_unencrypted, phys_to_dma, withinMask } from '../device.ts';
import { chunkOf, gen_pool_alloc, gen_pool_free, gen_pool_virt_to_phys } from '../genalloc.ts';
import type { Kernel } from '../kernel.ts';
import type { AtomicPool } from '../state.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';

/** CONFIG_DMA_COHERENT_POOL. */
export function coherentPoolEnabled(k: Kernel): boolean {
  return k.config.fact('dmaCoherentPool') && k.config.option('DMA_COHERENT_POOL');
}

/** `dma_guess_pool()` without a zone in the gfp mask: kernel, dma32, dma; `n` counts the tries. */
function guessPool(k: Kernel, n: number): AtomicPool | null {
  let i = 0;
  for (const name of ['kernel', 'dma32', 'dma']) {
    const pool = k.state.atomicPools.find((p) => p.name === name);
    if (pool !== undefined && i++ === n) return pool;
  }
  return null;
}

/** Memory from an atomic pool: physical address and the key, which is how it goes back. */
export interface PoolMemory {
  readonly phys: number;
  readonly vaddr: number;
}

/**
 * `dma_alloc_from_pool()`: one piece from the first pool that has it, zeroed.
 *
 * @param shared from patch 5: the state that is wanted; pools in the other state are skipped
 */
export function* dma_alloc_from_pool(
  k: Kernel,
  t: Task,
  size: number,
  shared: boolean,
): Run<PoolMemory | null> {
  const f = enter(t, { fn: 'dma_alloc_from_pool', at: 0, size, shared, n: 0 });
  for (;;) {
    const candidate = guessPool(k, f.n);
    if (candidate === null) break;
    if (k.config.patch(5) && candidate.unencrypted !== f.shared) {
      f.n++;
      continue;
    }
    // Before 5 the caller had no attributes to pass.
    const attrs = k.config.patch(5) && f.shared ? 'DMA_ATTR_CC_SHARED' : '';
    yield at(f, 1, 'gen_pool_alloc', { pool: candidate.name, size: f.size, attrs });
    const { pool } = guessPool(k, f.n)!;
    const vaddr = gen_pool_alloc(pool, f.size);
    const phys = vaddr === 0 ? 0 : gen_pool_virt_to_phys(pool, vaddr);
    // phys_addr_ok is dma_coherent_ok(): the address as it would be encoded for this device.
    if (vaddr !== 0 && withinMask(k, phys_to_dma(k, phys, force_dma_unencrypted(k)), f.size)) {
      k.note(vaddr);
      zero(k, vaddr, f.size);
      leave(t);
      return { phys, vaddr };
    }
    if (vaddr !== 0) gen_pool_free(pool, vaddr, f.size);
    k.note(0);
    f.n++;
  }
  leave(t);
  return null;
}

/** `dma_free_from_pool()`: true, and the memory is back, when an atomic pool owns the virtual address. */
export function* dma_free_from_pool(k: Kernel, t: Task, vaddr: number, size: number): Run<boolean> {
  const f = enter(t, { fn: 'dma_free_from_pool', at: 0, vaddr, size });
  yield at(f, 1, 'dma_free_from_pool', { vaddr: f.vaddr, size: f.size });
  let owned = false;
  for (let n = 0; !owned; n++) {
    const candidate = guessPool(k, n);
    if (candidate === null) break;
    if (chunkOf(candidate.pool, f.vaddr, f.size) === null) continue;
    if (!gen_pool_free(candidate.pool, f.vaddr, f.size))
      k.fault('bad-free', f.vaddr, 'gen_pool_free of memory that is not handed out');
    owned = true;
  }
  k.note(owned);
  leave(t);
  return owned;
}
