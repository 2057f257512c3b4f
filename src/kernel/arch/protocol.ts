/** What a conversion protocol offers, and how a conversion is cut in two ranges. */
import type { Kernel } from '../kernel.ts';
import { changeCodes, HOST_SHARED, loseContents, PAGE_SIZE, PTE_SHARED, virt_to_phys } from '../memory.ts';
import type { Frame, Run, Task } from '../task.ts';
import { at } from '../task.ts';

/** State that pages are converted to. */
export type Target = 'shared' | 'private';

/** errno values. */
export const EPERM = 1;
export const EIO = 5;
export const ENOMEM = 12;
export const EFAULT = 14;
export const EBUSY = 16;
export const EINVAL = 22;

/** A platform's protocol. */
export interface Arch {
  /** A conversion may sleep, so that it checks the context that it is entered in. */
  readonly maySleep: boolean;
  /** Convert `numpages` pages at a virtual address. Returns 0 or a negative errno. */
  convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number>;
}

/** What the frame of a protocol holds. */
export interface ConversionFrame extends Frame {
  readonly addr: number;
  readonly numpages: number;
  readonly to: Target;
}

/**
 * Number of ranges that a conversion is cut into, so that it can stop between them: the first page, then the rest.
 * Where the platform asks page by page, a failure of the second range is one of its first page.
 */
export function rangesOf(numpages: number): number {
  return numpages > 1 ? 2 : 1;
}

/** Physical start and pages of a range: the first page, then the rest. */
export function rangeAt(phys: number, numpages: number, range: number): { phys: number; pages: number } {
  if (range === 0) return { phys, pages: 1 };
  return { phys: phys + PAGE_SIZE, pages: numpages - 1 };
}

/** The page-table entries of the whole area say the new state; other bits of the code change with them. */
export function changeTable(k: Kernel, f: ConversionFrame, set = 0, clear = 0): void {
  const [on, off] = f.to === 'shared' ? [PTE_SHARED, 0] : [0, PTE_SHARED];
  changeCodes(k.state.memory, virt_to_phys(f.addr), f.numpages, on | set, off | clear);
}

/** The host's view of one range becomes the new state, and what the pages held may be lost. */
export function changeHost(k: Kernel, f: ConversionFrame, range: number): void {
  const m = k.state.memory;
  const r = rangeAt(virt_to_phys(f.addr), f.numpages, range);
  if (f.to === 'shared') changeCodes(m, r.phys, r.pages, HOST_SHARED, 0);
  else changeCodes(m, r.phys, r.pages, 0, HOST_SHARED);
  if (!k.config.fact('preservesContents')) loseContents(m, r.phys, r.pages);
}

/** Page table and host at once, of one range: where there is but one truth. */
export function changeBoth(k: Kernel, f: ConversionFrame, range: number): void {
  const r = rangeAt(virt_to_phys(f.addr), f.numpages, range);
  const [on, off] = f.to === 'shared' ? [PTE_SHARED, 0] : [0, PTE_SHARED];
  changeCodes(k.state.memory, r.phys, r.pages, on, off);
  changeHost(k, f, range);
}

/** The arguments of a `host_call`. */
export function hostCall(f: ConversionFrame, range: number, ranges: number): Record<string, string | number> {
  return { to: f.to, range, ranges };
}

/** The guest ends here: a step is pending that is never taken. */
export function* guestOver(k: Kernel, f: ConversionFrame, why: string): Run {
  k.end(why);
  yield at(f, 9, 'guest_over', { why });
}
