/** What drivers do with their buffer while it is theirs: they read it and write to it. */
import { hasAttr } from './dma/attrs.ts';
import { deviceMayRead } from './dma/direction.ts';
import { BUFFER_BYTES, checkBuffer, cpuWrites } from './driver-data.ts';
import { DRIVERS, driverIdle, hasKeys, isVersion } from './driver-task.ts';
import type { Kernel } from './kernel.ts';
import type { Args } from './steps.ts';

/** The driver has its buffer: it is not mapped, or the driver took it back for a while. */
function hasBuffer(k: Kernel, driver: unknown): driver is number {
  return driverIdle(k, driver) && k.state.drivers[driver]!.owner === 'cpu';
}

/** A buffer that is mapped for a device that only writes is not written to: nobody would read it. */
function mayWrite(k: Kernel, driver: unknown): driver is number {
  if (!hasBuffer(k, driver)) return false;
  const { mapping, list } = k.state.drivers[driver]!;
  const how = mapping ?? list;
  return how === null || (deviceMayRead(how.dir) && !hasAttr(how.attrs, 'MMIO'));
}

/** Stimulus `cpuRead`: what the driver must find there and does not becomes a fact of the state. */
export const cpuRead = {
  offers: (k: Kernel): Args[] => DRIVERS.filter((d) => hasBuffer(k, d)).map((driver) => ({ driver })),
  accepts: (k: Kernel, args: Args): boolean => hasKeys(args, ['driver']) && hasBuffer(k, args.driver),
  apply: (k: Kernel, args: Args): void => {
    k.note(checkBuffer(k, args.driver as number));
  },
};

/** Stimulus `cpuWrite`: a pattern of the `version` that is named, by default the first. */
export const cpuWrite = {
  offers: (k: Kernel): Args[] => DRIVERS.filter((d) => mayWrite(k, d)).map((driver) => ({ driver })),
  accepts: (k: Kernel, args: Args): boolean =>
    hasKeys(args, ['driver'], ['version']) && isVersion(args.version) && mayWrite(k, args.driver),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const { bytes, mapping, list } = k.state.drivers[driver]!;
    cpuWrites(
      k,
      driver,
      bytes || BUFFER_BYTES,
      mapping !== null || list !== null,
      (args.version ?? 0) as number,
    );
  },
};
