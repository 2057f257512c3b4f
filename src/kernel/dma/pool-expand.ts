/**
 * How atomic pools are made and grow: dma_atomic_pool_init, atomic_pool_work_fn, atomic_pool_expand
 * (kernel/dma/pool.c). Here patches 5 and 13 act.
 */

import { ENOMEM } from '../arch/protocol.ts';
import { set_memory_decrypted, set_memory_encrypted } from '../arch/set-memory.ts';
import { alloc_pages, cma_alloc, free_pages } from '../cma.ts';
import { cc_platform_has_mem_encrypt } from '../device.ts';
import { gen_pool_add_virt, gen_pool_size } from '../genalloc.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt } from '../memory.ts';
import { get_order, MAX_PAGE_ORDER, type Zone, zoneOf } from '../page-alloc.ts';
import { giveObject, takeObject } from '../slab.ts';
import type { AtomicPool } from '../state.ts';
import type { Frame, Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave } from '../task.ts';
import { framesOf, vmap, vunmap } from '../vmap.ts';
import { atomic_pool_size, available, coherentPoolEnabled, poolNamed } from './pool.ts';

type PoolName = AtomicPool['name'];

/** Zone bits of the pages of each pool. */
const ZONE: Readonly<Record<PoolName, Zone>> = { kernel: 'normal', dma32: 'dma32', dma: 'dma' };

/** `cma_in_zone()`: is there a CMA area, and does it lie where the pool's pages must lie? */
function cma_in_zone(k: Kernel, zone: Zone): boolean {
  const { phys, bits } = k.state.cma;
  if (bits.length === 0) return false;
  const end = zoneOf(phys + bits.length * PAGE_SIZE - 1);
  return zone === 'normal' || end === 'dma' || end === zone;
}

interface ExpandFrame extends Frame {
  readonly name: PoolName;
  order: number;
  phys: number;
  addr: number;
  ret: number;
  leak: boolean;
}

/**
 * `atomic_pool_expand()`: one more chunk, of the order that suffices for `bytes` or of the largest lower one that
 * can be had. Returns 0 or a negative errno.
 *
 * Before 5 the memory is converted whatever the platform says; a failed `gen_pool_add_virt()` is overwritten by
 * the result of the conversion back, and where that one fails too, the alias stays with the leaked pages. From 5
 * pages in uncertain state are leaked, and the alias goes in any case. Before 13 pages are freed under
 * CONFIG_DMA_DIRECT_REMAP only. Pages go to the page allocator, also those that CMA gave.
 */
function* atomic_pool_expand(k: Kernel, t: Task, name: PoolName, bytes: number): Run<number> {
  const f: ExpandFrame = enter(
    t,
    {
      fn: 'atomic_pool_expand',
      at: 0,
      name,
      // The kernel's get_order(0) is no small number: an empty pool asks for the largest block.
      order: bytes === 0 ? MAX_PAGE_ORDER : Math.min(get_order(bytes), MAX_PAGE_ORDER),
      phys: 0,
      addr: 0,
      ret: -ENOMEM,
      leak: false as boolean,
    },
    { bytes },
  );
  yield* poolPages(k, t, f);
  if (f.phys !== 0) yield* intoPool(k, t, f);
  const { ret } = f;
  leave(t, ret);
  return ret;
}

/** The pages of a chunk, by descending order: CMA first if it lies in the zone, else the page allocator. */
function* poolPages(k: Kernel, t: Task, f: ExpandFrame): Run {
  const zone = ZONE[f.name];
  for (; f.order >= 0; f.order--) {
    if (cma_in_zone(k, zone)) f.phys = yield* cma_alloc(k, t, 2 ** f.order);
    if (f.phys === 0) f.phys = yield* alloc_pages(k, t, f.order, { mayBlock: true, zone });
    if (f.phys !== 0) return;
  }
}

/** Alias, conversion, `gen_pool_add_virt()`, and their undoing. */
function* intoPool(k: Kernel, t: Task, f: ExpandFrame): Run {
  const remap = k.config.fact('dmaDirectRemap');
  const pages = 2 ** f.order;
  f.addr = phys_to_virt(f.phys);
  if (remap) {
    // The alias's protection is decrypted whatever the pool's state.
    f.addr = yield* vmap(k, t, framesOf(f.phys, pages), 'decrypted');
    if (f.addr === 0) {
      yield* free_pages(k, t, f.phys, f.order);
      return;
    }
  }
  if (converts(k, f.name)) {
    f.ret = yield* set_memory_decrypted(k, t, phys_to_virt(f.phys), pages);
    if (f.ret !== 0) {
      // Before 5 the pages were freed in whatever state they are.
      f.leak = k.config.patch(5);
      yield* remove_mapping(k, t, f);
      return;
    }
  }
  const args = { pool: f.name, vaddr: f.addr, pages };
  if ((yield atChoice(f, 1, 'gen_pool_add_virt', ANY_ANSWER, args)) === 'ok') {
    addChunk(k, f);
    f.ret = 0;
    return;
  }
  f.ret = -ENOMEM;
  if (converts(k, f.name)) {
    const back = yield* set_memory_encrypted(k, t, phys_to_virt(f.phys), pages);
    if (!k.config.patch(5)) {
      f.ret = back;
      if (back !== 0) {
        yield at(f, 2, 'WARN', { what: 'leaking atomic pool pages' });
        return;
      }
    } else f.leak = back !== 0;
  }
  yield* remove_mapping(k, t, f);
}

