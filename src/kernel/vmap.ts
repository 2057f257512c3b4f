/**
 * Aliases of pages in the vmalloc area (mm/vmalloc.c). An alias has a protection of its own, shared or
 * private, which no conversion changes: conversions are of linear addresses.
 */
import type { Kernel } from './kernel.ts';
import { PAGE_SIZE, VMALLOC_START, type VmapArea } from './memory.ts';
import type { Run, Task } from './task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave } from './task.ts';

/**
 * What a protection says of the memory. The base protection of the kernel's mappings, where nobody said anything,
 * is an encrypted one.
 */
export type Prot = 'decrypted' | 'encrypted';

/** Lowest address at which an area of `pages` pages fits; behind each area stays a guard page. */
function freeAddress(areas: readonly VmapArea[], pages: number): number {
  let addr = VMALLOC_START;
  for (const a of areas) {
    if (addr + (pages + 1) * PAGE_SIZE <= a.vaddr) break;
    addr = a.vaddr + (a.frames.length + 1) * PAGE_SIZE;
  }
  return addr;
}

/** Add an alias without a step: for what exists when a run begins. Returns its address. */
export function addAlias(areas: VmapArea[], frames: readonly number[], shared: boolean): number {
  const vaddr = freeAddress(areas, frames.length);
  const i = areas.findIndex((a) => a.vaddr > vaddr);
  areas.splice(i < 0 ? areas.length : i, 0, { vaddr, frames, shared });
  return vaddr;
}

/** The alias that holds a virtual address (`find_vm_area`); null: none. */
export function findAlias(k: Kernel, vaddr: number): VmapArea | null {
  for (const a of k.state.memory.vmap)
    if (vaddr >= a.vaddr && vaddr < a.vaddr + a.frames.length * PAGE_SIZE) return a;
  return null;
}

/** `is_vmalloc_addr()`: by its range alone. */
export function is_vmalloc_addr(vaddr: number): boolean {
  return vaddr >= VMALLOC_START && vaddr < VMALLOC_START + 0x1000_0000;
}

/** Physical addresses of pages that follow each other. */
export function framesOf(phys: number, pages: number): number[] {
  return Array.from({ length: pages }, (_, n) => phys + n * PAGE_SIZE);
}

/**
 * `vmap()`, `dma_common_pages_remap()`, `dma_common_contiguous_remap()`: an alias of the pages. A choice of the
 * world; the address, 0 when it fails. May sleep.
 */
export function* vmap(k: Kernel, t: Task, frames: readonly number[], prot: Prot): Run<number> {
  const f = enter(t, { fn: 'vmap', at: 0, frames, shared: prot === 'decrypted' });
  const args = { addr: frames[0] ?? 0, pages: frames.length, prot };
  const answer = yield atChoice(f, 1, 'vmap', ANY_ANSWER, args);
  k.might_sleep(t);
  const vaddr = answer === 'ok' ? addAlias(k.state.memory.vmap, f.frames, f.shared) : 0;
  k.note(vaddr);
  leave(t);
  return vaddr;
}

/** `vunmap()`, `dma_common_free_remap()`: remove the alias that begins at an address. May sleep. */
export function* vunmap(k: Kernel, t: Task, vaddr: number): Run {
  const f = enter(t, { fn: 'vunmap', at: 0, vaddr });
  yield at(f, 1, 'vunmap', { vaddr: f.vaddr });
  k.might_sleep(t);
  const { vmap: areas } = k.state.memory;
  const i = areas.findIndex((a) => a.vaddr === f.vaddr);
  if (i < 0) k.fault('bad-free', f.vaddr, 'vunmap of an address that no alias begins at');
  else areas.splice(i, 1);
  leave(t);
}
