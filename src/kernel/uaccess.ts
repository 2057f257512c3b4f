/** CPU copies through virtual addresses: what memcpy and memset do, page by page, with faults noted. */
import type { Kernel } from './kernel.ts';
import { copyPhys, cpuFault, PAGE_SIZE, translate, writeByte } from './memory.ts';

/** `memset(vaddr, 0, size)`. A page that the CPU cannot use is a fault and is passed over. */
export function zero(k: Kernel, vaddr: number, size: number): void {
  forPages(vaddr, size, (addr, bytes) => {
    const phys = usable(k, addr);
    if (phys !== null) copyPhys(k.state.memory, phys, null, bytes);
  });
}

/** `memcpy(to, from, size)`. Pieces that the CPU cannot read or write are faults and are passed over. */
export function copy(k: Kernel, to: number, from: number, size: number): void {
  forPages(to, size, (addr, bytes) => {
    forPages(from + (addr - to), bytes, (source, piece) => {
      const target = usable(k, addr + (source - from - (addr - to)));
      const origin = usable(k, source);
      if (target !== null && origin !== null) copyPhys(k.state.memory, target, origin, piece);
    });
  });
}

/** Stores of single bytes at offsets from a virtual address. Those that the CPU cannot make are faults. */
export function writeCpu(k: Kernel, vaddr: number, bytes: readonly (readonly [number, number])[]): void {
  for (const [offset, value] of bytes) {
    const phys = usable(k, vaddr + offset);
    if (phys !== null) writeByte(k.state.memory, phys, value);
  }
}

function usable(k: Kernel, vaddr: number): number | null {
  const because = cpuFault(k.state.memory, vaddr);
  if (because === null) return translate(k.state.memory, vaddr)!.phys;
  k.fault('cpu-access', Math.floor(vaddr / PAGE_SIZE) * PAGE_SIZE, because);
  return null;
}

function forPages(vaddr: number, size: number, visit: (addr: number, bytes: number) => void): void {
  for (let addr = vaddr; addr < vaddr + size; ) {
    const bytes = Math.min(PAGE_SIZE - (addr % PAGE_SIZE), vaddr + size - addr);
    visit(addr, bytes);
    addr += bytes;
  }
}
