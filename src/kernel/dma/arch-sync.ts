/**
 * CPU caches, for a device that does not snoop them (arch/arm64/mm/dma-mapping.c: arch_sync_dma_for_device,
 * arch_sync_dma_for_cpu).
 *
 * Memory holds what the CPU sees. A range that is mapped for a non-coherent device has a second view, the
 * device's: it is brought up to date when the caches are cleaned, and becomes the CPU's when they are
 * invalidated. Everything else that such a device reaches (uncached memory) has one view. A cache line that is
 * written back by itself, before anybody cleans it, is not modelled: a forgotten sync always shows.
 */
import { deviceViewAt } from '../device-view.ts';
import type { Kernel } from '../kernel.ts';
import { copyPhys, sparseBytes, writeByte } from '../memory.ts';
import type { DmaDirection } from './direction.ts';

/** A range becomes visible to a non-coherent device, as it lies in memory behind the caches: all zero. */
export function beginDeviceView(k: Kernel, phys: number, size: number): void {
  k.state.deviceViews.push({ phys, size, bytes: [] });
}

/** The range is unmapped: from here on the CPU's view is the only one. */
export function endDeviceView(k: Kernel, phys: number): void {
  const i = k.state.deviceViews.findIndex((v) => v.phys === phys);
  if (i >= 0) k.state.deviceViews.splice(i, 1);
}

/** `arch_sync_dma_for_device()`: clean the caches, whatever the direction. */
export function arch_sync_dma_for_device(k: Kernel, phys: number, size: number): void {
  const view = deviceViewAt(k, phys);
  if (view === null) return;
  const start = phys - view.phys;
  const others = view.bytes.filter(([offset]) => offset < start || offset >= start + size);
  const clean = sparseBytes(k.state.memory, phys, size).map(
    ([offset, value]) => [start + offset, value] as const,
  );
  view.bytes = [...others, ...clean].sort(([a], [b]) => a - b);
}

/** `arch_sync_dma_for_cpu()`: invalidate the caches, unless the device was not to write. */
export function arch_sync_dma_for_cpu(k: Kernel, phys: number, size: number, dir: DmaDirection): void {
  const view = deviceViewAt(k, phys);
  if (view === null || dir === 'TO_DEVICE') return;
  const start = phys - view.phys;
  copyPhys(k.state.memory, phys, null, size);
  for (const [offset, value] of view.bytes)
    if (offset >= start && offset < start + size) writeByte(k.state.memory, view.phys + offset, value);
}
