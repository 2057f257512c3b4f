/** The CPU and the device at memory, byte by byte: what they read and write, and why they cannot. */
import { device_read, device_write, deviceFault } from '../kernel/device.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { cpuFault, readByte, translate, writeByte } from '../kernel/memory.ts';

/** Bytes, or why they could not be had: the first address that does not work. */
export type Access = { readonly bytes: number[] } | { readonly addr: number; readonly because: string };

/** The CPU reads through virtual addresses. */
export function cpuRead(k: Kernel, vaddr: number, size: number): Access {
  const bytes: number[] = [];
  for (let addr = vaddr; addr < vaddr + size; addr++) {
    const because = cpuFault(k.state.memory, addr);
    if (because !== null) return { addr, because };
    bytes.push(readByte(k.state.memory, translate(k.state.memory, addr)!.phys));
  }
  return { bytes };
}

/** The CPU writes; up to the first byte that it cannot. */
export function cpuWrite(k: Kernel, vaddr: number, bytes: readonly number[]): Access {
  for (const [n, value] of bytes.entries()) {
    const because = cpuFault(k.state.memory, vaddr + n);
    if (because !== null) return { addr: vaddr + n, because };
    writeByte(k.state.memory, translate(k.state.memory, vaddr + n)!.phys, value);
  }
  return { bytes: [] };
}

/** A device reads by bus addresses. */
export function deviceRead(k: Kernel, dev: number, dma: number, size: number): Access {
  const bytes: number[] = [];
  for (let addr = dma; addr < dma + size; addr++) {
    const because = deviceFault(k, dev, addr);
    if (because !== null) return { addr, because };
    bytes.push(device_read(k, dev, addr)!);
  }
  return { bytes };
}

/** A device writes; up to the first byte that it cannot. */
export function deviceWrite(k: Kernel, dev: number, dma: number, bytes: readonly number[]): Access {
  for (const [n, value] of bytes.entries()) {
    const because = deviceFault(k, dev, dma + n);
    if (because !== null) return { addr: dma + n, because };
    device_write(k, dev, dma + n, [[0, value]]);
  }
  return { bytes: [] };
}
