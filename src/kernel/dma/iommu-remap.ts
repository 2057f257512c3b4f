/**
 * Scattered coherent memory behind an IOMMU: iommu_dma_alloc_remap, __iommu_dma_free_pages
 * (drivers/iommu/dma-iommu.c). Here patch 8 acts, by the protection of the alias.
 */
import { alloc_pages, free_pages } from '../cma.ts';
import { DMA_MAPPING_ERROR } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE, phys_to_virt } from '../memory.ts';
import { giveObject, takeObject } from '../slab.ts';
import type { Frame, Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave } from '../task.ts';
import { zero } from '../uaccess.ts';
import { type Prot, vmap } from '../vmap.ts';
import type { Coherent } from './direct-alloc.ts';
import { pagesOf } from './direct-pages.ts';
import { coherentBits, iommu_map, iommu_unmap } from './iommu-domain.ts';
import { dma_pgprot } from './pgprot.ts';

interface RemapFrame extends Frame {
  readonly dev: number;
  readonly count: number;
  readonly prot: Prot;
  /** The array of page pointers. */
  array: number;
  /** Physical addresses of the pages so far. */
  frames: readonly number[];
  dma: number;
  vaddr: number;
}

/**
 * `iommu_dma_alloc_remap()`: single pages from anywhere, one range of IO virtual addresses, one alias. Larger
 * blocks, which the kernel tries first where the IOMMU has large pages, are not asked for.
 */
export function* iommu_dma_alloc_remap(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  attrs: string,
): Run<Coherent | null> {
  const f: RemapFrame = enter(t, {
    fn: 'iommu_dma_alloc_remap',
    at: 0,
    dev,
    count: pagesOf(bytes),
    prot: dma_pgprot(k, attrs, false),
    array: 0,
    frames: [] as readonly number[],
    dma: DMA_MAPPING_ERROR as number,
    vaddr: 0,
  });
  const answer = yield atChoice(f, 1, 'kvcalloc', ANY_ANSWER, { what: 'pages' });
  k.might_sleep(t);
  if (answer === 'ok') {
    f.array = takeObject(k, 'pages');
    k.note(f.array);
    yield* fill(k, t, f);
  }
  const { vaddr, dma } = f;
  leave(t);
  return vaddr === 0 ? null : { cpu_addr: vaddr, page: 0, dma };
}

function* fill(k: Kernel, t: Task, f: RemapFrame): Run {
  while (f.frames.length < f.count) {
    const phys = yield* alloc_pages(k, t, 0, { mayBlock: true, zone: 'normal' });
    if (phys === 0) {
      yield* freeScattered(k, t, f);
      return;
    }
    zero(k, phys_to_virt(phys), PAGE_SIZE);
    f.frames = [...f.frames, phys];
  }
  f.dma = yield* iommu_map(k, t, f.dev, f.frames, 0, coherentBits(k, f.dev), false);
  if (f.dma === DMA_MAPPING_ERROR) {
    yield* freeScattered(k, t, f);
    return;
  }
  f.vaddr = yield* vmap(k, t, f.frames, f.prot);
  if (f.vaddr === 0) {
    yield* iommu_unmap(k, t, f.dev, f.dma);
    yield* freeScattered(k, t, f);
    return;
  }
  // The alias keeps the array: by it a free knows that the pages are single ones.
  const areas = k.state.memory.vmap;
  const i = areas.findIndex((a) => a.vaddr === f.vaddr);
  areas[i] = { ...areas[i]!, array: f.array };
}

/** `__iommu_dma_free_pages()`: every page, last first, and the array. */
export function* freeScattered(
  k: Kernel,
  t: Task,
  f: Frame & { frames: readonly number[]; readonly array: number },
): Run {
  while (f.frames.length > 0) {
    const phys = f.frames[f.frames.length - 1]!;
    yield* free_pages(k, t, phys, 0);
    f.frames = f.frames.slice(0, -1);
  }
  yield at(f, 9, 'kvfree', { what: 'pages' });
  giveObject(k, f.array);
}
