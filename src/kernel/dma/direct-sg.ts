/**
 * Scatter lists, entry by entry (kernel/dma/mapping.c: dma_map_sg_attrs; kernel/dma/direct.c: dma_direct_map_sg,
 * dma_direct_unmap_sg; drivers/xen/swiotlb-xen.c the same). Behind an IOMMU every entry gets an IO virtual
 * address of its own, as `iommu_dma_map_sg_swiotlb()` does; the concatenation of entries is not modelled.
 */
import { DMA_MAPPING_ERROR } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { withAttr } from './attrs.ts';
import type { DmaDirection } from './direction.ts';
import { mapWith, refusesCoherent, syncWith, unmapWith } from './streaming.ts';

/** An entry of a scatter list that shall be mapped. */
export interface SgEntry {
  readonly phys: number;
  readonly bytes: number;
}

/** An entry that is mapped. */
export interface SgSegment {
  readonly dma: number;
  readonly bytes: number;
}

/** A list, and how it shall be mapped. */
export interface SgRequest {
  readonly dev: number;
  readonly entries: readonly SgEntry[];
  readonly dir: DmaDirection;
  readonly attrs: string;
}

/**
 * `dma_map_sg_attrs()`: every entry, or none: when one fails, those before it are unmapped without a copy. A device
 * that is not direct is not asked for CC_SHARED here, as it is in `dma_map_phys()`.
 *
 * @returns the mapped entries, null on error
 */
export function* dma_map_sg(k: Kernel, t: Task, what: SgRequest): Run<readonly SgSegment[] | null> {
  const { dev, entries, dir, attrs } = what;
  const f = enter(t, {
    fn: 'dma_map_sg_attrs',
    at: 0,
    dev,
    entries: entries.map(({ phys, bytes }) => ({ paddr: phys, bytes })),
    dir,
    attrs,
    done: [] as { dma: number; bytes: number }[],
    failed: refusesCoherent(k, dev, attrs),
  });
  while (!f.failed && f.done.length < f.entries.length) {
    const { paddr, bytes } = f.entries[f.done.length]!;
    const dma = yield* mapWith(k, t, { dev: f.dev, phys: paddr, bytes, dir: f.dir, attrs: f.attrs });
    if (dma === DMA_MAPPING_ERROR) f.failed = true;
    else f.done = [...f.done, { dma, bytes }];
  }
  if (f.failed) {
    const skip = withAttr(f.attrs, 'SKIP_CPU_SYNC');
    while (f.done.length > 0) {
      const [first, ...rest] = f.done;
      f.done = rest;
      yield* unmapWith(k, t, { dev: f.dev, ...first!, dir: f.dir, attrs: skip });
    }
  }
  yield at(f, 1, 'dma_map_sg_attrs_ret', { result: f.failed ? 0 : f.done.length });
  const { done, failed } = f;
  leave(t, failed ? 0 : done.length);
  return failed ? null : done;
}

/** A list that is mapped. */
export interface SgMapped {
  readonly dev: number;
  readonly segments: readonly SgSegment[];
  readonly dir: DmaDirection;
  readonly attrs: string;
}

/** `dma_unmap_sg_attrs()`. */
export function* dma_unmap_sg(k: Kernel, t: Task, what: SgMapped): Run {
  const f = enter(t, { fn: 'dma_unmap_sg_attrs', at: 0, ...copyOf(what) });
  for (; f.n < f.segments.length; f.n++)
    yield* unmapWith(k, t, { dev: f.dev, ...f.segments[f.n]!, dir: f.dir, attrs: f.attrs });
  yield at(f, 1, 'dma_unmap_sg_attrs_ret');
  leave(t);
}

/** `dma_sync_sg_for_cpu()`. */
export function* dma_sync_sg_for_cpu(k: Kernel, t: Task, what: SgMapped): Run {
  const f = enter(t, { fn: 'dma_sync_sg_for_cpu', at: 0, ...copyOf(what) });
  for (; f.n < f.segments.length; f.n++)
    yield* syncWith(k, t, { dev: f.dev, ...f.segments[f.n]!, dir: f.dir }, 'cpu');
  yield at(f, 1, 'dma_sync_single_for_cpu_ret');
  leave(t);
}

/** `dma_sync_sg_for_device()`. */
export function* dma_sync_sg_for_device(k: Kernel, t: Task, what: SgMapped): Run {
  const f = enter(t, { fn: 'dma_sync_sg_for_device', at: 0, ...copyOf(what) });
  for (; f.n < f.segments.length; f.n++)
    yield* syncWith(k, t, { dev: f.dev, ...f.segments[f.n]!, dir: f.dir }, 'device');
  yield at(f, 1, 'dma_sync_single_for_device_ret');
  leave(t);
}

/** The list as a frame keeps it, with the number of the entry that is next. */
function copyOf({ dev, segments, dir, attrs }: SgMapped) {
  return { dev, segments: segments.map(({ dma, bytes }) => ({ dma, bytes })), dir, attrs, n: 0 };
}
