/** Where a buffer is and what its pages are, read from the simulator's memory, free lists and pools. */
import {
  chunkOf,
  HOST_SHARED,
  isFree,
  type Kernel,
  PAGE_SIZE,
  PTE_INVALID,
  PTE_SHARED,
  pageIndex,
} from '../../kernel/index.ts';
import { UNCERTAIN, virt_to_phys } from '../../kernel/memory.ts';

/** Physical address behind a key of the atomic pools. */
export function physOfKey(kernel: Kernel, key: number): number {
  for (const { pool } of kernel.state.atomicPools) {
    const chunk = chunkOf(pool, key, PAGE_SIZE);
    if (chunk !== null) return chunk.phys + (key - chunk.start);
  }
  throw new Error(`no atomic pool has the key ${key}`);
}

/** Whether a virtual address is one that the atomic pools know. */
export function isKey(kernel: Kernel, vaddr: number): boolean {
  return kernel.state.atomicPools.some(({ pool }) => chunkOf(pool, vaddr, PAGE_SIZE) !== null);
}

/** Whether the page at a physical address lies in a chunk of an atomic pool. */
export function atomicPoolOwns(kernel: Kernel, phys: number): boolean {
  return kernel.state.atomicPools.some(({ pool }) =>
    pool.chunks.some((chunk) => phys >= chunk.phys && phys < chunk.phys + chunk.bits.length * PAGE_SIZE),
  );
}

/**
 * The state of a range of pages as the machine `page` has it, from what page table and host say; `mixed` when its
 * pages differ.
 */
export function encryption(kernel: Kernel, phys: number, pages: number): string {
  const { memory } = kernel.state;
  const first = pageIndex(memory, phys);
  // On Hyper-V the entry is not present for a while; on Arm CCA what is invalid can stay so.
  const present = kernel.config.fact('conversion') !== 'vtom';
  const kind = kindOf(memory.codes[first]!, present);
  for (let i = 1; i < pages; i++) if (kindOf(memory.codes[first + i]!, present) !== kind) return 'mixed';
  return kind;
}

function kindOf(code: number, present: boolean): string {
  const [table, host] = [(code & PTE_SHARED) !== 0, (code & HOST_SHARED) !== 0];
  if ((code & PTE_INVALID) !== 0 && !present) return `notPresent.${host ? 'hostShared' : 'hostPrivate'}`;
  if ((code & PTE_INVALID) !== 0 || table !== host) return 'uncertain';
  return table ? 'shared' : 'private';
}

/** The state of some pages as the machine `memory-range` has it; `mixed` when they differ. */
export function rangeState(kernel: Kernel, phys: number, pages: number): string {
  const { memory } = kernel.state;
  const first = pageIndex(memory, phys);
  const kind = rangeKind(memory.codes[first]!);
  for (let i = 1; i < pages; i++) if (rangeKind(memory.codes[first + i]!) !== kind) return 'mixed';
  return kind;
}

function rangeKind(code: number): string {
  const [table, host] = [(code & PTE_SHARED) !== 0, (code & HOST_SHARED) !== 0];
  if ((code & PTE_INVALID) !== 0) return host ? 'uncertain.invalidHostShared' : 'uncertain.invalid';
  if (table !== host) return table ? 'uncertain.entryShared' : 'uncertain.hostShared';
  return table ? 'shared' : 'private';
}

/** Whether the last conversion of a page failed: nobody knows its state, whatever table and host say. */
export function isUncertain(kernel: Kernel, phys: number): boolean {
  const { memory } = kernel.state;
  return (memory.codes[pageIndex(memory, phys)]! & UNCERTAIN) !== 0;
}

/** The physical address behind a linear one. */
export const linearToPhys = (vaddr: number): number => virt_to_phys(vaddr);

/** Whether the page allocator has the page in its free list. */
export function isFreePage(kernel: Kernel, phys: number): boolean {
  return isFree(kernel.state.buddy, phys);
}

/** Whether the page allocator counts the page as its own: free, or handed out by it. */
export function allocatorOwns(kernel: Kernel, phys: number): boolean {
  const { free, used } = kernel.state.buddy;
  return isInBlocks(free, phys / PAGE_SIZE) || isInBlocks(used, phys / PAGE_SIZE);
}

function isInBlocks(blocks: readonly number[], pfn: number): boolean {
  for (let i = 0; i < blocks.length; i += 2) {
    if (pfn >= blocks[i]! && pfn < blocks[i]! + 2 ** blocks[i + 1]!) return true;
  }
  return false;
}
