/**
 * Driver threads that map and unmap, and a reader: what stands outside the code under test.
 *
 * `driver/N` runs on CPU N and has one buffer (8 KiB, or more) in private memory, and a range of MMIO of the same size in
 * another device; `reader/1` runs on CPU 1 and looks up an address that lies in no pool, as the sync or unmap of
 * an unbounced buffer does. What a driver must not do (unmap twice, map what is mapped) is not accepted here.
 */
import { DMA_MAPPING_ERROR, deviceOf } from './device.ts';
import { arch_sync_dma_for_device } from './dma/arch-sync.ts';
import { hasAttr, withAttr, withoutAttr } from './dma/attrs.ts';
import type { DmaDirection } from './dma/direction.ts';
import { iommu_iova_to_phys } from './dma/iommu-domain.ts';
import { dma_map_phys, dma_unmap_phys } from './dma/streaming.ts';
import { swiotlb_find_pool } from './dma/swiotlb-find.ts';
import { BUFFER_BYTES, bufferBytes, checkBuffer, cpuWrites } from './driver-data.ts';
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
  isIdle,
  isLength,
  isMapAttrs,
  isVersion,
  startOperation,
} from './driver-task.ts';
import type { Kernel } from './kernel.ts';
import { changeCodes, HOST_SHARED, PAGE_SIZE, PTE_SHARED } from './memory.ts';
import type { DriverMapping } from './state.ts';
import type { Args } from './steps.ts';
import type { Run, Task } from './task.ts';
import { at, enter, leave } from './task.ts';

export { BUFFER_BYTES, bufferHolds, cpuPattern, devicePattern, expectedBytes } from './driver-data.ts';

/** Segment boundary masks: that of the device, and one page, shorter than a mapping. */
export const BOUNDARY_MASK = { wide: undefined, narrow: 0xfff } as const;

/** Physical address of the MMIO that a driver maps: a register block of another device, no memory. */
export function mmioAddress(k: Kernel, driver: number): number {
  return (k.config.size('highBuffers') ? 0x3_0000_0000 : 0x0e00_0000) + driver * 0x10_0000;
}

type Boundary = keyof typeof BOUNDARY_MASK;

/**
 * The buffer is shared memory from here on, or private again: CC_SHARED is for memory whose owner has shared it
 * before, as a heap of shared buffers does. Nothing of it is the code under test.
 */
export function shareBuffer(k: Kernel, driver: number, shared: boolean): void {
  const d = k.state.drivers[driver]!;
  if (d.shared === shared) return;
  d.shared = shared;
  if (k.config.fact('conversion') === 'none') return;
  const bits = PTE_SHARED | HOST_SHARED;
  changeCodes(k.state.memory, d.buffer, bufferBytes(k) / PAGE_SIZE, shared ? bits : 0, shared ? 0 : bits);
}

interface MapOperation {
  readonly driver: number;
  readonly bytes: number;
  readonly boundary: Boundary;
  readonly dir: DmaDirection;
  readonly attrs: string;
  /** The driver says that the device has the buffer already, where it asks for no sync. */
  readonly transferred: boolean;
}

function* mapBuffer(k: Kernel, t: Task, op: MapOperation): Run {
  const { driver, bytes, boundary, dir, attrs } = op;
  const f = enter(t, {
    fn: 'driver_map',
    at: 0,
    driver,
    bytes,
    boundary,
    dir,
    attrs,
    ...(op.transferred && { transferred: true }),
  });
  const d = k.state.drivers[f.driver]!;
  const mask = BOUNDARY_MASK[f.boundary];
  const dma = yield* dma_map_phys(k, t, {
    dev: d.device,
    phys: hasAttr(f.attrs, 'MMIO') ? mmioAddress(k, f.driver) : d.buffer,
    bytes: f.bytes,
    dir: f.dir,
    attrs: f.attrs,
    ...(mask !== undefined && { boundary: mask }),
  });
  if (dma !== DMA_MAPPING_ERROR) {
    // What was transferred before was cleaned then, the buffer and not a slot that it is given now.
    if (f.transferred === true && hasAttr(f.attrs, 'SKIP_CPU_SYNC'))
      arch_sync_dma_for_device(k, d.buffer, f.bytes);
    d.mapping = { dma, bytes: f.bytes, dir: f.dir, attrs: f.attrs };
    // Who skips the sync has done it before, or must do it before the device may use the buffer.
    d.owner = hasAttr(f.attrs, 'SKIP_CPU_SYNC') && f.transferred !== true ? 'cpu' : 'device';
  }
  leave(t);
  endOperation(k, t);
}

/** Is anything known of what the buffer must hold once it is unmapped with these attributes? */
export function mustHold(k: Kernel, driver: number, attrs: string): boolean {
  const d = k.state.drivers[driver]!;
  if (hasAttr(attrs, 'MMIO')) return false;
  // What the device wrote and nobody synced is lost, as the driver wished.
  return !hasAttr(attrs, 'SKIP_CPU_SYNC') || d.owner === 'cpu' || d.deviceWrites.length === 0;
}

/** Nothing is known of the buffer any more, until somebody writes to it. */
export function forgetBuffer(k: Kernel, driver: number): void {
  k.state.drivers[driver]!.bytes = 0;
}

/**
 * For those who look on: where an IO virtual address leads, which its entries alone know. 0 where the address itself
 * says it.
 */
