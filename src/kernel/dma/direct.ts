/**
 * dma-direct: streaming map, unmap and sync of a device without an IOMMU (kernel/dma/direct.c, direct.h). Here
 * patches 9 and 10 act.
 */
import {
  DMA_MAPPING_ERROR,
  deviceOf,
  dma_capable,
  dma_to_phys,
  force_dma_unencrypted,
  phys_to_dma,
} from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { enter, leave } from '../task.ts';
import {
  arch_sync_dma_for_cpu,
  arch_sync_dma_for_device,
  beginDeviceView,
  endDeviceView,
} from './arch-sync.ts';
import { hasAttr, withAttr } from './attrs.ts';
import { dma_kmalloc_needs_bounce } from './kmalloc.ts';
import type { MapRequest, SyncRequest, UnmapRequest } from './request.ts';
import {
  is_swiotlb_active,
  is_swiotlb_force_bounce,
  swiotlb_map,
  swiotlb_max_mapping_size,
} from './swiotlb.ts';
import { streamingLimit, swiotlb_find_pool } from './swiotlb-find.ts';
import {
  swiotlb_sync_single_for_cpu,
  swiotlb_sync_single_for_device,
  swiotlb_tbl_unmap_single,
} from './swiotlb-unmap.ts';

/** What becomes of a mapping: it goes direct with this address, through a bounce with these attributes, or fails. */
export type MapDecision =
  | { readonly kind: 'direct'; readonly dma: number }
  | { readonly kind: 'bounce'; readonly attrs: string }
  | { readonly kind: 'error' };

const ERROR: MapDecision = { kind: 'error' };

/** The decision of `dma_direct_map_phys()`: what it asks, in its order, before anything is done. */
export function decideMap(k: Kernel, what: MapRequest): MapDecision {
  return k.config.patch(10) ? decideFrom10(k, what) : decideBefore10(k, what);
}

function decideBefore10(k: Kernel, what: MapRequest): MapDecision {
  const { dev, phys, bytes, attrs } = what;
  const mmio = hasAttr(attrs, 'MMIO');
  const shared = hasAttr(attrs, 'CC_SHARED');
  if (is_swiotlb_force_bounce(k, dev)) {
    if (!shared) return mmio || hasAttr(attrs, 'REQUIRE_COHERENT') ? ERROR : { kind: 'bounce', attrs };
  } else if (shared) return ERROR;
  if (mmio || shared) {
    // MMIO is not translated: the raw physical address is taken.
    const dma = mmio ? phys : phys_to_dma(k, phys, true);
    return dma_capable(k, dev, dma, bytes, false, shared) ? { kind: 'direct', dma } : ERROR;
  }
  return decideRam(k, what, phys_to_dma(k, phys, false), attrs);
}

function decideFrom10(k: Kernel, what: MapRequest): MapDecision {
  const { dev, phys, bytes } = what;
  const mmio = hasAttr(what.attrs, 'MMIO');
  const implied = mmio && force_dma_unencrypted(k, dev);
  const attrs = implied ? withAttr(what.attrs, 'CC_SHARED') : what.attrs;
  if (is_swiotlb_force_bounce(k, dev))
    return mmio || hasAttr(attrs, 'REQUIRE_COHERENT') ? ERROR : { kind: 'bounce', attrs };
  const shared = hasAttr(attrs, 'CC_SHARED');
  const dma = phys_to_dma(k, phys, shared);
  if (mmio) return dma_capable(k, dev, dma, bytes, false, shared) ? { kind: 'direct', dma } : ERROR;
  return decideRam(k, what, dma, attrs);
}

/** RAM: direct when the device can, else through a bounce when there is one and it is allowed. */
function decideRam(k: Kernel, { dev, bytes, dir }: MapRequest, dma: number, attrs: string): MapDecision {
  const shared = hasAttr(attrs, 'CC_SHARED');
  if (dma_capable(k, dev, dma, bytes, true, shared) && !dma_kmalloc_needs_bounce(k, dev, bytes, dir))
    return { kind: 'direct', dma };
  if (is_swiotlb_active(k, dev) && !hasAttr(attrs, 'REQUIRE_COHERENT')) return { kind: 'bounce', attrs };
  return ERROR;
}

