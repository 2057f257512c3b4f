/**
 * Devices: what they can reach, and how a bus address says shared or private
 * (include/linux/dma-direct.h, kernel/dma/direct.c). A device is named by its number.
 */
import { deviceViewAt, viewByte, writeViewByte } from './device-view.ts';
import type { Kernel } from './kernel.ts';
import { HOST_SHARED, NORMAL_BASE, PAGE_SIZE, pageIndex, readByte, writeByte } from './memory.ts';
import type { DeviceState, IommuMapping, IoTlbMem } from './state.ts';

/** `DMA_MAPPING_ERROR`, the kernel's ~0. */
export const DMA_MAPPING_ERROR = -1;

/** The device of this number. */
export function deviceOf(k: Kernel, dev: number): DeviceState {
  const device = k.state.devices[dev];
  if (device === undefined) throw new Error(`no device ${dev}`);
  return device;
}

/** `dev->dma_io_tlb_mem`: every device is given one when it is set up (`swiotlb_dev_init()`). */
export function memOf(k: Kernel, dev: number): IoTlbMem {
  return k.mem(deviceOf(k, dev).io_tlb_mem);
}

/** `cc_platform_has(CC_ATTR_MEM_ENCRYPT)`. Patches 1 (pKVM) and 2 (s390) act here. */
export function cc_platform_has_mem_encrypt(k: Pick<Kernel, 'config'>): boolean {
  if (!k.config.fact('memEncrypt')) return false;
  const from = k.config.fact('memEncryptFromPatch');
  return from === null || k.config.patch(from);
}

/** `min_not_zero()` of a mask and the bus limit, both as numbers of bits: the address limit as a number. */
function limit(maskBits: number, busBits: number): number {
  return 2 ** (busBits === 0 ? maskBits : Math.min(maskBits, busBits)) - 1;
}

/**
 * `force_dma_unencrypted()`: the device can reach shared memory only. On an SME host the coherent mask and the
 * bus limit decide (arch/x86/mm/mem_encrypt.c), so the answer changes when a driver sets its mask. Patch 1 acts
 * here. That a trusted device is not forced is what the series prepares for; at v5 no platform looks at it.
 */
export function force_dma_unencrypted(k: Kernel, dev: number): boolean {
  const forces = k.config.fact('forces');
  if (forces === 'none') return false;
  const device = deviceOf(k, dev);
  if (forces === 'by-mask') {
    const enc = k.config.fact('addressBit');
    if (enc === null) return false;
    return limit(device.coherent_mask_bits, device.bus_limit_bits) <= 2 ** enc.bit - 1;
  }
  const from = k.config.fact('forcesFromPatch');
  return !device.trusted && (from === null || k.config.patch(from));
}

/**
 * Bus address of physical memory, encoded as shared or private; DMA_MAPPING_ERROR where the `dma_range_map` has
 * no window (`translate_phys_to_dma`). That the encoding of that error can make it look like an address is not
 * modelled.
 */
