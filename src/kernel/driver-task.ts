/**
 * Driver threads: their contexts, and when they can be asked to do something. An atomic operation holds a
 * spinlock with interrupts off from its start to its return.
 */
import { DMA_DIRECTIONS } from './dma/direction.ts';
import { MOST_VERSIONS } from './driver-data.ts';
import type { Kernel } from './kernel.ts';
import { quiescent } from './rcu.ts';
import { cpuCanBeEntered, lock, unlock } from './scheduler.ts';
import type { Args } from './steps.ts';
import type { Run, Task } from './task.ts';

/** Numbers of the drivers. */
export const DRIVERS = [0, 1] as const;
/** Contexts in which a driver can be asked. */
export const CONTEXTS = ['process', 'atomic'] as const;
/** Context of an operation. */
export type Context = (typeof CONTEXTS)[number];

/** Start an operation of a driver in a context. */
export function startOperation(k: Kernel, driver: number, context: Context, body: (t: Task) => Run): void {
  const t = k.task(`driver/${driver}`);
  if (context === 'atomic') {
    lock(k.state, `${t.name} lock`, t.name);
    t.context = 'atomic';
  }
  k.start(t, body(t));
}

/** The last thing that an operation does. */
export function endOperation(k: Kernel, t: Task): void {
  if (t.context === 'process') return;
  unlock(k.state, `${t.name} lock`, t.name);
  t.context = 'process';
  quiescent(k, t);
}

/** Does the thread of this name nothing, and can its CPU be had? */
export function isIdle(k: Kernel, name: string): boolean {
  const t = k.task(name);
  return t.pending === null && cpuCanBeEntered(k.state, t.cpu);
}

/** Is the driver there and idle? */
export function driverIdle(k: Kernel, driver: unknown): driver is number {
  return (
    (driver === 0 || driver === 1) && k.state.drivers[driver] !== undefined && isIdle(k, `driver/${driver}`)
  );
}

/** Has the driver nothing mapped, and is it idle? */
export function canMap(k: Kernel, driver: unknown): driver is number {
  if (!driverIdle(k, driver)) return false;
  const d = k.state.drivers[driver]!;
  return d.mapping === null && d.list === null;
}

/** No arguments beside these, and all that are needed. */
export function hasKeys(args: Args, needed: readonly string[], optional: readonly string[] = []): boolean {
  return (
    needed.every((name) => args[name] !== undefined) &&
    Object.keys(args).every((name) => needed.includes(name) || optional.includes(name))
  );
}

/** Is this a context? */
export function isContext(value: unknown): value is Context {
  return value === 'process' || value === 'atomic';
}

/** Are these attributes of a mapping, each named once? */
export function isMapAttrs(value: unknown): boolean {
  if (value === undefined || value === '') return true;
  if (typeof value !== 'string') return false;
  const names = value.split('|');
  return names.every((n) => MAP_ATTRS.includes(n)) && new Set(names).size === names.length;
}
const MAP_ATTRS: readonly string[] = ['CC_SHARED', 'MMIO', 'REQUIRE_COHERENT', 'SKIP_CPU_SYNC'];

/** Is this a direction, or left out? */
export function isDirection(value: unknown): boolean {
  return value === undefined || (DMA_DIRECTIONS as readonly unknown[]).includes(value);
}

/** Is this a version of what is written, or left out? */
export function isVersion(value: unknown): boolean {
  return (
    value === undefined ||
    (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_VERSIONS)
  );
}

/** Is this a number of bytes that the buffer has? */
export function isLength(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;
}
