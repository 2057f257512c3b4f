/**
 * What drivers and their devices write to a buffer, and what must be in it then: the bytes by which it is seen
 * whether data arrives.
 */
import type { Kernel } from './kernel.ts';
import { PAGE_SIZE, pageIndex, setPage, sparseBytes } from './memory.ts';

/** Bytes of a mapping, where none are named. */
export const BUFFER_BYTES = 8192;

/** Bytes of a driver's buffer. */
export function bufferBytes(k: Kernel): number {
  return k.config.size('bufferPages') * PAGE_SIZE;
}

/** Offset and value of bytes that are not zero. */
export type Bytes = readonly (readonly [number, number])[];

/**
 * What the CPU writes to a buffer before it is mapped: a byte at both ends of each of the first slots, and of the
 * last one. A `version` above 0 writes two more, so that what was written at different times differs.
 */
export function cpuPattern(driver: number, bytes: number, version = 0): Bytes {
  return pattern(0x10 * (driver + 1), bytes, version);
}

/** What the CPU writes when it has the buffer in between, before it gives it to the device again. */
export function answerPattern(driver: number, bytes: number, version = 0): Bytes {
  return pattern(0x10 * (driver + 1) + 8, bytes, version);
}

/** What the device writes: other bytes at the same places. */
export function devicePattern(driver: number, bytes: number, version = 0): Bytes {
  return pattern(0x80 + 0x10 * (driver + 1), bytes, version);
}

/** The highest version. */
export const MOST_VERSIONS = 255 * 255 - 1;

const SLOT = 2048;
const FIRST_SLOTS = 4;

function pattern(base: number, bytes: number, version: number): [number, number][] {
  const out: [number, number][] = [];
  const last = Math.ceil(bytes / SLOT) - 1;
  for (let slot = 0; slot <= last; slot++) {
    if (slot >= FIRST_SLOTS && slot < last) continue;
    const start = slot * SLOT;
    const end = Math.min(bytes, start + SLOT) - 1;
    const value = base + 2 * Math.min(slot, FIRST_SLOTS);
    out.push([start, value]);
    if (version > 0 && end > start + 2)
      out.push([start + 1, 1 + (version % 255)], [start + 2, 1 + Math.floor(version / 255)]);
    if (end > start) out.push([end, value + 1]);
  }
  return out;
}

// Contents of whole pages are made once and shared: kernels are made by the thousand.
const PAGES = new Map<string, readonly (readonly number[])[]>();

function patternPages(bytes: Bytes, pages: number): readonly (readonly number[])[] {
  return Array.from({ length: pages }, (_, n) =>
    bytes
      .filter(([offset]) => Math.floor(offset / PAGE_SIZE) === n)
      .flatMap(([offset, v]) => [offset % PAGE_SIZE, v]),
  );
}

function knownPages(driver: number, bytes: number, answer: boolean, pages: number) {
  const key = `${driver},${bytes},${answer},${pages}`;
  let known = PAGES.get(key);
  if (known === undefined) {
    known = patternPages((answer ? answerPattern : cpuPattern)(driver, bytes), pages);
    PAGES.set(key, known);
  }
  return known;
}

/** The CPU writes its pattern to the first bytes of a buffer, and zero to the rest. */
export function cpuWrites(k: Kernel, driver: number, bytes: number, answer: boolean, version = 0): void {
  const d = k.state.drivers[driver]!;
  const first = pageIndex(k.state.memory, d.buffer);
  const pages = k.config.size('bufferPages');
  const contents =
    version === 0
      ? knownPages(driver, bytes, answer, pages)
      : patternPages((answer ? answerPattern : cpuPattern)(driver, bytes, version), pages);
  contents.forEach((content, n) => {
    setPage(k.state.memory, first + n, content);
  });
  d.bytes = bytes;
  d.cpuAnswered = answer;
  d.cpuVersion = version;
  d.deviceWrote = false;
  d.deviceWrites = [];
}

/** The device wrote its pattern to a part of the buffer. */
export function deviceWrites(k: Kernel, driver: number, start: number, end: number, version: number): void {
  const d = k.state.drivers[driver]!;
  const covers = (a: { start: number; end: number }, b: { start: number; end: number }) =>
    a.start <= b.start && a.end >= b.end;
  const write = { start, end, version };
  // What was written just so before is still there.
  const last = d.deviceWrites.at(-1);
  if (last !== undefined && last.version === version && covers(last, write)) return;
  d.deviceWrites = [...d.deviceWrites.filter((old) => !covers(write, old)), write];
}

/** Has the buffer this content? */
export function bufferHolds(k: Kernel, driver: number, bytes: Bytes, size: number): boolean {
  const have = sparseBytes(k.state.memory, k.state.drivers[driver]!.buffer, size);
  return have.length === bytes.length && have.every(([o, v], i) => o === bytes[i]![0] && v === bytes[i]![1]);
}

/** What CPU and device must both find in the buffer: what the device wrote, and around it what the CPU wrote. */
export function expectedBytes(k: Kernel, driver: number): Bytes {
  const { bytes, cpuAnswered, cpuVersion, deviceWrites: writes } = k.state.drivers[driver]!;
  const cpu = (cpuAnswered ? answerPattern : cpuPattern)(driver, bytes, cpuVersion);
  if (writes.length === 0) return cpu;
  const all = new Map(cpu);
  for (const { start, end, version } of writes)
    for (const [offset, value] of devicePattern(driver, bytes, version))
      if (offset >= start && offset < end) all.set(offset, value);
  return [...all].sort(([a], [b]) => a - b);
}

/** The CPU looks into a part of its buffer, which is all that it was given back; see {@link checkBuffer}. */
export function checkPart(k: Kernel, driver: number, offset: number, size: number): void {
  const d = k.state.drivers[driver]!;
  const inside = (bytes: Bytes) => bytes.filter(([at]) => at >= offset && at < offset + size);
  const have = inside(sparseBytes(k.state.memory, d.buffer, d.bytes));
  const must = inside(expectedBytes(k, driver));
  if (
    have.length !== must.length ||
    have.some(([at, value], i) => at !== must[i]![0] || value !== must[i]![1])
  )
    d.lost = 'from device';
}

/** The CPU looks into its buffer; what is missing there becomes a fact of the driver's state. */
export function checkBuffer(k: Kernel, driver: number): boolean {
  const d = k.state.drivers[driver]!;
  const holds = bufferHolds(k, driver, expectedBytes(k, driver), d.bytes);
  if (!holds) d.lost = 'from device';
  return holds;
}
