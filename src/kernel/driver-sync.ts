/**
 * Drivers that take their buffer back while it is mapped, and give it to the device again. Between the two the CPU
 * reads what the device wrote, and writes an answer where the direction lets the device read it.
 */
import { hasAttr } from './dma/attrs.ts';
import { dma_sync_sg_for_cpu, dma_sync_sg_for_device } from './dma/direct-sg.ts';
import { dma_sync_single_for_cpu, dma_sync_single_for_device } from './dma/streaming.ts';
import { checkBuffer, cpuWrites } from './driver-data.ts';
import type { Context } from './driver-task.ts';
import {
  CONTEXTS,
  DRIVERS,
  driverIdle,
  endOperation,
  hasKeys,
  isContext,
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
 * the buffer back: what is written is said by `cpuWrite`.
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
    hasKeys(args, ['driver', 'for', 'context'], ['keep']) &&
    isContext(args.context) &&
    args.for === (nextSide(k, args.driver) ?? ''),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const side = args.for as Side;
    const d = k.state.drivers[driver]!;
    const { dir } = (d.mapping ?? d.list)!;
    if (side === 'device' && dir !== 'FROM_DEVICE' && args.keep !== true) cpuWrites(k, driver, d.bytes, true);
    startOperation(k, driver, args.context as Context, (t) => syncBuffer(k, t, driver, side));
  },
};
