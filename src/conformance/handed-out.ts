/** The bus addresses that devices hold, of mappings and of allocations, and what stands behind one. */
import { dma_to_phys, encodingOf, reachesSharedOnly } from '../kernel/device.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { HOST_SHARED, PAGE_SIZE, pageIndex } from '../kernel/memory.ts';
import type { DriverState } from '../kernel/state.ts';

/** A bus address that a device may use, page by page. */
export interface HandedOut {
  /** Number of the device. */
  readonly device: number;
  /** Who asked for it, for messages. */
  readonly who: string;
  readonly dma: number;
  readonly bytes: number;
}

/** All of them, driver by driver. */
export function handedOut(k: Kernel): HandedOut[] {
  const out: HandedOut[] = [];
  k.state.drivers.forEach((d, n) => {
    const { device } = d;
    const who = `driver/${n}`;
    for (const { dma, bytes } of mapped(d)) out.push({ device, who, dma, bytes });
    for (const a of d.allocations) out.push({ device, who, dma: a.dma, bytes: a.bytes });
  });
  return out;
}

/** What a driver has mapped, as one range or as a list. */
export function mapped(d: DriverState): readonly { readonly dma: number; readonly bytes: number }[] {
  if (d.mapping !== null) return [d.mapping];
  return d.list?.segments ?? [];
}

/** Where a bus address leads. */
export interface BusTarget {
  /** Physical address; -1: nowhere. */
  readonly phys: number;
  /** What the address, or the IOMMU's entry for it, says of the memory; null: nothing. */
  readonly says: 'shared' | 'private' | null;
  /** It goes through an entry of an IOMMU, or of Xen. */
  readonly translated: boolean;
}

/**
 * Follows a bus address. An IO virtual address says nothing by itself: the entry does, and only where entries
 * carry the bit.
 */
export function busTarget(k: Kernel, device: number, dma: number): BusTarget {
  for (const m of k.state.iommu) {
    if (m.dev !== device || dma < m.iova || dma >= m.iova + m.frames.length * PAGE_SIZE) continue;
    const phys = m.frames[Math.floor((dma - m.iova) / PAGE_SIZE)]! + (dma % PAGE_SIZE);
    const says = k.config.fact('hostMemEncrypt') ? (m.cbit ? 'private' : 'shared') : null;
    return { phys, says, translated: true };
  }
  // A device behind an IOMMU reaches nothing but through it.
  if (k.state.devices[device]?.iommu === true) return { phys: -1, says: null, translated: true };
  const phys = dma_to_phys(k, dma);
  return { phys, says: encodingOf(k, dma), translated: false };
}

/** Why the device cannot use this bus address for memory; null: it can. */
export function cannotReach(k: Kernel, device: number, dma: number): string | null {
  const { phys, says, translated } = busTarget(k, device, dma);
  const index = pageIndex(k.state.memory, phys);
  if (index < 0) return 'no memory there';
  const shared = (k.state.memory.codes[index]! & HOST_SHARED) !== 0;
  // An entry that carries the bit decrypts on the way.
  const untrusted = reachesSharedOnly(k, device) && !(translated && says !== null);
  if (untrusted && says === 'private') return 'a private address from an untrusted device';
  if (says !== null && (says === 'shared') !== shared)
    return `the address says ${says}, the memory is ${shared ? 'shared' : 'private'}`;
  return untrusted && !shared ? 'the host does not share the page' : null;
}

/** Does the address lead to the registers of a device? */
export function isMmio(k: Kernel, phys: number): boolean {
  return phys >= 0 && pageIndex(k.state.memory, phys) < 0;
}
