/** Drivers that map their buffer as a scatter list of equal parts. */
import { hasAttr, withAttr } from './dma/attrs.ts';
import { dma_map_sg, dma_unmap_sg } from './dma/direct-sg.ts';
import type { DmaDirection } from './dma/direction.ts';
import { mmioAddress, mustHold, prepareBuffer } from './driver.ts';
import { BUFFER_BYTES, checkBuffer } from './driver-data.ts';
import type { Context } from './driver-task.ts';
import {
  CONTEXTS,
  canMap,
  DRIVERS,
  driverIdle,
  endOperation,
  hasKeys,
  isContext,
  isDirection,
  isLength,
  isMapAttrs,
  startOperation,
} from './driver-task.ts';
import type { Kernel } from './kernel.ts';
import type { DriverList } from './state.ts';
import type { Args } from './steps.ts';
import type { Run, Task } from './task.ts';
import { enter, leave } from './task.ts';

interface ListOperation {
  readonly driver: number;
  readonly bytes: number;
  readonly entries: number;
  readonly dir: DmaDirection;
  readonly attrs: string;
}

function* mapList(k: Kernel, t: Task, op: ListOperation): Run {
  const { driver, bytes, entries, dir, attrs } = op;
  const f = enter(t, { fn: 'driver_map_sg', at: 0, driver, dir, attrs });
  const d = k.state.drivers[f.driver]!;
  const start = hasAttr(attrs, 'MMIO') ? mmioAddress(driver) : d.buffer;
  const part = Math.ceil(bytes / entries);
  const segments = yield* dma_map_sg(k, t, {
    dev: d.device,
    entries: Array.from({ length: entries }, (_, n) => ({
      phys: start + n * part,
      bytes: Math.min(part, bytes - n * part),
    })),
    dir,
    attrs,
  });
  if (segments !== null) {
    d.list = { segments, dir: f.dir, attrs: f.attrs };
    d.owner = hasAttr(f.attrs, 'SKIP_CPU_SYNC') ? 'cpu' : 'device';
  }
  leave(t);
  endOperation(k, t);
}

function* unmapList(k: Kernel, t: Task, driver: number, list: DriverList, attrs: string): Run {
  const f = enter(t, { fn: 'driver_unmap_sg', at: 0, driver, attrs });
  const d = k.state.drivers[f.driver]!;
  d.list = null;
  yield* dma_unmap_sg(k, t, { dev: d.device, ...list, attrs });
  if (mustHold(k, f.driver, f.attrs)) checkBuffer(k, f.driver);
  d.owner = 'cpu';
  leave(t);
  endOperation(k, t);
}

/**
 * Stimulus `map_sg`: offered as a list of two pages, BIDIRECTIONAL, without attributes; accepted with 1 to 4 entries,
 * 1 to 8192 bytes in all, and optional `dir` and `attrs`.
 */
export const map_sg = {
  offers: (k: Kernel): Args[] =>
    DRIVERS.filter((driver) => canMap(k, driver)).flatMap((driver) =>
      CONTEXTS.map((context) => ({ driver, context })),
    ),
  accepts: (k: Kernel, args: Args): boolean => {
    const { bytes = BUFFER_BYTES, entries = 2 } = args;
    return (
      hasKeys(args, ['driver', 'context'], ['bytes', 'entries', 'attrs', 'dir']) &&
      isContext(args.context) &&
      isLength(bytes, BUFFER_BYTES) &&
      isLength(entries, 4) &&
      // Every entry has a byte at least.
      (entries - 1) * Math.ceil(bytes / entries) < bytes &&
      isMapAttrs(args.attrs) &&
      isDirection(args.dir) &&
      canMap(k, args.driver)
    );
  },
  apply: (k: Kernel, args: Args): void => {
    const { driver, bytes = BUFFER_BYTES, entries = 2, dir = 'BIDIRECTIONAL', attrs = '' } = args;
    const op = { driver, bytes, entries, dir, attrs } as ListOperation;
    prepareBuffer(k, op.driver, op.bytes, op.attrs);
    startOperation(k, op.driver, args.context as Context, (t) => mapList(k, t, op));
  },
};

function canUnmap(k: Kernel, driver: unknown): boolean {
  return driverIdle(k, driver) && k.state.drivers[driver]!.list !== null;
}

/** Stimulus `unmap_sg`: with the attributes of the map, and SKIP_CPU_SYNC when `attrs` says so. */
export const unmap_sg = {
  offers: (k: Kernel): Args[] =>
    DRIVERS.filter((driver) => canUnmap(k, driver)).flatMap((driver) =>
      CONTEXTS.map((context) => ({ driver, context })),
    ),
  accepts: (k: Kernel, args: Args): boolean =>
    hasKeys(args, ['driver', 'context'], ['attrs']) &&
    isContext(args.context) &&
    [undefined, '', 'SKIP_CPU_SYNC'].includes(args.attrs as string | undefined) &&
    canUnmap(k, args.driver),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const list = k.state.drivers[driver]!.list!;
    const attrs = args.attrs === 'SKIP_CPU_SYNC' ? withAttr(list.attrs, 'SKIP_CPU_SYNC') : list.attrs;
    startOperation(k, driver, args.context as Context, (t) => unmapList(k, t, driver, list, attrs));
  },
};
