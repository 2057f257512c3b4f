/** What devices do with a buffer that is mapped for them: they read and write it, and it is seen what arrives. */
import { device_read, device_write } from './device.ts';
import { hasAttr } from './dma/attrs.ts';
import { devicePattern, expectedBytes } from './driver-data.ts';
import { DRIVERS, hasKeys, isLength } from './driver-task.ts';
import type { Kernel } from './kernel.ts';
import type { DriverList, DriverMapping } from './state.ts';
import type { Args } from './steps.ts';

/** What the device of a driver may use now: mapped, handed over, no operation of the driver in progress. */
function inUse(k: Kernel, driver: unknown): DriverMapping | DriverList | null {
  if (driver !== 0 && driver !== 1) return null;
  const d = k.state.drivers[driver];
  if (d === undefined || d.owner !== 'device' || k.task(`driver/${driver}`).pending !== null) return null;
  const mapped = d.mapping ?? d.list;
  // Another device's registers are not memory that keeps what is written to it.
  return mapped === null || hasAttr(mapped.attrs, 'MMIO') ? null : mapped;
}

function mayWrite(k: Kernel, driver: unknown): boolean {
  const mapped = inUse(k, driver);
  return mapped !== null && mapped.dir !== 'TO_DEVICE';
}

function mayRead(k: Kernel, driver: unknown): boolean {
  const mapped = inUse(k, driver);
  return mapped !== null && mapped.dir !== 'FROM_DEVICE';
}

/** Bus address of a byte of the buffer. */
function addressOf(mapped: DriverMapping | DriverList, offset: number): number {
  if ('dma' in mapped) return mapped.dma + offset;
  let start = 0;
  for (const { dma, bytes } of mapped.segments) {
    if (offset < start + bytes) return dma + offset - start;
    start += bytes;
  }
  throw new Error(`the list has no byte ${offset}`);
}

/**
 * Stimulus `deviceWrite`: while the buffer is mapped and the device has it. Accepted with `bytes`, how many it
 * writes from the start of the buffer on: what it does not write keeps its value.
 */
export const deviceWrite = {
  offers: (k: Kernel): Args[] => DRIVERS.filter((d) => mayWrite(k, d)).map((driver) => ({ driver })),
  accepts: (k: Kernel, args: Args): boolean =>
    hasKeys(args, ['driver'], ['bytes']) &&
    mayWrite(k, args.driver) &&
    isLength(args.bytes ?? 1, k.state.drivers[args.driver as number]!.bytes),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const d = k.state.drivers[driver]!;
    const mapped = (d.mapping ?? d.list)!;
    const bytes = (args.bytes ?? d.bytes) as number;
    let reached = true;
    for (const [offset, value] of devicePattern(driver, d.bytes))
      if (offset < bytes && !device_write(k, d.device, addressOf(mapped, offset), [[0, value]]))
        reached = false;
    d.deviceWrote = reached;
    d.deviceBytes = reached ? Math.max(bytes, d.deviceBytes) : d.deviceBytes;
    k.note(reached);
  },
};

/** Stimulus `deviceRead`: the device looks at what the CPU wrote; what is missing becomes a fact of the state. */
export const deviceRead = {
  offers: (k: Kernel): Args[] => DRIVERS.filter((d) => mayRead(k, d)).map((driver) => ({ driver })),
  accepts: (k: Kernel, args: Args): boolean => hasKeys(args, ['driver']) && mayRead(k, args.driver),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const d = k.state.drivers[driver]!;
    const mapped = (d.mapping ?? d.list)!;
    let same = true;
    for (const [offset, value] of expectedBytes(k, driver))
      if (device_read(k, d.device, addressOf(mapped, offset)) !== value) same = false;
    if (!same) d.lost = 'to device';
    k.note(same);
  },
};