/** `dma_direct_map_phys()`: bus address, or DMA_MAPPING_ERROR. */
export function* dma_direct_map_phys(k: Kernel, t: Task, what: MapRequest): Run<number> {
  const decision = decideMap(k, what);
  if (decision.kind === 'error') return DMA_MAPPING_ERROR;
  if (decision.kind === 'bounce') return yield* swiotlb_map(k, t, { ...what, attrs: decision.attrs });
  const { dev, phys, bytes, attrs } = what;
  if (!deviceOf(k, dev).coherent && !hasAttr(attrs, 'MMIO')) {
    beginDeviceView(k, phys, bytes);
    if (!hasAttr(attrs, 'SKIP_CPU_SYNC')) arch_sync_dma_for_device(k, phys, bytes);
  }
  return decision.dma;
}

/** `dma_direct_unmap_phys()`: copy out, then look the pool up again and give the slots back. */
export function* dma_direct_unmap_phys(k: Kernel, t: Task, what: UnmapRequest): Run {
  // Nothing was done for these; the address is not even translated.
  if (hasAttr(what.attrs, 'MMIO') || hasAttr(what.attrs, 'REQUIRE_COHERENT')) return;
  const f = enter(t, {
    fn: 'dma_direct_unmap_phys',
    at: 0,
    dev: what.dev,
    paddr: dma_to_phys(k, what.dma),
    bytes: what.bytes,
    dir: what.dir,
    attrs: what.attrs,
    pool: 0,
  });
  if (!hasAttr(f.attrs, 'SKIP_CPU_SYNC')) yield* dma_direct_sync_single_for_cpu(k, t, what);
  endDeviceView(k, f.paddr);
  f.pool = yield* swiotlb_find_pool(k, t, f.dev, f.paddr);
  if (f.pool !== 0) {
    const skip = withAttr(f.attrs, 'SKIP_CPU_SYNC');
    yield* swiotlb_tbl_unmap_single(k, t, f.dev, f.paddr, f.bytes, f.dir, skip, f.pool);
  }
  leave(t);
}

/** `dma_direct_sync_single_for_cpu()`: caches first, then the copy out of the bounce. */
export function* dma_direct_sync_single_for_cpu(k: Kernel, t: Task, what: SyncRequest): Run {
  const { dev, bytes, dir } = what;
  const paddr = dma_to_phys(k, what.dma);
  if (!deviceOf(k, dev).coherent) arch_sync_dma_for_cpu(k, paddr, bytes, dir);
  yield* swiotlb_sync_single_for_cpu(k, t, dev, paddr, bytes, dir);
}

/** `dma_direct_sync_single_for_device()`: the copy into the bounce first, then caches. */
export function* dma_direct_sync_single_for_device(k: Kernel, t: Task, what: SyncRequest): Run {
  const { dev, bytes, dir } = what;
  const f = enter(t, {
    fn: 'dma_direct_sync_single_for_device',
    at: 0,
    dev,
    paddr: dma_to_phys(k, what.dma),
    bytes,
  });
  yield* swiotlb_sync_single_for_device(k, t, f.dev, f.paddr, f.bytes, dir);
  if (!deviceOf(k, f.dev).coherent) arch_sync_dma_for_device(k, f.paddr, f.bytes);
  leave(t);
}

/** `dma_direct_get_required_mask()`: the mask that reaches all memory, encoded as force says. */
export function dma_direct_get_required_mask(k: Kernel, dev: number): number {
  const { banks } = k.state.memory;
  const last = Math.max(...banks.map((b) => b.start + (b.pages - 1) * PAGE_SIZE));
  const max_dma = phys_to_dma(k, last, force_dma_unencrypted(k, dev));
  return 2 ** (Math.floor(Math.log2(max_dma)) + 1) - 1;
}

/**
 * `dma_direct_max_mapping_size()`: bytes, Infinity when nothing limits them. Patch 10 acts: a forced device
 * bounces too.
 */
export function dma_direct_max_mapping_size(k: Kernel, dev: number): number {
  if (!is_swiotlb_active(k, dev)) return Infinity;
  const limited =
    streamingLimit(k, dev) < dma_direct_get_required_mask(k, dev) ||
    is_swiotlb_force_bounce(k, dev) ||
    (k.config.patch(10) && force_dma_unencrypted(k, dev));
  return limited ? swiotlb_max_mapping_size(k, dev) : Infinity;
}
