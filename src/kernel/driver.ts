/**
 * Driver threads, a reader and their checks: what stands outside the code under test.
 *
 * `driver/N` runs on CPU N and has one buffer of 8 KiB in private memory; `reader/1` runs on CPU 1 and
 * looks up an address that lies in no pool, as the sync or unmap of an unbounced buffer does. An atomic
 * operation holds a spinlock with interrupts off from its start to its return.
 */
import { DMA_MAPPING_ERROR, device_write } from './device.ts';
import { dma_map_phys, dma_unmap_phys } from './dma/direct.ts';
import { swiotlb_find_pool } from './dma/swiotlb-find.ts';
import type { Kernel } from './kernel.ts';
import { PAGE_SIZE, pageIndex, setPage, sparseBytes } from './memory.ts';
import { quiescent } from './rcu.ts';
import { cpuCanBeEntered, lock, unlock } from './scheduler.ts';
import type { Args } from './steps.ts';
import type { Run, Task } from './task.ts';
import { at, enter, leave } from './task.ts';

/** Bytes of a driver's buffer. */
export const BUFFER_BYTES = 8192;

/** Segment boundary masks: 4 GiB as most devices have, and one page, shorter than a mapping. */
export const BOUNDARY_MASK = { wide: 0xffff_ffff, narrow: 0xfff } as const;

/** What the CPU writes to a buffer before it is mapped: a byte at both ends of each slot. */
export function cpuPattern(driver: number, bytes: number): readonly (readonly [number, number])[] {
  return pattern(0x10 * (driver + 1), bytes);
}

/** What the device writes: other bytes at the same places. */
export function devicePattern(driver: number, bytes: number): readonly (readonly [number, number])[] {
  return pattern(0x80 + 0x10 * (driver + 1), bytes);
}

function pattern(base: number, bytes: number): [number, number][] {
  const out: [number, number][] = [];
  for (let slot = 0; slot * 2048 < bytes; slot++) {
    const end = Math.min(bytes, (slot + 1) * 2048) - 1;
    out.push([slot * 2048, base + 2 * slot]);
    if (end > slot * 2048) out.push([end, base + 2 * slot + 1]);
  }
  return out;
}

// Contents of whole pages are made once and shared: kernels are made by the thousand.
const PAGES = new Map<string, readonly (readonly number[])[]>();

function patternPages(driver: number, bytes: number): readonly (readonly number[])[] {
  const key = `${driver},${bytes}`;
  let pages = PAGES.get(key);
  if (pages === undefined) {
    const all = cpuPattern(driver, bytes);
    pages = Array.from({ length: BUFFER_BYTES / PAGE_SIZE }, (_, n) =>
      all
        .filter(([offset]) => Math.floor(offset / PAGE_SIZE) === n)
        .flatMap(([offset, v]) => [offset % PAGE_SIZE, v]),
    );
    PAGES.set(key, pages);
  }
  return pages;
}

/** Has the buffer this content? */
export function bufferHolds(
  k: Kernel,
  driver: number,
  bytes: readonly (readonly [number, number])[],
  size: number,
): boolean {
  const have = sparseBytes(k.state.memory, k.state.drivers[driver]!.buffer, size);
  return have.length === bytes.length && have.every(([o, v], i) => o === bytes[i]![0] && v === bytes[i]![1]);
}

function begin(k: Kernel, t: Task, context: 'process' | 'atomic'): void {
  if (context === 'process') return;
  lock(k.state, `${t.name} lock`, t.name);
  t.context = 'atomic';
}

function end(k: Kernel, t: Task): void {
  if (t.context === 'process') return;
  unlock(k.state, `${t.name} lock`, t.name);
  t.context = 'process';
  quiescent(k, t);
}

type Boundary = keyof typeof BOUNDARY_MASK;

function* mapBuffer(k: Kernel, t: Task, driver: number, bytes: number, boundary: Boundary): Run {
  const f = enter(t, { fn: 'driver_map', at: 0, driver, bytes, boundary });
  const d = k.state.drivers[f.driver]!;
  const dma = yield* dma_map_phys(k, t, {
    phys: d.buffer,
    bytes: f.bytes,
    boundary_mask: BOUNDARY_MASK[f.boundary],
  });
  if (dma !== DMA_MAPPING_ERROR) d.mapping = { dma, bytes: f.bytes };
  leave(t);
  end(k, t);
}

