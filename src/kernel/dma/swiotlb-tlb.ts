/**
 * The buffer of a dynamic or transient swiotlb pool: where its memory comes from and how it goes back
 * (kernel/dma/swiotlb.c: alloc_dma_pages, swiotlb_alloc_tlb, swiotlb_free_tlb). Here patches 5 and 7 act.
 */
import { set_memory_decrypted, set_memory_encrypted } from '../arch/set-memory.ts';
import { freeBlock } from '../cma.ts';
import { cc_platform_has_mem_encrypt, force_dma_unencrypted } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt, virt_to_phys } from '../memory.ts';
import type { Zone } from '../page-alloc.ts';
import { get_order, takeBlock } from '../page-alloc.ts';
import type { Run, Task } from '../task.ts';
import { at, atChoice, enter, leave, needsPages } from '../task.ts';
import type { PoolMemory } from './pool.ts';
import { coherentPoolEnabled, dma_alloc_from_pool, dma_free_from_pool } from './pool.ts';

/** Allocation flags that matter: may it sleep? */
export type Gfp = 'GFP_NOWAIT' | 'GFP_KERNEL';

/** `dev == NULL`: the growth worker allocates for no device. */
export const NO_DEVICE = -1;

/** What a buffer is asked to be. */
export interface TlbRequest {
  /** Number of the device that it is for, or {@link NO_DEVICE}. */
  readonly dev: number;
  readonly bytes: number;
  /** Highest address that it may contain. */
  readonly phys_limit: number;
  /** From 7: CC_SHARED in the attributes. */
  readonly shared: boolean;
  readonly gfp: Gfp;
}

/** A page allocation that may sleep checks its context, whatever it then finds. */
export function mayBlock(k: Kernel, t: Task, gfp: Gfp): void {
  if (gfp === 'GFP_KERNEL') k.might_sleep(t);
}

/**
 * `alloc_dma_pages()`: pages that are converted when they shall be shared (before 7: always).
 *
 * @returns the buffer, null when there is none, 'EAGAIN' when it lay above the limit and was given back
 */
function* alloc_dma_pages(
  k: Kernel,
  t: Task,
  { bytes, phys_limit, shared, gfp }: TlbRequest,
  zone: Zone,
): Run<PoolMemory | null | 'EAGAIN'> {
  const f = enter(t, { fn: 'alloc_dma_pages', at: 0, gfp, bytes, shared, zone, phys_limit, phys: 0 });
  // Where all memory is one zone, naming it would say nothing.
  const named = f.zone !== 'normal' && k.state.memory.banks.length > 1;
  const args = { order: get_order(f.bytes), gfp: f.gfp, ...(named && { zone: f.zone }) };
  const answer = yield atChoice(f, 1, 'alloc_pages', needsPages(get_order(f.bytes), f.zone), args);
  mayBlock(k, t, f.gfp);
  if (answer === 'fail') {
    leave(t);
    return null;
  }
  f.phys = takeBlock(k.state.buddy, get_order(f.bytes), f.zone);
  k.note(f.phys);
  if (f.phys + f.bytes - 1 > f.phys_limit) {
    yield at(f, 3, '__free_pages', { addr: f.phys, order: get_order(f.bytes) });
    freeBlock(k, f.phys, get_order(f.bytes), '__free_pages');
    leave(t);
    return 'EAGAIN';
  }
  if (!k.config.patch(7) || f.shared) {
    const pages = Math.ceil(f.bytes / PAGE_SIZE);
    if ((yield* set_memory_decrypted(k, t, phys_to_virt(f.phys), pages)) !== 0) {
      // Pages that cannot be made private again are leaked on purpose.
      if ((yield* set_memory_encrypted(k, t, phys_to_virt(f.phys), pages)) === 0) {
        yield at(f, 2, '__free_pages', { addr: f.phys, order: get_order(f.bytes) });
        freeBlock(k, f.phys, get_order(f.bytes), '__free_pages');
      }
      leave(t);
      return null;
    }
  }
  leave(t);
  return { phys: f.phys, vaddr: phys_to_virt(f.phys) };
}

const DMA_BIT_MASK_24 = 2 ** 24 - 1;
const DMA_BIT_MASK_32 = 2 ** 32 - 1;

/** Zone bits that a limit asks for. All platforms are taken to have ZONE_DMA and ZONE_DMA32. */
export function zoneBelow(phys_limit: number): Zone {
  if (phys_limit <= DMA_BIT_MASK_24) return 'dma';
  return phys_limit <= DMA_BIT_MASK_32 ? 'dma32' : 'normal';
}

/** The zone that is tried when memory of this one lay above the limit; null: none. */
function nextZone(zone: Zone, phys_limit: number): Zone | null {
  if (zone === 'normal' && phys_limit < 2 ** 64 - 1) return 'dma32';
  return zone === 'dma' ? null : 'dma';
}

/**
 * `swiotlb_alloc_tlb()`: the buffer of a pool, from the atomic pools when it must be shared and the caller
 * cannot block, else from the page allocator, zone by zone until it lies below the limit.
 *
 * Before 7 the device is asked whether memory must be shared (and only if there is one), from 7 the
 * attribute says it. Between 5 and 7 the atomic pools are asked for the platform's state.
 */
export function* swiotlb_alloc_tlb(k: Kernel, t: Task, req: TlbRequest): Run<PoolMemory | null> {
  const { dev, bytes, phys_limit, shared, gfp } = req;
  const mustBeShared = k.config.patch(7) ? shared : dev !== NO_DEVICE && force_dma_unencrypted(k, dev);
  if (gfp === 'GFP_NOWAIT' && mustBeShared) {
    if (!coherentPoolEnabled(k)) return null;
    const wanted = k.config.patch(7) ? shared : cc_platform_has_mem_encrypt(k);
    return yield* dma_alloc_from_pool(k, t, dev, bytes, wanted);
  }
  const f = enter(t, {
    fn: 'swiotlb_alloc_tlb',
    at: 0,
    req: { dev, bytes, phys_limit, shared, gfp },
    zone: zoneBelow(phys_limit) as Zone | null,
  });
  let tlb: PoolMemory | null = null;
  while (f.zone !== null) {
    const got = yield* alloc_dma_pages(k, t, f.req, f.zone);
    if (got !== 'EAGAIN') {
      tlb = got;
      break;
    }
    f.zone = nextZone(f.zone, f.req.phys_limit);
  }
  leave(t);
  return tlb;
}

/** `swiotlb_free_tlb()`: back to the atomic pool that owns the address, else private and freed. */
export function* swiotlb_free_tlb(k: Kernel, t: Task, vaddr: number, bytes: number, shared: boolean): Run {
  const f = enter(t, { fn: 'swiotlb_free_tlb', at: 0, vaddr, bytes, shared });
  if (coherentPoolEnabled(k) && (yield* dma_free_from_pool(k, t, f.vaddr, f.bytes))) {
    leave(t);
    return;
  }
  const convert = !k.config.patch(7) || f.shared;
  const pages = Math.ceil(f.bytes / PAGE_SIZE);
  // Pages that cannot be made private again are leaked on purpose.
  if (!convert || (yield* set_memory_encrypted(k, t, f.vaddr, pages)) === 0) {
    yield at(f, 1, '__free_pages', { addr: virt_to_phys(f.vaddr), order: get_order(f.bytes) });
    freeBlock(k, virt_to_phys(f.vaddr), get_order(f.bytes), '__free_pages');
  }
  leave(t);
}
