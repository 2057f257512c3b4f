/**
 * Where everything lies in physical memory when a run begins.
 *
 * The main bank, in zone dma32: default pool, memory of the page allocator, buffers of the drivers, region of
 * the restricted pool, CMA area, atomic pools. The atomic pools lie highest, so that their pages, should they be
 * freed by mistake, are not the next ones to be handed out.
 */
import type { ConfigReader } from './config.ts';
import { IO_TLB_SEGSIZE, IO_TLB_SIZE } from './dma/swiotlb-slots.ts';
import { BUFFER_BYTES } from './driver.ts';
import type { MemoryState } from './memory.ts';
import {
  createBanks,
  DMA_BASE,
  FAR_DMA32_BASE,
  FAR_NORMAL_BASE,
  HIGHMEM_BASE,
  NORMAL_BASE,
  PAGE_SIZE,
  RAM_BASE,
} from './memory.ts';
import type { BuddyState } from './page-alloc.ts';
import { addFrames, createBuddy, createFragmentedBuddy } from './page-alloc.ts';

/** Number of driver threads. */
export const DRIVER_COUNT = 2;

/** Pages of the global coherent pool, where there is one. */
const GLOBAL_PAGES = 16;

/** Where the memory of the page allocator begins when it does not lie in the main bank. */
const FAR = { low: null, '1G': FAR_DMA32_BASE, '16G': FAR_NORMAL_BASE } as const;

/** Physical addresses and sizes. */
export interface Layout {
  /** Slots that are reserved for the default pool, and where. */
  readonly poolSlabs: number;
  readonly pool: number;
  readonly ordinary: { readonly phys: number; readonly pages: number };
  readonly buffers: number;
  /** The reserved region; no slots: there is none. */
  readonly restricted: { readonly phys: number; readonly nslabs: number };
  readonly cma: { readonly phys: number; readonly pages: number };
  /** Region of the global coherent pool; no pages: there is none. */
  readonly global: { readonly phys: number; readonly pages: number };
  /** Where the atomic pools lie once they are made; `dma` in zone dma. */
  readonly atomic: {
    readonly pages: number;
    readonly kernel: number;
    readonly dma32: number;
    readonly dma: number;
  };
  readonly memory: MemoryState;
}

/** Lays memory out as the sizes say. */
export function layOut(config: ConfigReader): Layout {
  const poolSlabs = config.size('defaultAreas') * config.size('defaultSegments') * IO_TLB_SEGSIZE;
  const ordinaryPages = config.size('ordinaryPages');
  const bufferPages = DRIVER_COUNT * config.size('bufferPages');
  const restrictedSlabs = config.option('restrictedPool') ? config.size('restrictedSlabs') : 0;
  const cmaPages = config.size('cmaPages');
  const cmaHigh = config.size('cmaHighmem');
  const high = config.size('highBuffers');
  const atomicPages = (config.size('atomicPoolBuffers') * BUFFER_BYTES) / PAGE_SIZE;
  const zonePools = config.size('zonePools');
  const dmaPages = config.size('dmaZonePages');
  const normalPages = config.size('normalZonePages');
  const dmaPoolPages = zonePools && dmaPages > 0 ? atomicPages : 0;

  let at = RAM_BASE;
  const take = (pages: number): number => {
    const phys = at;
    at += pages * PAGE_SIZE;
    return phys;
  };
  const poolPages = (poolSlabs * IO_TLB_SIZE) / PAGE_SIZE;
  // SWIOTLB_ANY is powerpc's.
  const highPool = config.size('highPool') && config.fact('family') === 'powerpc' ? poolPages : 0;
  const lowPool = take(poolPages - highPool);
  const far = FAR[config.size('ordinaryAt')];
  const ordinary = { phys: far ?? take(ordinaryPages), pages: ordinaryPages };
  const lowBuffers = take(high ? 0 : bufferPages);
  const restricted = { phys: take((restrictedSlabs * IO_TLB_SIZE) / PAGE_SIZE), nslabs: restrictedSlabs };
  const cma = { phys: cmaHigh ? HIGHMEM_BASE : take(cmaPages), pages: cmaPages };
  const globalPages = config.option('uncached') === 'global' ? GLOBAL_PAGES : 0;
  const global = { phys: take(globalPages), pages: globalPages };
  const dma32 = take(zonePools ? atomicPages : 0);
  const kernel = take(atomicPages);
  const atomic = { pages: atomicPages, kernel, dma32, dma: DMA_BASE + dmaPages * PAGE_SIZE };

  const memory = createBanks(
    [
      { start: DMA_BASE, pages: dmaPages + dmaPoolPages },
      { start: RAM_BASE, pages: (at - RAM_BASE) / PAGE_SIZE },
      { start: FAR_DMA32_BASE, pages: far === FAR_DMA32_BASE ? ordinaryPages : 0 },
      { start: HIGHMEM_BASE, pages: cmaHigh ? cmaPages : 0, highmem: true },
      { start: NORMAL_BASE, pages: normalPages + (high ? bufferPages : 0) + highPool },
      { start: FAR_NORMAL_BASE, pages: far === FAR_NORMAL_BASE ? ordinaryPages : 0 },
    ],
    config.fact('pteEncryption'),
  );
  const buffers = high ? NORMAL_BASE + normalPages * PAGE_SIZE : lowBuffers;
  const behind = normalPages + (high ? bufferPages : 0);
  const pool = highPool > 0 ? NORMAL_BASE + behind * PAGE_SIZE : lowPool;
  return { poolSlabs, pool, ordinary, buffers, restricted, cma, global, atomic, memory };
}

/** The page allocator over its memory in all zones. */
export function layOutBuddy(config: ConfigReader, { ordinary }: Layout): BuddyState {
  const first = ordinary.phys / PAGE_SIZE;
  const large = config.size('largeBlocks');
  const apart = 4 * config.size('smallBlocks');
  const buddy =
    large === 0
      ? createBuddy(first + apart, ordinary.pages - apart)
      : createFragmentedBuddy(first, ordinary.pages, large);
  for (let pfn = first; pfn < first + apart; pfn += 4) addFrames(buddy, pfn, 2);
  addFrames(buddy, DMA_BASE / PAGE_SIZE, config.size('dmaZonePages'));
  addFrames(buddy, NORMAL_BASE / PAGE_SIZE, config.size('normalZonePages'));
  return buddy;
}
