/**
 * What devices do with coherent memory while a driver has it: what either side writes, the other finds at once. The
 * CPU writes a byte at both ends when it gets the memory; the device writes beside them, so that both stay.
 */
import { device_read, device_write } from './device.ts';
import { coherentPattern, cpuAddress } from './driver-alloc.ts';
import type { Kernel } from './kernel.ts';
import { cpuFault, readByte, translate } from './memory.ts';
import type { Allocation } from './state.ts';

/** The allocation of a driver by its number, the oldest is 0; null: there is none. */
export function allocationOf(k: Kernel, driver: unknown, which: unknown): Allocation | null {
  const d = driver === 0 || driver === 1 ? k.state.drivers[driver] : undefined;
  return typeof which === 'number' ? (d?.allocations[which] ?? null) : null;
}

/** What the device writes: nothing where the CPU's bytes leave no room. */
function devicePattern(driver: number, bytes: number): readonly (readonly [number, number])[] {
  const value = 0xa1 + driver;
  return [1, bytes - 2].filter((at) => at > 0 && at < bytes - 1).map((at) => [at, value]);
}

/** The device writes; true when it could, and the CPU finds it. What the CPU does not find becomes a fact of the state. */
export function writeCoherent(k: Kernel, driver: number, a: Allocation): boolean {
  const d = k.state.drivers[driver]!;
  const written = devicePattern(driver, a.bytes);
  for (const [offset, value] of written)
    if (!device_write(k, d.device, a.dma + offset, [[0, value]])) return false;
  const cpu = cpuAddress(a);
  const found = cpu === 0 || written.every(([offset, value]) => cpuReads(k, cpu + offset) === value);
  if (!found) d.lost = 'from device';
  return found;
}

/** A byte as the CPU sees it; null where it faults. */
function cpuReads(k: Kernel, vaddr: number): number | null {
  const { memory } = k.state;
  return cpuFault(memory, vaddr) === null ? readByte(memory, translate(memory, vaddr)!.phys) : null;
}

/** The device reads what the CPU wrote; true when it finds it. What it does not becomes a fact of the state. */
export function readCoherent(k: Kernel, driver: number, a: Allocation): boolean {
  const d = k.state.drivers[driver]!;
  let same = true;
  for (const [offset, value] of coherentPattern(driver, a.bytes)) {
    const read = device_read(k, d.device, a.dma + offset);
    // To memory without a CPU address nothing was written.
    if (read === null || (cpuAddress(a) !== 0 && read !== value)) same = false;
  }
  if (!same) d.lost = 'to device';
  return same;
}
