/** What a conversion protocol offers, and how a conversion is cut in two ranges. */
import type { Kernel } from '../kernel.ts';
import { PAGE_SIZE } from '../memory.ts';
import type { Run, Task } from '../task.ts';

/** State that pages are converted to. */
export type Target = 'shared' | 'private';

/** errno values. */
export const EIO = 5;
export const ENOMEM = 12;
export const EBUSY = 16;
export const EINVAL = 22;

/** A platform's protocol. */
export interface Arch {
  /** Convert `numpages` pages at a virtual address. Returns 0 or a negative errno. */
  convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number>;
}

/** Number of ranges that a conversion is cut into, so that it can stop between them. */
export function rangesOf(numpages: number): number {
  return numpages > 1 ? 2 : 1;
}

/** Physical start and pages of a range: the first page, then the rest. */
export function rangeAt(phys: number, numpages: number, range: number): { phys: number; pages: number } {
  if (range === 0) return { phys, pages: 1 };
  return { phys: phys + PAGE_SIZE, pages: numpages - 1 };
}
