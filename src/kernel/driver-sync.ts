/**
 * Drivers that take their buffer back while it is mapped, and give it to the device again. Between the two the CPU
 * reads what the device wrote, and writes an answer where the direction lets the device read it. Also what drivers ask
 * before they map.
 */
import { hasAttr } from './dma/attrs.ts';
import { dma_sync_sg_for_cpu, dma_sync_sg_for_device } from './dma/direct-sg.ts';
import {
  dma_max_mapping_size,
  dma_sync_single_for_cpu,
  dma_sync_single_for_device,
} from './dma/streaming.ts';
import { checkBuffer, checkPart, cpuWrites } from './driver-data.ts';
import type { Context } from './driver-task.ts';
import {
  CONTEXTS,
  DRIVERS,
  driverIdle,
  endOperation,
  hasKeys,
  isContext,
  isLength,
  startOperation,
} from './driver-task.ts';
import type { Kernel } from './kernel.ts';
import type { Args } from './steps.ts';
import type { Run, Task } from './task.ts';
import { enter, leave } from './task.ts';

type Side = 'cpu' | 'device';

function* syncBuffer(k: Kernel, t: Task, driver: number, side: Side): Run {
  const f = enter(t, { fn: 'driver_sync', at: 0, driver, side });
  const d = k.state.drivers[f.driver]!;
  if (d.mapping !== null) {
    const { dma, bytes, dir } = d.mapping;
    const sync = f.side === 'cpu' ? dma_sync_single_for_cpu : dma_sync_single_for_device;
    yield* sync(k, t, { dev: d.device, dma, bytes, dir });
  } else if (d.list !== null) {
    const sync = f.side === 'cpu' ? dma_sync_sg_for_cpu : dma_sync_sg_for_device;
    yield* sync(k, t, { dev: d.device, ...d.list });
  }
  d.owner = f.side;
  if (f.side === 'cpu') checkBuffer(k, f.driver);
  leave(t);
  endOperation(k, t);
}

/** A part of a mapping that stays the device's: the driver looks at what is there so far. */
function* syncPart(k: Kernel, t: Task, driver: number, offset: number, size: number): Run {
  const f = enter(t, { fn: 'driver_sync', at: 0, driver, side: 'cpu', offset, size });
  const d = k.state.drivers[f.driver]!;
  const { dma, dir } = d.mapping!;
  yield* dma_sync_single_for_cpu(k, t, { dev: d.device, dma: dma + f.offset, bytes: f.size, dir });
  checkPart(k, f.driver, f.offset, f.size);
  leave(t);
  endOperation(k, t);
}

/** Is this a part of what the driver has mapped, by a single mapping? */
function isPart(k: Kernel, { driver, offset, size }: Args): boolean {
  const bytes = k.state.drivers[driver as number]?.mapping?.bytes ?? 0;
  return (
    typeof offset === 'number' && Number.isInteger(offset) && offset >= 0 && isLength(size, bytes - offset)
  );
}

/** The side that the buffer can be given to now; null: there is nothing to sync. */
function nextSide(k: Kernel, driver: unknown): Side | null {
  if (!driverIdle(k, driver)) return null;
  const d = k.state.drivers[driver]!;
  const mapped = d.mapping ?? d.list;
  if (mapped === null || hasAttr(mapped.attrs, 'MMIO')) return null;
  return d.owner === 'cpu' ? 'device' : 'cpu';
}

/**
 * Stimulus `sync`: to the side that does not have the buffer. With `keep` the CPU writes no answer before it gives
 * the buffer back: what is written is said by `cpuWrite`. With `offset` and `size` the CPU looks at a part, and the
 * device keeps the buffer.
 */
export const sync = {
  offers: (k: Kernel): Args[] => {
    const out: Args[] = [];
    for (const driver of DRIVERS) {
      const side = nextSide(k, driver);
      if (side !== null) for (const context of CONTEXTS) out.push({ driver, for: side, context });
    }
    return out;
  },
  accepts: (k: Kernel, args: Args): boolean =>
    hasKeys(args, ['driver', 'for', 'context'], ['keep', 'offset', 'size']) &&
    isContext(args.context) &&
    ((args.offset === undefined && args.size === undefined) || (args.for === 'cpu' && isPart(k, args))) &&
    args.for === (nextSide(k, args.driver) ?? ''),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const side = args.for as Side;
    if (args.size !== undefined) {
      const { offset, size } = args as { readonly offset: number; readonly size: number };
      startOperation(k, driver, args.context as Context, (t) => syncPart(k, t, driver, offset, size));
      return;
    }
    const d = k.state.drivers[driver]!;
    const { dir } = (d.mapping ?? d.list)!;
    if (side === 'device' && dir !== 'FROM_DEVICE' && args.keep !== true) cpuWrites(k, driver, d.bytes, true);
    startOperation(k, driver, args.context as Context, (t) => syncBuffer(k, t, driver, side));
  },
};

function* syncPages(k: Kernel, t: Task, driver: number, side: Side): Run {
  const f = enter(t, { fn: 'driver_sync_pages', at: 0, driver, side });
  const { device, allocations } = k.state.drivers[f.driver]!;
  const { dma, bytes } = allocations[0]!;
  const sync = f.side === 'cpu' ? dma_sync_single_for_cpu : dma_sync_single_for_device;
  yield* sync(k, t, { dev: device, dma, bytes, dir: 'BIDIRECTIONAL' });
  leave(t);
  endOperation(k, t);
}

/**
 * Stimulus `sync_pages`: pages of `dma_alloc_pages()` are not coherent, and whoever uses them syncs them like a
 * streaming mapping. The oldest allocation, which must be such; in either direction at any time.
 */
export const sync_pages = {
  offers: (k: Kernel): Args[] =>
    DRIVERS.filter((driver) => hasPages(k, driver)).flatMap((driver) =>
      (['cpu', 'device'] as const).flatMap((side) =>
        CONTEXTS.map((context): Args => ({ driver, for: side, context })),
      ),
    ),
  apply: (k: Kernel, args: Args): void => {
    const { driver, for: side, context } = args as { driver: number; for: Side; context: Context };
    startOperation(k, driver, context, (t) => syncPages(k, t, driver, side));
  },
};

function hasPages(k: Kernel, driver: number): boolean {
  return driverIdle(k, driver) && k.state.drivers[driver]!.allocations[0]?.fn === 'dma_alloc_pages';
}

/**
 * Stimulus `max_mapping_size`: the driver of a device asks, as block drivers do before they say how large a request
 * may be. Nothing happens; the answer is the result.
 */
export const max_mapping_size = {
  offers: (k: Kernel): Args[] => k.state.devices.map(({ id }): Args => ({ device: id })),
  apply: (k: Kernel, args: Args): void => {
    const bytes = dma_max_mapping_size(k, args.device as number);
    k.note(bytes === Number.POSITIVE_INFINITY ? 'unlimited' : bytes);
  },
};
