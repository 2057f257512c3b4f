/** The kernel's entry points that scenarios call, as bodies of a task. The one place that knows their arguments. */
import { dma_map_sg, dma_unmap_sg, type SgEntry, type SgSegment } from '../kernel/dma/direct-sg.ts';
import type { DmaDirection } from '../kernel/dma/direction.ts';
import { dma_alloc_attrs, dma_alloc_pages, dma_free_attrs, dma_free_pages } from '../kernel/dma/mapping.ts';
import {
  dma_map_phys,
  dma_sync_single_for_cpu,
  dma_sync_single_for_device,
  dma_unmap_phys,
} from '../kernel/dma/streaming.ts';
import type { Allocation as DriverAllocation } from '../kernel/index.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Run } from '../kernel/task.ts';
import type { Body } from './machine.ts';

interface Streaming {
  readonly dev: number;
  readonly bytes: number;
  readonly dir: string;
  readonly attrs: string;
}
interface Alloc {
  readonly dev: number;
  readonly bytes: number;
  readonly mayBlock: boolean;
}
interface Free {
  readonly dev: number;
  readonly bytes: number;
  readonly dma: number;
}
/** `dma_map_phys()`, which all maps of one piece of memory become: bus address, or DMA_MAPPING_ERROR. */
export const mapPhys =
  (r: Streaming & { readonly phys: number }): Body<number> =>
  (k, t) =>
    dma_map_phys(k, t, { ...r, dir: way(r.dir) });

/** `dma_unmap_phys()`. */
export const unmapPhys =
  (r: Streaming & { readonly dma: number }): Body<true> =>
  (k, t) =>
    returns(dma_unmap_phys(k, t, { ...r, dir: way(r.dir) }));

/** `dma_sync_single_for_cpu()`. */
export const syncForCpu =
  (r: Streaming & { readonly dma: number }): Body<true> =>
  (k, t) =>
    returns(dma_sync_single_for_cpu(k, t, { ...r, dir: way(r.dir) }));

/** `dma_sync_single_for_device()`. */
export const syncForDevice =
  (r: Streaming & { readonly dma: number }): Body<true> =>
  (k, t) =>
    returns(dma_sync_single_for_device(k, t, { ...r, dir: way(r.dir) }));

/** `dma_map_sg_attrs()`: a bus address for each entry; null: an error. */
export const mapSg = (
  dev: number,
  entries: readonly SgEntry[],
  dir: string,
  attrs: string,
): Body<number[] | null> =>
  function* (k, t): Run<number[] | null> {
    const segments = yield* dma_map_sg(k, t, { dev, entries, dir: way(dir), attrs });
    return segments === null ? null : segments.map(({ dma }) => dma);
  };

/** `dma_unmap_sg_attrs()`. */
export const unmapSg =
  (dev: number, segments: readonly SgSegment[], dir: string, attrs: string): Body<true> =>
  (k, t) =>
    returns(dma_unmap_sg(k, t, { dev, segments, dir: way(dir), attrs }));

/** Directions have no prefix in the simulator. */
const way = (dir: string): DmaDirection => dir.replace(/^DMA_/, '') as DmaDirection;

/** A body has a value, so that one that never returns (the guest is over) can be told from one that does. */
function* returns(body: Run): Run<true> {
  yield* body;
  return true;
}

/** What a driver was given. */
export type Given = Omit<DriverAllocation, 'fn' | 'bytes' | 'attrs'>;

/** `dma_alloc_attrs()`; null: NULL. The zone of a gfp mask is not asked for: the kernel takes it out. */
export const allocAttrs = (r: Alloc & { readonly attrs: string }): Body<Given | null> =>
  function* (k, t): Run<Given | null> {
    const got = yield* dma_alloc_attrs(k, t, r.dev, r.bytes, r.mayBlock, r.attrs);
    if (got !== null) keep(k, r.dev, { ...got, fn: 'dma_alloc_attrs', bytes: r.bytes, attrs: r.attrs });
    return got;
  };

/** `dma_free_attrs()` of a CPU address or a cookie. */
export const freeAttrs =
  (r: Free & { readonly cpu_addr: number; readonly attrs: string }): Body<true> =>
  (k, t) => {
    drop(k, r.dev, r.dma);
    return returns(dma_free_attrs(k, t, r.dev, r.bytes, r.cpu_addr, r.dma, r.attrs));
  };

/** `dma_alloc_pages()`; null: NULL. */
export const allocPages = (r: Alloc): Body<Given | null> =>
  function* (k, t): Run<Given | null> {
    const got = yield* dma_alloc_pages(k, t, r.dev, r.bytes, r.mayBlock);
    if (got !== null) keep(k, r.dev, { ...got, fn: 'dma_alloc_pages', bytes: r.bytes, attrs: '' });
    return got;
  };

/** `dma_free_pages()`. */
export const freePages =
  (r: Free & { readonly page: number }): Body<true> =>
  (k, t) => {
    drop(k, r.dev, r.dma);
    return returns(dma_free_pages(k, t, r.dev, r.bytes, r.page, r.dma));
  };

/** The driver's own notes, which the safety properties read. */
function keep(k: Kernel, dev: number, a: DriverAllocation): void {
  k.state.drivers[dev]!.allocations.push(a);
}

function drop(k: Kernel, dev: number, dma: number): void {
  const { allocations } = k.state.drivers[dev]!;
  const i = allocations.findIndex((a) => a.dma === dma);
  if (i >= 0) allocations.splice(i, 1);
}
