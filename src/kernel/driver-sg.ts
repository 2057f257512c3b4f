/** Drivers that map their buffer as a scatter list of parts: equal ones, unless the first has a size of its own. */
import { hasAttr, withAttr } from './dma/attrs.ts';
import { dma_map_sg, dma_unmap_sg } from './dma/direct-sg.ts';
import type { DmaDirection } from './dma/direction.ts';
import { forgetBuffer, ledTo, mmioAddress, mustHold, prepareBuffer } from './driver.ts';
import { BUFFER_BYTES, bufferBytes, checkBuffer } from './driver-data.ts';
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
  isVersion,
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
  /** Bytes of the first entry. */
  readonly first: number;
  readonly dir: DmaDirection;
  readonly attrs: string;
}

/** Bytes of each of `entries` equal parts; the last may be smaller. */
function partOf(bytes: number, entries: number): number {
  return entries === 0 ? 0 : Math.ceil(bytes / entries);
}

/** Bytes of the entries behind the first; the last may be smaller. */
function otherPart({ bytes, entries, first }: Pick<ListOperation, 'bytes' | 'entries' | 'first'>): number {
  const equal = partOf(bytes, entries);
  return first === equal ? equal : partOf(bytes - first, entries - 1);
}

function* mapList(k: Kernel, t: Task, op: ListOperation): Run {
  const { driver, bytes, entries, first, dir, attrs } = op;
  const f = enter(t, { fn: 'driver_map_sg', at: 0, driver, dir, attrs });
  const d = k.state.drivers[f.driver]!;
  const start = hasAttr(attrs, 'MMIO') ? mmioAddress(k, driver) : d.buffer;
  const part = otherPart(op);
  const segments = yield* dma_map_sg(k, t, {
    dev: d.device,
    entries: Array.from({ length: entries }, (_, n) => ({
      phys: start + (n === 0 ? 0 : first + (n - 1) * part),
      bytes: n === 0 ? first : Math.min(part, bytes - first - (n - 1) * part),
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
  const d = k.state.drivers[driver]!;
  const led = ledTo(k, d.device, list.segments[0]!.dma);
  const f = enter(t, { fn: 'driver_unmap_sg', at: 0, driver, attrs, led });
  d.list = null;
  yield* dma_unmap_sg(k, t, { dev: d.device, ...list, attrs });
  if (mustHold(k, f.driver, f.attrs)) checkBuffer(k, f.driver);
  else forgetBuffer(k, f.driver);
  d.owner = 'cpu';
  leave(t);
  endOperation(k, t);
}

/**
 * Stimulus `map_sg`: offered as a list of two pages, BIDIRECTIONAL, without attributes; accepted with 1 to 4 entries,
 * 1 byte up to the whole buffer in all, and optional `dir`, `attrs`, `first` (bytes of the first entry) and `version`.
 */
export const map_sg = {
  offers: (k: Kernel): Args[] =>
    DRIVERS.filter((driver) => canMap(k, driver)).flatMap((driver) =>
      CONTEXTS.map((context) => ({ driver, context })),
    ),
  accepts: (k: Kernel, args: Args): boolean => {
    const { bytes = BUFFER_BYTES, entries = 2 } = args;
    if (!isLength(bytes, bufferBytes(k)) || !isLength(entries, 4)) return false;
    const { first = partOf(bytes, entries) } = args;
    return (
      hasKeys(args, ['driver', 'context'], ['bytes', 'entries', 'attrs', 'dir', 'first', 'version']) &&
      isContext(args.context) &&
      // Every entry has a byte at least.
      isLength(first, bytes) &&
      (entries === 1
        ? first === bytes
        : first + (entries - 2) * otherPart({ bytes, entries, first }) < bytes) &&
      isVersion(args.version) &&
      isMapAttrs(args.attrs) &&
      isDirection(args.dir) &&
      canMap(k, args.driver)
    );
  },
  apply: (k: Kernel, args: Args): void => {
    const { driver, bytes = BUFFER_BYTES, entries = 2, dir = 'BIDIRECTIONAL', attrs = '' } = args;
    const { first = partOf(bytes as number, entries as number), version = 0 } = args;
    const op = { driver, bytes, entries, first, dir, attrs } as ListOperation;
    prepareBuffer(k, op.driver, op.bytes, op.attrs, version as number);
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