/** Is the memory of the pool converted? Before 5 always. */
function converts(k: Kernel, name: PoolName): boolean {
  return !k.config.patch(5) || poolNamed(k, name)?.unencrypted === true;
}

/** The label `remove_mapping` and what follows it: the alias goes, then the pages unless they are leaked. */
function* remove_mapping(k: Kernel, t: Task, f: ExpandFrame): Run {
  const remap = k.config.fact('dmaDirectRemap');
  if (remap) yield* vunmap(k, t, f.addr);
  f.addr = 0;
  if (!f.leak && (remap || k.config.patch(13))) yield* free_pages(k, t, f.phys, f.order);
}

function addChunk(k: Kernel, f: ExpandFrame): void {
  let pool = poolNamed(k, f.name);
  if (pool === null) {
    // Before 5 a pool is known only once its first chunk is there.
    pool = { name: f.name, pool: { chunks: [] }, unencrypted: null };
    k.state.atomicPools.push(pool);
  }
  gen_pool_add_virt(pool.pool, f.addr, f.phys, 2 ** f.order * PAGE_SIZE);
}

/**
 * `__dma_atomic_pool_init()`: false when there is no such pool in the end. From 5 the pool stands at its place
 * while it is filled, knows whether it is unencrypted, and is taken away again when that fails.
 */
function* __dma_atomic_pool_init(k: Kernel, t: Task, name: PoolName): Run<boolean> {
  const f = enter(t, { fn: '__dma_atomic_pool_init', at: 0, name, object: 0, ret: 0 });
  const answer = yield atChoice(f, 1, 'kzalloc', ANY_ANSWER, { what: 'gen_pool', gfp: 'GFP_KERNEL' });
  k.might_sleep(t);
  if (answer === 'fail') {
    leave(t);
    return false;
  }
  f.object = takeObject(k, 'gen_pool');
  k.note(f.object);
  if (k.config.patch(5)) {
    const unencrypted = cc_platform_has_mem_encrypt(k);
    k.state.atomicPools.push({ name: f.name, pool: { chunks: [] }, unencrypted });
  }
  f.ret = yield* atomic_pool_expand(k, t, f.name, atomic_pool_size(k));
  if (f.ret === 0 && poolNamed(k, f.name) === null)
    k.state.atomicPools.push({ name: f.name, pool: { chunks: [] }, unencrypted: null });
  if (f.ret !== 0) {
    yield at(f, 2, 'kfree', { what: 'gen_pool', pool: f.object });
    giveObject(k, f.object);
    const i = k.state.atomicPools.findIndex((p) => p.name === f.name);
    if (i >= 0) k.state.atomicPools.splice(i, 1);
  }
  const made = f.ret === 0;
  leave(t);
  return made;
}

/** The pools that `dma_atomic_pool_init()` makes, in its order: those whose zone has memory. */
export function zonesWithPools(k: Kernel): PoolName[] {
  if (!k.config.size('zonePools')) return ['kernel'];
  return k.config.size('dmaZonePages') > 0 ? ['kernel', 'dma', 'dma32'] : ['kernel', 'dma32'];
}

/** `dma_atomic_pool_init()`: 0, or -ENOMEM when a pool is missing; the others stay. */
export function* dma_atomic_pool_init(k: Kernel, t: Task): Run<number> {
  const f = enter(t, { fn: 'dma_atomic_pool_init', at: 0, n: 0, ret: 0 });
  const names = coherentPoolEnabled(k) ? zonesWithPools(k) : [];
  for (; f.n < names.length; f.n++) if (!(yield* __dma_atomic_pool_init(k, t, names[f.n]!))) f.ret = -ENOMEM;
  yield at(f, 1, 'dma_atomic_pool_init_ret', { ret: f.ret });
  const { ret } = f;
  leave(t);
  return ret;
}

/** `atomic_pool_work_fn()`: each pool of which less is left than pools start with is doubled. */
export function* atomic_pool_work_fn(k: Kernel, t: Task): Run {
  const f = enter(t, { fn: 'atomic_pool_work_fn', at: 0, n: 0 });
  for (; f.n < GROW_ORDER.length; f.n++) {
    const name = GROW_ORDER[f.n]!;
    if (poolNamed(k, name) === null) continue;
    yield at(f, 1, 'gen_pool_avail', { pool: name });
    const left = available(k, name);
    k.note(left);
    const pool = poolNamed(k, name);
    if (pool === null || left >= atomic_pool_size(k)) continue;
    yield* atomic_pool_expand(k, t, name, gen_pool_size(pool.pool));
  }
  leave(t);
}
const GROW_ORDER = ['dma', 'dma32', 'kernel'] as const;
