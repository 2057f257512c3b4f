/**
 * Drivers that allocate: what stands outside the code under test.
 *
 * A driver keeps what it was given, writes to its memory as soon as it has it, and gives it back in the context
 * that it is told. Checks for its misuse are here: it frees only what it has.
 */
import { DMA_ATTRS, withAttr } from './dma/attrs.ts';
import { dma_alloc_attrs, dma_alloc_pages, dma_free_attrs, dma_free_pages } from './dma/mapping.ts';
import { dma_mmap_attrs } from './dma/mmap.ts';
import { dma_atomic_pool_init } from './dma/pool-expand.ts';
import { BUFFER_BYTES } from './driver.ts';
import { CONTEXTS, type Context, driverIdle, endOperation, hasKeys, startOperation } from './driver-task.ts';
import type { Kernel } from './kernel.ts';
import { phys_to_virt } from './memory.ts';
import { cpuCanBeEntered } from './scheduler.ts';
import type { Allocation } from './state.ts';
import type { Args } from './steps.ts';
import type { Run, Task } from './task.ts';
import { enter, leave } from './task.ts';
import { writeCpu } from './uaccess.ts';

const FUNCTIONS = ['dma_alloc_attrs', 'dma_alloc_pages'] as const;

/** What a driver writes to its coherent memory: a byte at both ends. */
export function coherentPattern(driver: number, bytes: number): readonly (readonly [number, number])[] {
  const value = 0x41 + driver;
  return bytes === 1
    ? [[0, value]]
    : [
        [0, value],
        [bytes - 1, value + 0x10],
      ];
}

/** Where the CPU finds the memory; 0: a cookie, for which there is no address. */
export function cpuAddress(a: Allocation): number {
  if (a.fn === 'dma_alloc_attrs') return a.cpu_addr;
  return phys_to_virt(a.page);
}

interface Request {
  readonly driver: number;
  readonly fn: Allocation['fn'];
  readonly context: Context;
  readonly bytes: number;
  readonly attrs: string;
  /** False: without GFP_KERNEL, also where it could block. */
  readonly mayBlock?: boolean;
}

function* allocate(k: Kernel, t: Task, r: Request): Run {
  const f = enter(t, {
    fn: 'driver_alloc',
    at: 0,
    driver: r.driver,
    call: r.fn,
    bytes: r.bytes,
    attrs: r.attrs,
  });
  const { device, allocations } = k.state.drivers[f.driver]!;
  const mayBlock = t.context === 'process' && r.mayBlock !== false;
  const memory =
    f.call === 'dma_alloc_attrs'
      ? yield* dma_alloc_attrs(k, t, device, f.bytes, mayBlock, f.attrs)
      : yield* dma_alloc_pages(k, t, device, f.bytes, mayBlock);
  if (memory !== null) {
    const a: Allocation = { fn: f.call, ...memory, bytes: f.bytes, attrs: f.attrs };
    allocations.push(a);
    if (cpuAddress(a) !== 0) writeCpu(k, cpuAddress(a), coherentPattern(f.driver, f.bytes));
  }
  leave(t);
  endOperation(k, t);
}

function* giveBack(k: Kernel, t: Task, driver: number, a: Allocation, attrs: string): Run {
  const { fn: call, cpu_addr, page, dma, bytes } = a;
  const f = enter(t, { fn: 'driver_free', at: 0, driver, call, cpu_addr, page, dma, bytes, attrs });
  const { device } = k.state.drivers[f.driver]!;
  // A cookie goes back as it came: in place of the CPU address.
  const given = f.cpu_addr === 0 ? f.page : f.cpu_addr;
  if (f.call === 'dma_alloc_attrs') yield* dma_free_attrs(k, t, device, f.bytes, given, f.dma, f.attrs);
  else yield* dma_free_pages(k, t, device, f.bytes, f.page, f.dma);
  leave(t);
  endOperation(k, t);
}

function* mapToUser(k: Kernel, t: Task, driver: number, which: number): Run {
  const f = enter(t, { fn: 'driver_mmap', at: 0, driver });
  const { device, allocations } = k.state.drivers[f.driver]!;
  const a = allocations[which]!;
  yield* dma_mmap_attrs(k, t, device, a.bytes, a.cpu_addr === 0 ? a.page : a.cpu_addr, a.dma, a.attrs);
  leave(t);
  endOperation(k, t);
}

/** Attributes joined by '|', each known and named once. */
function isAttrs(attrs: unknown): boolean {
  if (attrs === '') return true;
  if (typeof attrs !== 'string') return false;
  const names = attrs.split('|');
  return names.every((n, i) => DMA_ATTRS.some((a) => a === n) && names.indexOf(n) === i);
}

/**
 * Stimulus `alloc`: offered with 8 KiB and no attributes, accepted with any size up to 4 MiB and attributes, and
 * with `mayBlock: false`, without GFP_KERNEL in any context.
 */