function* unmapBuffer(k: Kernel, t: Task, driver: number): Run {
  const d = k.state.drivers[driver]!;
  const f = enter(t, { fn: 'driver_unmap', at: 0, driver, dma: d.mapping!.dma, bytes: d.mapping!.bytes });
  // The device is done with the buffer: from here on nobody may use the address.
  d.mapping = null;
  yield* dma_unmap_phys(k, t, f.dma, f.bytes);
  leave(t);
  end(k, t);
}

function* lookUp(k: Kernel, t: Task): Run {
  const f = enter(t, { fn: 'reader_find_pool', at: 0, pool: 0 });
  // Physical address 0 lies below all memory, so in no pool.
  f.pool = yield* swiotlb_find_pool(k, t, 0);
  yield at(f, 1, 'find_pool_ret', { result: f.pool });
  leave(t);
}

const DRIVERS = [0, 1] as const;
const CONTEXTS = ['process', 'atomic'] as const;

function idle(k: Kernel, name: string): boolean {
  const t = k.task(name);
  return t.pending === null && cpuCanBeEntered(k.state, t.cpu);
}

function canMap(k: Kernel, driver: number): boolean {
  return k.state.drivers[driver]?.mapping === null && idle(k, `driver/${driver}`);
}

function canUnmap(k: Kernel, driver: number): boolean {
  const mapping = k.state.drivers[driver]?.mapping;
  return mapping !== undefined && mapping !== null && idle(k, `driver/${driver}`);
}

/** Stimulus `map`: offered with the whole buffer, accepted with 1 to 8192 bytes. */
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
  accepts: (k: Kernel, args: Args): boolean => {
    const { driver, context, boundary, bytes } = args;
    return (
      Object.keys(args).length === 4 &&
      (driver === 0 || driver === 1) &&
      (context === 'process' || context === 'atomic') &&
      (boundary === 'wide' || boundary === 'narrow') &&
      typeof bytes === 'number' &&
      Number.isInteger(bytes) &&
      bytes >= 1 &&
      bytes <= BUFFER_BYTES &&
      canMap(k, driver)
    );
  },
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const bytes = args.bytes as number;
    const d = k.state.drivers[driver]!;
    const first = pageIndex(k.state.memory, d.buffer);
    patternPages(driver, bytes).forEach((content, n) => {
      setPage(k.state.memory, first + n, content);
    });
    d.bytes = bytes;
    d.deviceWrote = false;
    const t = k.task(`driver/${driver}`);
    begin(k, t, args.context as 'process' | 'atomic');
    k.start(t, mapBuffer(k, t, driver, bytes, args.boundary as Boundary));
  },
};

/** Stimulus `unmap`. */
export const unmap = {
  offers: (k: Kernel): Args[] => {
    const out: Args[] = [];
    for (const driver of DRIVERS)
      if (canUnmap(k, driver)) for (const context of CONTEXTS) out.push({ driver, context });
    return out;
  },
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const t = k.task(`driver/${driver}`);
    begin(k, t, args.context as 'process' | 'atomic');
    k.start(t, unmapBuffer(k, t, driver));
  },
};

/** Stimulus `deviceWrite`: while the buffer is mapped and its driver is not unmapping it. */
export const deviceWrite = {
  offers: (k: Kernel): Args[] =>
    DRIVERS.filter((d) => k.state.drivers[d]!.mapping !== null && k.task(`driver/${d}`).pending === null).map(
      (driver) => ({ driver }),
    ),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const d = k.state.drivers[driver]!;
    const { dma, bytes } = d.mapping!;
    d.deviceWrote = device_write(k, dma, devicePattern(driver, bytes));
    k.note(d.deviceWrote);
  },
};

/** Stimulus `find_pool`. */
export const find_pool = {
  offers: (k: Kernel): Args[] => (idle(k, 'reader/1') ? [{ reader: 1 }] : []),
  apply: (k: Kernel): void => {
    const t = k.task('reader/1');
    k.start(t, lookUp(k, t));
  },
};
