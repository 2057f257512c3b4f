/**
 * What drivers and their devices write to a buffer, and what must be in it then: the bytes by which it is seen
 * whether data arrives.
 */
import type { Kernel } from './kernel.ts';
import { PAGE_SIZE, pageIndex, setPage, sparseBytes } from './memory.ts';

/** Bytes of a driver's buffer. */
export const BUFFER_BYTES = 8192;

/** Offset and value of bytes that are not zero. */
export type Bytes = readonly (readonly [number, number])[];

/** What the CPU writes to a buffer before it is mapped: a byte at both ends of each slot. */
export function cpuPattern(driver: number, bytes: number): Bytes {
  return pattern(0x10 * (driver + 1), bytes);
}

/** What the CPU writes when it has the buffer in between, before it gives it to the device again. */
export function answerPattern(driver: number, bytes: number): Bytes {
  return pattern(0x10 * (driver + 1) + 8, bytes);
}

/** What the device writes: other bytes at the same places. */
export function devicePattern(driver: number, bytes: number): Bytes {
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

function patternPages(driver: number, bytes: number, answer: boolean): readonly (readonly number[])[] {
  const key = `${driver},${bytes},${answer}`;
  let pages = PAGES.get(key);
  if (pages === undefined) {
    const all = (answer ? answerPattern : cpuPattern)(driver, bytes);
    pages = Array.from({ length: BUFFER_BYTES / PAGE_SIZE }, (_, n) =>
      all
        .filter(([offset]) => Math.floor(offset / PAGE_SIZE) === n)
        .flatMap(([offset, v]) => [offset % PAGE_SIZE, v]),
    );
    PAGES.set(key, pages);
  }
  return pages;
}

/** The CPU writes its pattern to the first bytes of a buffer, and zero to the rest. */
export function cpuWrites(k: Kernel, driver: number, bytes: number, answer: boolean): void {
  const d = k.state.drivers[driver]!;
  const first = pageIndex(k.state.memory, d.buffer);
  patternPages(driver, bytes, answer).forEach((content, n) => {
    setPage(k.state.memory, first + n, content);
  });
  d.bytes = bytes;
  d.cpuAnswered = answer;
  d.deviceWrote = false;
  d.deviceBytes = 0;
}

/** Has the buffer this content? */
export function bufferHolds(k: Kernel, driver: number, bytes: Bytes, size: number): boolean {
  const have = sparseBytes(k.state.memory, k.state.drivers[driver]!.buffer, size);
  return have.length === bytes.length && have.every(([o, v], i) => o === bytes[i]![0] && v === bytes[i]![1]);
}

/** What CPU and device must both find in the buffer: what the device wrote, and behind it what the CPU wrote. */
export function expectedBytes(k: Kernel, driver: number): Bytes {
  const { bytes, cpuAnswered, deviceBytes } = k.state.drivers[driver]!;
  const cpu = (cpuAnswered ? answerPattern : cpuPattern)(driver, bytes);
  const device = devicePattern(driver, bytes);
  return cpu.map((byte, i) => (byte[0] < deviceBytes ? device[i]! : byte));
}

/** The CPU looks into its buffer; what is missing there becomes a fact of the driver's state. */
export function checkBuffer(k: Kernel, driver: number): void {
  const d = k.state.drivers[driver]!;
  if (!bufferHolds(k, driver, expectedBytes(k, driver), d.bytes)) d.lost = 'from device';
}