export function ledTo(k: Kernel, device: number, dma: number): number {
  return deviceOf(k, device).iommu ? iommu_iova_to_phys(k, device, dma) : 0;
}

function* unmapBuffer(k: Kernel, t: Task, driver: number, m: DriverMapping, attrs: string): Run {
  const d = k.state.drivers[driver]!;
  const { dma, bytes, dir } = m;
  const led = ledTo(k, d.device, dma);
  const f = enter(t, { fn: 'driver_unmap', at: 0, driver, dma, bytes, dir, attrs, led });
  // The device is done with the buffer: from here on nobody may use the address.
  d.mapping = null;
  yield* dma_unmap_phys(k, t, { dev: d.device, dma: f.dma, bytes: f.bytes, dir: f.dir, attrs: f.attrs });
  if (mustHold(k, f.driver, f.attrs)) checkBuffer(k, f.driver);
  else forgetBuffer(k, f.driver);
  d.owner = 'cpu';
  leave(t);
  endOperation(k, t);
}

function* lookUp(k: Kernel, t: Task): Run {
  const f = enter(t, { fn: 'reader_find_pool', at: 0, pool: 0 });
  // Physical address 0 lies below all memory, so in no pool.
  f.pool = yield* swiotlb_find_pool(k, t, k.state.drivers[0]!.device, 0);
  yield at(f, 1, 'find_pool_ret', { result: f.pool });
  leave(t);
}

/** The buffer as the driver hands it to a mapping: its pattern written, shared or private as the attributes say. */
export function prepareBuffer(k: Kernel, driver: number, bytes: number, attrs: string, version = 0): void {
  shareBuffer(k, driver, hasAttr(attrs, 'CC_SHARED') && !hasAttr(attrs, 'MMIO'));
  cpuWrites(k, driver, bytes, false, version);
  k.state.drivers[driver]!.lost = null;
}

/**
 * Stimulus `map`: offered with 8 KiB, BIDIRECTIONAL, without attributes; accepted with 1 byte up to the whole
 * buffer, and optional `dir`, `attrs`, `version` of what the CPU writes before, and `transferred`: with SKIP_CPU_SYNC
 * the device has the buffer already, and may use the mapping at once.
 */
export const map = {
  offers: (k: Kernel): Args[] => {
    const out: Args[] = [];
    for (const driver of DRIVERS) {
      if (!canMap(k, driver)) continue;
      for (const context of CONTEXTS)
        for (const boundary of ['wide', 'narrow'])
          out.push({ driver, context, boundary, bytes: BUFFER_BYTES });
    }
    return out;
  },
  accepts: (k: Kernel, args: Args): boolean =>
    hasKeys(args, ['driver', 'context', 'boundary', 'bytes'], ['attrs', 'dir', 'transferred', 'version']) &&
    isContext(args.context) &&
    (args.boundary === 'wide' || args.boundary === 'narrow') &&
    isLength(args.bytes, bufferBytes(k)) &&
    isVersion(args.version) &&
    isMapAttrs(args.attrs) &&
    isDirection(args.dir) &&
    canMap(k, args.driver),
  apply: (k: Kernel, args: Args): void => {
    const { driver, bytes, boundary, dir = 'BIDIRECTIONAL', attrs = '', version = 0 } = args;
    const transferred = args.transferred === true;
    const op = { driver, bytes, boundary, dir, attrs, transferred } as MapOperation;
    prepareBuffer(k, op.driver, op.bytes, op.attrs, version as number);
    startOperation(k, op.driver, args.context as Context, (t) => mapBuffer(k, t, op));
  },
};

/**
 * Stimulus `unmap`: with the attributes of the map, and SKIP_CPU_SYNC when `attrs` says so; with `sync` without it,
 * though the map had it.
 */
export const unmap = {
  offers: (k: Kernel): Args[] => {
    const out: Args[] = [];
    for (const driver of DRIVERS)
      if (canUnmap(k, driver)) for (const context of CONTEXTS) out.push({ driver, context });
    return out;
  },
  accepts: (k: Kernel, args: Args): boolean =>
    hasKeys(args, ['driver', 'context'], ['attrs', 'sync']) &&
    isContext(args.context) &&
    [undefined, '', 'SKIP_CPU_SYNC'].includes(args.attrs as string | undefined) &&
    !(args.sync === true && args.attrs === 'SKIP_CPU_SYNC') &&
    canUnmap(k, args.driver),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const mapping = k.state.drivers[driver]!.mapping!;
    const given = args.sync === true ? withoutAttr(mapping.attrs, 'SKIP_CPU_SYNC') : mapping.attrs;
    const attrs = args.attrs === 'SKIP_CPU_SYNC' ? withAttr(given, 'SKIP_CPU_SYNC') : given;
    startOperation(k, driver, args.context as Context, (t) => unmapBuffer(k, t, driver, mapping, attrs));
  },
};

function canUnmap(k: Kernel, driver: unknown): boolean {
  return driverIdle(k, driver) && k.state.drivers[driver]!.mapping !== null;
}

/** Stimulus `find_pool`. */
export const find_pool = {
  offers: (k: Kernel): Args[] => (isIdle(k, 'reader/1') ? [{ reader: 1 }] : []),
  apply: (k: Kernel): void => {
    const t = k.task('reader/1');
    k.start(t, lookUp(k, t));
  },
};
