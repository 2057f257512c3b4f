/** What devices do with a buffer that is mapped for them: they read and write it, and it is seen what arrives. */
import { device_read, device_write, encodingOf, reachesSharedOnly } from './device.ts';
import { hasAttr } from './dma/attrs.ts';
import { allocationOf, readCoherent, writeCoherent } from './driver-coherent.ts';
import { devicePattern, deviceWrites, expectedBytes } from './driver-data.ts';
import { DRIVERS, hasKeys, isLength, isVersion } from './driver-task.ts';
import type { Kernel } from './kernel.ts';
import type { DriverList, DriverMapping } from './state.ts';
import type { Args } from './steps.ts';

/** What the device of a driver may use now: mapped, handed over, no operation of the driver in progress. */
function inUse(k: Kernel, driver: unknown): DriverMapping | DriverList | null {
  if (driver !== 0 && driver !== 1) return null;
  const d = k.state.drivers[driver];
  if (d === undefined || d.owner !== 'device' || k.task(`driver/${driver}`).pending !== null) return null;
  return d.mapping ?? d.list;
}

/** Another device's registers are not memory that keeps what is written to it: whether they are reached is all. */
const isRegisters = ({ attrs }: { readonly attrs: string }): boolean => hasAttr(attrs, 'MMIO');

/** Does the device get at the registers of another under this address? */
function reachesRegisters(k: Kernel, driver: number, mapped: DriverMapping | DriverList): boolean {
  const { device } = k.state.drivers[driver]!;
  return !(reachesSharedOnly(k, device) && encodingOf(k, addressOf(mapped, 0)) === 'private');
}

function mayWrite(k: Kernel, driver: unknown): boolean {
  const mapped = inUse(k, driver);
  return mapped !== null && mapped.dir !== 'TO_DEVICE';
}

function mayRead(k: Kernel, driver: unknown): boolean {
  const mapped = inUse(k, driver);
  return mapped !== null && mapped.dir !== 'FROM_DEVICE';
}

/** The part of the buffer that is meant: an entry of the list, or the first `bytes` of all, or all. */
function partOf(k: Kernel, driver: number, { bytes, entry }: Args): { start: number; end: number } {
  const d = k.state.drivers[driver]!;
  if (entry === undefined) return { start: 0, end: (bytes ?? d.bytes) as number };
  const before = d.list!.segments.slice(0, entry as number);
  const start = before.reduce((sum, one) => sum + one.bytes, 0);
  return { start, end: start + d.list!.segments[entry as number]!.bytes };
}

/** An entry of the list that is mapped, or left out. */
function isEntry(k: Kernel, driver: unknown, entry: unknown): boolean {
  if (entry === undefined) return true;
  const segments = k.state.drivers[driver as number]?.list?.segments ?? [];
  return typeof entry === 'number' && segments[entry] !== undefined;
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

/** The driver has such coherent memory: the device may use it until the free is asked for. */
const hasCoherent = (k: Kernel, args: Args): boolean =>
  hasKeys(args, ['driver', 'which']) && allocationOf(k, args.driver, args.which) !== null;

/** Drivers whose devices may use memory now: registers are not offered, only accepted. */
const withMemory = (k: Kernel, may: (k: Kernel, driver: unknown) => boolean): Args[] =>
  DRIVERS.filter((d) => may(k, d) && !isRegisters(inUse(k, d)!)).map((driver) => ({ driver }));

/**
 * Stimulus `deviceWrite`: while the buffer is mapped and the device has it. Accepted with `bytes`, how many it
 * writes from the start of the buffer on, or `entry`, the entry of the list that it writes: what it does not write
 * keeps its value. `version`: of its pattern. With `which`: to coherent memory that the driver has, by its number.
 */
export const deviceWrite = {
  offers: (k: Kernel): Args[] => withMemory(k, mayWrite),
  accepts: (k: Kernel, args: Args): boolean =>
    args.which !== undefined
      ? hasCoherent(k, args)
      : hasKeys(args, ['driver'], ['bytes', 'entry', 'version']) &&
        mayWrite(k, args.driver) &&
        (args.bytes === undefined || args.entry === undefined) &&
        isVersion(args.version) &&
        isEntry(k, args.driver, args.entry) &&
        isLength(args.bytes ?? 1, k.state.drivers[args.driver as number]!.bytes),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const coherent = allocationOf(k, driver, args.which);
    if (coherent !== null) {
      k.note(writeCoherent(k, driver, coherent));
      return;
    }
    const d = k.state.drivers[driver]!;
    const mapped = (d.mapping ?? d.list)!;
    if (isRegisters(mapped)) {
      k.note(reachesRegisters(k, driver, mapped));
      return;
    }
    const { start, end } = partOf(k, driver, args);
    const version = (args.version ?? 0) as number;
    let reached = true;
    for (const [offset, value] of devicePattern(driver, d.bytes, version))
      if (
        offset >= start &&
        offset < end &&
        !device_write(k, d.device, addressOf(mapped, offset), [[0, value]])
      )
        reached = false;
    d.deviceWrote = reached;
    if (reached) deviceWrites(k, driver, start, end, version);
    k.note(reached);
  },
};

/**
 * Stimulus `deviceRead`: the device looks at what the CPU wrote, in the whole buffer, in one `entry` of the list, or
 * in coherent memory (`which`); what is missing becomes a fact of the state.
 */
export const deviceRead = {
  offers: (k: Kernel): Args[] => withMemory(k, mayRead),
  accepts: (k: Kernel, args: Args): boolean =>
    args.which !== undefined
      ? hasCoherent(k, args)
      : hasKeys(args, ['driver'], ['entry']) &&
        mayRead(k, args.driver) &&
        isEntry(k, args.driver, args.entry),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const coherent = allocationOf(k, driver, args.which);
    if (coherent !== null) {
      k.note(readCoherent(k, driver, coherent));
      return;
    }
    const d = k.state.drivers[driver]!;
    const mapped = (d.mapping ?? d.list)!;
    if (isRegisters(mapped)) {
      k.note(reachesRegisters(k, driver, mapped));
      return;
    }
    const { start, end } = partOf(k, driver, args);
    let same = true;
    for (const [offset, value] of expectedBytes(k, driver))
      if (offset >= start && offset < end && device_read(k, d.device, addressOf(mapped, offset)) !== value)
        same = false;
    if (!same) d.lost = 'to device';
    k.note(same);
  },
};
