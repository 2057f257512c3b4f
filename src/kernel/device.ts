/**
 * The device: what it can reach, and how a bus address says shared or private
 * (include/linux/dma-direct.h, kernel/dma/direct.c).
 */
import type { Kernel } from './kernel.ts';
import { HOST_SHARED, PAGE_SIZE, pageIndex, writeByte } from './memory.ts';

/** `DMA_MAPPING_ERROR`, the kernel's ~0. */
export const DMA_MAPPING_ERROR = -1;

/** `force_dma_unencrypted()`: the device can reach shared memory only. */
export function force_dma_unencrypted(k: Kernel): boolean {
  return k.config.fact('forcesUntrusted') && !k.config.option('trusted');
}

/** Bus address of physical memory, encoded as shared or private. */
export function phys_to_dma(k: Kernel, phys: number, shared: boolean): number {
  const enc = k.config.fact('addressBit');
  if (enc === null) return phys;
  return shared === (enc.meaning === 'shared') ? phys + 2 ** enc.bit : phys;
}

/** `dma_to_phys()`: the encoding stripped. */
export function dma_to_phys(k: Kernel, dma: number): number {
  const enc = k.config.fact('addressBit');
  return enc !== null && dma >= 2 ** enc.bit ? dma - 2 ** enc.bit : dma;
}

/** What the address says of the memory: shared, private, or nothing (null: no bit here). */
export function encodingOf(k: Kernel, dma: number): 'shared' | 'private' | null {
  const enc = k.config.fact('addressBit');
  if (enc === null) return null;
  return dma >= 2 ** enc.bit === (enc.meaning === 'shared') ? 'shared' : 'private';
}

/** `dma_capable()`, `dma_coherent_ok()`: the encoded end lies within the mask (no bus limit here). */
export function withinMask(k: Kernel, dma: number, size: number): boolean {
  return dma + size - 1 < 2 ** k.config.size('dmaMaskBits');
}

/** Why the device cannot use this bus address; null: it can. */
export function deviceFault(k: Kernel, dma: number): string | null {
  const phys = dma_to_phys(k, dma);
  const index = pageIndex(k.state.memory, phys);
  if (index < 0) return 'no memory there';
  const shared = (k.state.memory.codes[index]! & HOST_SHARED) !== 0;
  const says = encodingOf(k, dma);
  if (force_dma_unencrypted(k) && says === 'private') return 'a private address from an untrusted device';
  if (says !== null && (says === 'shared') !== shared)
    return `the address says ${says}, the memory is ${shared ? 'shared' : 'private'}`;
  if (force_dma_unencrypted(k) && !shared) return 'the host does not share the page';
  return null;
}

/** The device writes bytes; a page that it cannot reach is a fault and stays as it was. */
export function device_write(k: Kernel, dma: number, bytes: readonly (readonly [number, number])[]): boolean {
  let reached = true;
  for (const [offset, value] of bytes) {
    const because = deviceFault(k, dma + offset);
    if (because === null) {
      writeByte(k.state.memory, dma_to_phys(k, dma + offset), value);
      continue;
    }
    reached = false;
    k.fault('device-access', Math.floor((dma + offset) / PAGE_SIZE) * PAGE_SIZE, because);
  }
  return reached;
}
