/**
 * Coherent memory in user space: dma_mmap_attrs (kernel/dma/mapping.c), dma_direct_mmap (kernel/dma/direct.c) and
 * iommu_dma_mmap (drivers/iommu/dma-iommu.c). Nothing is converted here; the entries get a protection. Here
 * patches 4 and 8 act.
 */
import { deviceOf, dma_to_phys, force_dma_unencrypted } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { HOST_SHARED, PAGE_SIZE, pageIndex, translate } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { framesOf, type Prot } from '../vmap.ts';
import { withAttr } from './attrs.ts';
import { pagesOf } from './direct-pages.ts';
import { dma_pgprot } from './pgprot.ts';

/** `-ENXIO`. */
const ENXIO = 6;

/** The user touches each page through the entries that it was given: a fault where they disagree with the page. */
function touch(k: Kernel, frames: readonly number[], shared: boolean): void {
  if (!k.config.fact('pteEncryption')) return;
  const { memory } = k.state;
  for (const phys of frames) {
    const host = (memory.codes[pageIndex(memory, phys)]! & HOST_SHARED) !== 0;
    if (host === shared) continue;
    const because = shared
      ? 'mapped shared to user space, but the host does not share the page'
      : 'mapped private to user space, but the page is shared with the host';
    k.fault('cpu-access', phys, because);
  }
}

/** The protection of the entries. `dma_direct_mmap()` asks force again; the IOMMU does not. */
function protOf(k: Kernel, dev: number, attrs: string): Prot {
  if (deviceOf(k, dev).iommu) return dma_pgprot(k, attrs, false);
  const forced = force_dma_unencrypted(k, dev);
  return dma_pgprot(k, forced ? withAttr(attrs, 'CC_SHARED') : attrs, forced);
}

/** Physical address of each page behind what `dma_alloc_attrs()` returned. */
function framesBehind(k: Kernel, dev: number, bytes: number, cpu_addr: number, dma: number): number[] {
  if (!deviceOf(k, dev).iommu) return framesOf(dma_to_phys(k, dma), pagesOf(bytes));
  const out: number[] = [];
  for (let n = 0; n < pagesOf(bytes); n++) {
    const behind = translate(k.state.memory, cpu_addr + n * PAGE_SIZE);
    if (behind !== null) out.push(behind.phys);
  }
  return out;
}

/**
 * `dma_mmap_attrs()` of the whole buffer. Returns 0 or -ENXIO. The user touches every page at once.
 *
 * @param cpu_addr what the allocation returned
 */
export function* dma_mmap_attrs(
  k: Kernel,
  t: Task,
  dev: number,
  bytes: number,
  cpu_addr: number,
  dma: number,
  attrs: string,
): Run<number> {
  const f = enter(t, {
    fn: 'dma_mmap_attrs',
    at: 0,
    dev,
    bytes,
    cpu_addr,
    dma,
    attrs,
    ret: 0,
    shared: false as boolean,
  });
  const frames = framesBehind(k, f.dev, f.bytes, f.cpu_addr, f.dma);
  if (frames.length === 0) f.ret = -ENXIO;
  else {
    const prot = protOf(k, f.dev, f.attrs);
    f.shared = prot === 'decrypted';
    yield at(f, 1, 'remap_pfn_range', { addr: frames[0]!, pages: frames.length, prot });
    touch(k, framesBehind(k, f.dev, f.bytes, f.cpu_addr, f.dma), f.shared);
  }
  yield at(f, 2, 'dma_mmap_attrs_ret', { ret: f.ret });
  const { ret } = f;
  leave(t);
  return ret;
}
