/** Page-table entries of the linear map that are uncached, on architectures that change them in place. */
import type { Kernel } from '../kernel.ts';
import { changeCodes, PAGE_SIZE, PTE_UNCACHED, pageIndex, virt_to_phys } from '../memory.ts';

/** Entries become uncached. */
export function setUncached(k: Kernel, vaddr: number, bytes: number): void {
  changeCodes(k.state.memory, virt_to_phys(vaddr), Math.ceil(bytes / PAGE_SIZE), PTE_UNCACHED, 0);
}

/** Entries become cached again; one that was not uncached is a fault of the caller's. */
export function clearUncached(k: Kernel, vaddr: number, bytes: number, what: string): void {
  const { memory } = k.state;
  for (let addr = vaddr; addr < vaddr + bytes; addr += PAGE_SIZE) {
    const code = memory.codes[pageIndex(memory, virt_to_phys(addr))] ?? 0;
    if ((code & PTE_UNCACHED) === 0) k.fault('bad-free', addr, `${what}: the page is not uncached`);
  }
  changeCodes(memory, virt_to_phys(vaddr), Math.ceil(bytes / PAGE_SIZE), 0, PTE_UNCACHED);
}