const alloc = {
  offers: (k: Kernel): Args[] => {
    const out: Args[] = [];
    k.state.drivers.forEach(({ allocations }, driver) => {
      if (allocations.length > 0 || !driverIdle(k, driver)) return;
      for (const fn of FUNCTIONS)
        for (const context of CONTEXTS) out.push({ driver, fn, context, bytes: BUFFER_BYTES, attrs: '' });
    });
    return out;
  },
  accepts: (k: Kernel, args: Args): boolean => {
    const { driver, fn, context, bytes, attrs } = args;
    if (!driverIdle(k, driver) || !isAttrs(attrs)) return false;
    if (fn === 'dma_alloc_pages' && attrs !== '') return false;
    return (
      hasKeys(args, ['driver', 'fn', 'context', 'bytes', 'attrs'], ['mayBlock']) &&
      [undefined, false].includes(args.mayBlock as boolean | undefined) &&
      (fn === 'dma_alloc_attrs' || fn === 'dma_alloc_pages') &&
      (context === 'process' || context === 'atomic') &&
      typeof bytes === 'number' &&
      Number.isInteger(bytes) &&
      bytes >= 1 &&
      bytes <= 2 ** 22
    );
  },
  apply: (k: Kernel, args: Args): void => {
    const r = args as unknown as Request;
    startOperation(k, r.driver, r.context, (t) => allocate(k, t, r));
  },
};

/** The allocation that the arguments name, the oldest by default. */
function named(k: Kernel, args: Args): Allocation | undefined {
  const driver = k.state.drivers[args.driver as number];
  return driver?.allocations[(args.which ?? 0) as number];
}

/**
 * Stimulus `free`: the driver is done with its memory, and so is the device. Offered in atomic context for
 * `dma_free_pages` only: `dma_free_attrs` must not be called there, but a driver can be told to. It can be told to
 * pass CC_SHARED too, which is no attribute of coherent memory.
 */
const free = {
  offers: (k: Kernel): Args[] => {
    const out: Args[] = [];
    k.state.drivers.forEach(({ allocations }, driver) => {
      if (allocations.length === 0 || !driverIdle(k, driver)) return;
      out.push({ driver, context: 'process' });
      if (allocations[0]!.fn === 'dma_alloc_pages') out.push({ driver, context: 'atomic' });
    });
    return out;
  },
  accepts: (k: Kernel, args: Args): boolean =>
    hasKeys(args, ['driver', 'context'], ['which', 'attrs']) &&
    named(k, args) !== undefined &&
    [undefined, 'CC_SHARED'].includes(args.attrs as string | undefined) &&
    driverIdle(k, args.driver) &&
    (args.context === 'process' || args.context === 'atomic'),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    const [a] = k.state.drivers[driver]!.allocations.splice((args.which ?? 0) as number, 1);
    const attrs = args.attrs === undefined ? a!.attrs : withAttr(a!.attrs, 'CC_SHARED');
    startOperation(k, driver, args.context as Context, (t) => giveBack(k, t, driver, a!, attrs));
  },
};

/** Stimulus `mmap`: memory from `dma_alloc_attrs` to user space, which touches it. */
const mmap = {
  offers: (k: Kernel): Args[] => {
    const out: Args[] = [];
    k.state.drivers.forEach(({ allocations }, driver) => {
      if (allocations[0]?.fn === 'dma_alloc_attrs' && driverIdle(k, driver)) out.push({ driver });
    });
    return out;
  },
  accepts: (k: Kernel, args: Args): boolean =>
    hasKeys(args, ['driver'], ['which']) &&
    named(k, args)?.fn === 'dma_alloc_attrs' &&
    driverIdle(k, args.driver),
  apply: (k: Kernel, args: Args): void => {
    const driver = args.driver as number;
    startOperation(k, driver, 'process', (t) => mapToUser(k, t, driver, (args.which ?? 0) as number));
  },
};

/** Stimulus `atomic_pool_init`: a postcore initcall, once; the memory attributes were updated long before. */
const atomic_pool_init = {
  offers: (k: Kernel): Args[] => {
    const { attributes, atomicPools } = k.state.boot;
    const due = attributes && !atomicPools && !k.hasTask('boot/0') && cpuCanBeEntered(k.state, 0);
    return due ? [{}] : [];
  },
  apply: (k: Kernel): void => {
    k.state.boot.atomicPools = true;
    k.spawn('boot/0', 0, 'process', (t) => initAtomicPools(k, t));
  },
};

function* initAtomicPools(k: Kernel, t: Task): Run {
  yield* dma_atomic_pool_init(k, t);
}

/** The stimuli of this file. */
export const ALLOC_STIMULI = { alloc, free, mmap, atomic_pool_init };
