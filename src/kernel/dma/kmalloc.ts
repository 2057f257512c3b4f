/**
 * Buffers from kmalloc that share a cache line with something else (include/linux/dma-map-ops.h:
 * dma_kmalloc_safe, dma_kmalloc_size_aligned, dma_kmalloc_needs_bounce).
 */
import { deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import type { DmaDirection } from './direction.ts';

/** ARCH_DMA_MINALIGN of arm64. */
const ARCH_DMA_MINALIGN = 128;
/** `dma_get_cache_alignment()`: a cache line of 64 bytes, as almost all arm64 CPUs have. */
const CACHE_ALIGNMENT = 64;
/** Sizes that kmalloc hands out below 2 * ARCH_DMA_MINALIGN. */
const KMALLOC_SIZES = [8, 16, 32, 64, 96, 128, 192, 256];

/** `kmalloc_size_roundup()` of a size up to 256. */
function kmalloc_size_roundup(size: number): number {
  return KMALLOC_SIZES.find((s) => s >= size)!;
}

/** `dma_kmalloc_size_aligned()`: kmalloc gives such a size cache lines of its own. */
export function dma_kmalloc_size_aligned(size: number): boolean {
  return size >= 2 * ARCH_DMA_MINALIGN || kmalloc_size_roundup(size) % CACHE_ALIGNMENT === 0;
}

/**
 * `dma_kmalloc_safe()`: whatever the size. CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC is on for arm64 alone among the
 * platforms.
 */
export function dma_kmalloc_safe(k: Kernel, dev: number, dir: DmaDirection): boolean {
  return deviceOf(k, dev).coherent || dir === 'TO_DEVICE' || k.config.fact('family') !== 'arm64';
}

/** `dma_kmalloc_needs_bounce()`. */
export function dma_kmalloc_needs_bounce(k: Kernel, dev: number, size: number, dir: DmaDirection): boolean {
  return !dma_kmalloc_safe(k, dev, dir) && !dma_kmalloc_size_aligned(size);
}
