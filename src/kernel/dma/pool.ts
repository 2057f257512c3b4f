/**
 * Atomic (coherent) pools: memory that is converted already, handed out in any context (kernel/dma/pool.c).
 * Here patches 5 and 19 act; how a pool is made and grows is in `pool-expand.ts`.
 */
import { dma_coherent_ok } from '../device.ts';
import type { GenPool } from '../genalloc.ts';
import {
  chunkOf,
  chunkOfPhys,
  gen_pool_alloc,
  gen_pool_avail,
  gen_pool_free,
  gen_pool_free_owner,
  gen_pool_virt_to_phys,
} from '../genalloc.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE } from '../memory.ts';
import type { Zone } from '../page-alloc.ts';
import type { AtomicPool } from '../state.ts';
import type { Frame, Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import { schedule_work } from '../workqueue.ts';

/** CONFIG_DMA_COHERENT_POOL. */
export function coherentPoolEnabled(k: Kernel): boolean {
  return k.config.fact('dmaCoherentPool') && k.config.option('DMA_COHERENT_POOL');
}

/**
 * Pools in the order in which `dma_guess_pool()` gives them, from the zone of the request on: the first one by
 * the zone; after kernel comes dma32, then dma, after dma32 comes dma, after dma nothing.
 */
export function poolOrder(pools: readonly AtomicPool[], zone: Zone): AtomicPool[] {
  const find = (name: AtomicPool['name']): AtomicPool | undefined => pools.find((p) => p.name === name);
  const first = FIRST[zone].map(find).find((p) => p !== undefined);
  if (first === undefined) return [];
  const after = AFTER[first.name].map(find).filter((p) => p !== undefined);
  return [first, ...after];
}
const FIRST = {
  dma: ['dma', 'dma32', 'kernel'],
  dma32: ['dma32', 'dma', 'kernel'],
  normal: ['kernel', 'dma32', 'dma'],
} as const;
const AFTER = { kernel: ['dma32', 'dma'], dma32: ['dma'], dma: [] } as const;

/** Memory from an atomic pool: physical address and the key, which is how it goes back. */
export interface PoolMemory {
  readonly phys: number;
  readonly vaddr: number;
}

/**
 * `dma_alloc_from_pool()`: one piece from the first pool that has it, zeroed; the growth of that pool is
 * scheduled when less is left than pools start with.
 *
 * @param shared from patch 5: the state that is wanted; pools in the other state are skipped, with a warning
 *   when there is no other
 * @param zone zone bits of the request
 * @param check `phys_addr_ok` is `dma_coherent_ok()`; false: the caller asks nothing of the address (iommu)
 */
export function* dma_alloc_from_pool(
  k: Kernel,
  t: Task,
  dev: number,
  size: number,
  shared: boolean,
  zone: Zone = 'normal',
  check = true,
): Run<PoolMemory | null> {
  const f = enter(t, {
    fn: 'dma_alloc_from_pool',
    at: 0,
    dev,
    size,
    shared,
    zone,
    check,
    n: 0,
    suited: false as boolean,
    phys: 0,
    vaddr: 0,
  });
  for (; f.vaddr === 0; f.n++) {
    const candidate = poolOrder(k.state.atomicPools, f.zone)[f.n];
    if (candidate === undefined) break;
    if (k.config.patch(5) && candidate.unencrypted !== f.shared) continue;
    f.suited = true;
    // Before 5 the caller had no attributes to pass.
    const attrs = k.config.patch(5) && f.shared ? 'DMA_ATTR_CC_SHARED' : '';
    yield at(f, 1, 'gen_pool_alloc', { pool: candidate.name, size: f.size, attrs });
    takePiece(k, f);
    if (f.vaddr !== 0 && k.config.size('atomicPoolGrows')) yield* growWhenLow(k, t, f);
  }
  if (!f.suited) yield at(f, 4, 'WARN', { what: 'Failed to get suitable pool' });
  const { phys, vaddr } = f;
  leave(t, phys);
  return vaddr === 0 ? null : { phys, vaddr };
}

interface PoolFrame extends Frame {
  readonly dev: number;
  readonly size: number;
  readonly zone: Zone;
  readonly check: boolean;
  n: number;
  phys: number;
  vaddr: number;
}

/**
 * The middle of `__dma_alloc_from_pool()`: take a piece, ask whether the device can reach it, zero it. Nobody
 * else can reach the piece, so that all this is one step.
 */
function takePiece(k: Kernel, f: PoolFrame): void {
  const pool = poolOrder(k.state.atomicPools, f.zone)[f.n]?.pool;
  f.vaddr = pool === undefined ? 0 : gen_pool_alloc(pool, f.size);
  if (pool !== undefined && f.vaddr !== 0) {
    f.phys = gen_pool_virt_to_phys(pool, f.vaddr);
    if (f.check && !dma_coherent_ok(k, f.dev, f.phys, f.size)) {
      gen_pool_free(pool, f.vaddr, f.size);
      f.vaddr = 0;
      f.phys = 0;
    }
  }
  k.note(f.vaddr);
  if (f.vaddr !== 0) zero(k, f.vaddr, f.size);
}

/** The end of `__dma_alloc_from_pool()`: less than the low-water mark is left. */
function* growWhenLow(k: Kernel, t: Task, f: PoolFrame): Run {
  const pool = poolOrder(k.state.atomicPools, f.zone)[f.n];
  if (pool === undefined) return;
  yield at(f, 2, 'gen_pool_avail', { pool: pool.name });
  const left = available(k, pool.name);
  k.note(left);
  if (left >= atomic_pool_size(k)) return;
  yield at(f, 3, 'schedule_work', { work: 'atomic_pool_work' });
  k.note(schedule_work(k, t, 'atomic_pool_work', 0));
}

/** The pool of this name; null: there is none (any more). */
export function poolNamed(k: Kernel, name: AtomicPool['name']): AtomicPool | null {
  return k.state.atomicPools.find((p) => p.name === name) ?? null;
}

/** `gen_pool_avail()` of the pool of this name. */
export function available(k: Kernel, name: AtomicPool['name']): number {
  const found = poolNamed(k, name);
  return found === null ? 0 : gen_pool_avail(found.pool);
}

/** `atomic_pool_size`: bytes that a pool starts with, and below which it grows. */
export function atomic_pool_size(k: Kernel): number {
  return k.config.size('atomicPoolBuffers') * 2 * PAGE_SIZE;
}

/** `dma_free_from_pool()`: true, and the memory is back, when an atomic pool owns the virtual address. */
export function* dma_free_from_pool(k: Kernel, t: Task, vaddr: number, size: number): Run<boolean> {
  const f = enter(t, { fn: 'dma_free_from_pool', at: 0, vaddr, size });
  yield at(f, 1, 'dma_free_from_pool', { vaddr: f.vaddr, size: f.size });
  const owned = giveBack(k, (p) => (chunkOf(p, f.vaddr, f.size) === null ? -1 : f.vaddr), f.size);
  leave(t, owned);
  return owned;
}

/**
 * The same by physical address, from patch 19: every chunk of every pool is looked at, and the whole range must
 * lie in one.
 */
export function* dma_free_from_pool_phys(k: Kernel, t: Task, phys: number, size: number): Run<boolean> {
  const f = enter(t, { fn: 'dma_free_from_pool_phys', at: 0, phys, size });
  yield at(f, 1, 'dma_free_from_pool', { phys: f.phys, size: f.size });
  const owned = giveBack(
    k,
    (p) => {
      const chunk = chunkOfPhys(p, f.phys, f.size);
      return chunk === null ? -1 : chunk.start + (f.phys - chunk.phys);
    },
    f.size,
  );
  leave(t, owned);
  return owned;
}

/** Give a piece back to the first pool that knows its key (-1: it does not). Looks from kernel onward. */
function giveBack(k: Kernel, keyIn: (pool: GenPool) => number, size: number): boolean {
  for (const { pool } of poolOrder(k.state.atomicPools, 'normal')) {
    const key = keyIn(pool);
    if (key < 0) continue;
    gen_pool_free_owner(k, pool, key, size);
    k.note(true);
    return true;
  }
  k.note(false);
  return false;
}
