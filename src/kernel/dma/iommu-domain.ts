/**
 * The IOMMU's side: IO virtual addresses and page tables (drivers/iommu/dma-iommu.c: __iommu_dma_map,
 * __iommu_dma_unmap).
 *
 * Addresses are handed out lowest first, from a range that no memory has. On an SME host every entry that is
 * not MMIO carries the C-bit (`__sme_set()` in the AMD driver): what an entry says of its memory is `cbit`.
 */
import { DMA_MAPPING_ERROR, deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE } from '../memory.ts';
import type { IommuMapping } from '../state.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave } from '../task.ts';

/** First IO virtual address. Below 2^32, so that every device that is simulated can be given one. */
export const IOVA_START = 0x8000_0000;

function freeIova(mappings: readonly IommuMapping[], pages: number): number {
  let iova = IOVA_START;
  for (const m of mappings) {
    if (iova + pages * PAGE_SIZE <= m.iova) break;
    iova = m.iova + m.frames.length * PAGE_SIZE;
  }
  return iova;
}

/** The mapping that holds an IO virtual address of a device; null: none. */
export function iommuMappingAt(k: Kernel, dev: number, iova: number): IommuMapping | null {
  for (const m of k.state.iommu)
    if (m.dev === dev && iova >= m.iova && iova < m.iova + m.frames.length * PAGE_SIZE) return m;
  return null;
}

/** `iommu_iova_to_phys()`; -1: nothing is mapped there. */
export function iommu_iova_to_phys(k: Kernel, dev: number, iova: number): number {
  const m = iommuMappingAt(k, dev, iova);
  if (m === null) return -1;
  return m.frames[Math.floor((iova - m.iova) / PAGE_SIZE)]! + (iova % PAGE_SIZE);
}

/**
 * An IO virtual address and its entries: a choice of the world, for both can fail. Returns the address of the
 * first byte, or DMA_MAPPING_ERROR.
 *
 * @param frames pages in the order of their addresses
 * @param offset of the first byte in the first page
 * @param maskBits mask that the address must fit
 */
export function* iommu_map(
  k: Kernel,
  t: Task,
  dev: number,
  frames: readonly number[],
  offset: number,
  maskBits: number,
  mmio: boolean,
): Run<number> {
  const f = enter(t, { fn: '__iommu_dma_map', at: 0, dev, frames, offset, maskBits, mmio });
  const args = { addr: f.frames[0]!, pages: f.frames.length };
  const answer = yield atChoice(f, 1, 'iommu_map', ANY_ANSWER, args);
  const { iommu } = k.state;
  const iova = freeIova(iommu, f.frames.length);
  let dma = DMA_MAPPING_ERROR;
  if (answer === 'ok' && iova + f.frames.length * PAGE_SIZE - 1 < 2 ** f.maskBits) {
    const at = iommu.findIndex((m) => m.iova > iova);
    const cbit = k.config.fact('hostMemEncrypt') && !f.mmio;
    iommu.splice(at < 0 ? iommu.length : at, 0, { dev: f.dev, iova, frames: f.frames, cbit });
    dma = iova + f.offset;
  }
  k.note(dma);
  leave(t);
  return dma;
}

/** `__iommu_dma_unmap()`: the mapping that begins in the page of the address goes. */
export function* iommu_unmap(k: Kernel, t: Task, dev: number, dma: number): Run {
  const f = enter(t, { fn: '__iommu_dma_unmap', at: 0, dev, dma });
  yield at(f, 1, 'iommu_unmap', { dma: f.dma });
  const start = f.dma - (f.dma % PAGE_SIZE);
  const i = k.state.iommu.findIndex((m) => m.dev === f.dev && m.iova === start);
  if (i < 0) k.fault('bad-free', f.dma, 'unmap of an IO virtual address that no mapping begins at');
  else k.state.iommu.splice(i, 1);
  leave(t);
}

/** Width of the coherent mask: what coherent memory must fit. */
export function coherentBits(k: Kernel, dev: number): number {
  return deviceOf(k, dev).coherent_mask_bits;
}

/** Width of the streaming mask. */
export function streamingBits(k: Kernel, dev: number): number {
  return deviceOf(k, dev).dma_mask_bits;
}