export function phys_to_dma(k: Kernel, phys: number, shared: boolean): number {
  if (phys >= NORMAL_BASE && k.config.size('dmaWindow') === 'low') return DMA_MAPPING_ERROR;
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

/**
 * `dma_capable()`: the encoded end lies within streaming mask and bus limit. From patch 9 a forced device is
 * not capable of what the caller does not know to be shared. All platforms have 64-bit bus addresses, so that
 * the test that asks whether it is RAM never applies.
 *
 * @param shared the caller's attributes have CC_SHARED
 */
export function dma_capable(
  k: Kernel,
  dev: number,
  dma: number,
  size: number,
  _isRam: boolean,
  shared: boolean,
): boolean {
  if (dma === DMA_MAPPING_ERROR) return false;
  if (!shared && k.config.patch(9) && force_dma_unencrypted(k, dev)) return false;
  const device = deviceOf(k, dev);
  return dma + size - 1 <= limit(device.dma_mask_bits, device.bus_limit_bits);
}

/** `dma_coherent_ok()`: the end, encoded as force says, lies within coherent mask and bus limit. */
export function dma_coherent_ok(k: Kernel, dev: number, phys: number, size: number): boolean {
  const device = deviceOf(k, dev);
  const dma = phys_to_dma(k, phys, force_dma_unencrypted(k, dev));
  if (dma === DMA_MAPPING_ERROR) return false;
  return dma + size - 1 <= limit(device.coherent_mask_bits, device.bus_limit_bits);
}

/**
 * Can the device in truth reach shared memory only, whatever the kernel thinks of it? Before patch 1 the kernel
 * thinks otherwise in a protected KVM guest. On an SME host nothing stops a device but the width of its address.
 */
export function reachesSharedOnly(k: Kernel, dev: number): boolean {
  const forces = k.config.fact('forces');
  if (forces === 'by-mask') return force_dma_unencrypted(k, dev);
  return forces === 'all' && !deviceOf(k, dev).trusted;
}

/** What stands behind a bus address: translated (an IOMMU, an exchange by Xen), or the encoding stripped. -1: nothing. */
export function busToPhys(k: Kernel, dev: number, dma: number): number {
  const m = translation(k, dev, dma);
  if (m !== null) return m.frames[Math.floor((dma - m.iova) / PAGE_SIZE)]! + (dma % PAGE_SIZE);
  return deviceOf(k, dev).iommu ? -1 : dma_to_phys(k, dma);
}

function translation(k: Kernel, dev: number, dma: number): IommuMapping | null {
  for (const m of k.state.iommu)
    if (m.dev === dev && dma >= m.iova && dma < m.iova + m.frames.length * PAGE_SIZE) return m;
  return null;
}

/** Why the device cannot reach memory through a table entry; null: it can. With a C-bit in entries, that one counts. */
function entryFault(k: Kernel, dev: number, m: IommuMapping, shared: boolean): string | null {
  if (k.config.fact('hostMemEncrypt')) {
    if (m.cbit === !shared) return null;
    return `the IOMMU's entry says ${m.cbit ? 'private' : 'shared'}, the memory is ${shared ? 'shared' : 'private'}`;
  }
  return reachesSharedOnly(k, dev) && !shared ? 'the host does not share the page' : null;
}

/** Why the device cannot use this bus address; null: it can. */
export function deviceFault(k: Kernel, dev: number, dma: number): string | null {
  const phys = busToPhys(k, dev, dma);
  const index = pageIndex(k.state.memory, phys);
  if (index < 0) return 'no memory there';
  const shared = (k.state.memory.codes[index]! & HOST_SHARED) !== 0;
  const entry = translation(k, dev, dma);
  if (entry !== null) return entryFault(k, dev, entry, shared);
  const says = encodingOf(k, dma);
  const sharedOnly = reachesSharedOnly(k, dev);
  if (sharedOnly && says === 'private') return 'a private address from an untrusted device';
  if (says !== null && (says === 'shared') !== shared)
    return `the address says ${says}, the memory is ${shared ? 'shared' : 'private'}`;
  if (sharedOnly && !shared) return 'the host does not share the page';
  return null;
}

/** The device reads a byte; null, and a fault, where it cannot. */
export function device_read(k: Kernel, dev: number, dma: number): number | null {
  const because = deviceFault(k, dev, dma);
  if (because === null) return readBehindCaches(k, dev, busToPhys(k, dev, dma));
  k.fault('device-access', Math.floor(dma / PAGE_SIZE) * PAGE_SIZE, because);
  return null;
}

/** The device writes bytes; a page that it cannot reach is a fault and stays as it was. */
export function device_write(
  k: Kernel,
  dev: number,
  dma: number,
  bytes: readonly (readonly [number, number])[],
): boolean {
  let reached = true;
  for (const [offset, value] of bytes) {
    const because = deviceFault(k, dev, dma + offset);
    if (because === null) {
      writeBehindCaches(k, dev, busToPhys(k, dev, dma + offset), value);
      continue;
    }
    reached = false;
    k.fault('device-access', Math.floor((dma + offset) / PAGE_SIZE) * PAGE_SIZE, because);
  }
  return reached;
}

/** A byte as the device sees it: one that does not snoop the CPU's caches may see an older one. */
function readBehindCaches(k: Kernel, dev: number, phys: number): number {
  const view = deviceOf(k, dev).coherent ? null : deviceViewAt(k, phys);
  return view === null ? readByte(k.state.memory, phys) : viewByte(view, phys);
}

function writeBehindCaches(k: Kernel, dev: number, phys: number, value: number): void {
  const view = deviceOf(k, dev).coherent ? null : deviceViewAt(k, phys);
  if (view === null) writeByte(k.state.memory, phys, value);
  else writeViewByte(view, phys, value);
}
