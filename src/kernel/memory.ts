/**
 * Physical memory: what the page tables say of each page, what the host says, and its bytes.
 *
 * Memory lies in banks, one for each zone that has any. Ranges of numbers: physical addresses in the banks,
 * the linear map {@link PAGE_OFFSET} above them, vmap aliases at {@link VMALLOC_START}, descriptors above
 * {@link KMALLOC_START}; they never overlap, so that a wrong kind of address is found out
 * ({@link isPhysRange}). All that every kernel has lies below 2^30, where the engine is fastest. Real kmalloc
 * objects live in pages; here they do not, since nothing in scope converts them.
 */

/** Bytes of a page. */
export const PAGE_SIZE = 4096;
/** First physical address of the main bank: where zone dma ends and zone dma32 begins. */
export const RAM_BASE = 0x0100_0000;
/** First physical address of the bank in zone dma. */
export const DMA_BASE = 0x0010_0000;
/** First physical address of the bank in zone normal: 4 GiB. */
export const NORMAL_BASE = 0x1_0000_0000;
/** First physical address of a bank in zone dma32 that lies apart from the main one: 1 GiB. */
export const FAR_DMA32_BASE = 0x4000_0000;
/** First physical address of a bank in zone normal that lies far up: 16 GiB. */
export const FAR_NORMAL_BASE = 0x4_0000_0000;
/** First physical address of the bank without linear addresses. */
export const HIGHMEM_BASE = 0x8000_0000;
/** Virtual address of physical address 0 in the linear map. */
export const PAGE_OFFSET = 0x1000_0000;
/** First address for vmap aliases. */
export const VMALLOC_START = 0x2000_0000;
/** Static objects of the kernel. */
export const STATIC_START = 0x3000_0000;
/** First address for kmalloc. */
export const KMALLOC_START = 0x3100_0000;

/** Bits of a page's code; a page of code 0 is mapped, private and consistent. */
export const PTE_SHARED = 1;
/** The host sees the page. */
export const HOST_SHARED = 2;
/** The linear-map entry is not valid. */
export const PTE_INVALID = 4;
/** The last conversion of the page returned an error: nobody knows its state. */
export const UNCERTAIN = 8;
/** The linear-map entry is uncached (`arch_dma_set_uncached`). */
export const PTE_UNCACHED = 16;

/** A vmap alias: pages, each anywhere, under addresses that follow each other. */
export interface VmapArea {
  readonly vaddr: number;
  /** Physical address of each page. */
  readonly frames: readonly number[];
  /** The alias's protection, which is its own: a conversion of the linear address does not change it. */
  readonly shared: boolean;
  /** Address of the array of its page pointers, where the alias owns single pages (`dma_common_pages_remap`). */
  readonly array?: number;
}

/** Memory without holes. */
export interface Bank {
  /** Physical address of its first page. */
  readonly start: number;
  readonly pages: number;
  /** Page index of its first page. */
  readonly first: number;
  /** Its pages have no linear address (`PageHighMem`), as on 32-bit kernels only. */
  readonly highmem: boolean;
}

/** State of all pages. */
export interface MemoryState {
  readonly banks: readonly Bank[];
  /** Page-table entries say shared or private; where they do not, an alias fits whatever the page is. */
  readonly pteEncryption: boolean;
  /** Code of each page, bank after bank. Replaced, never written to, so that kernels can share it. */
  codes: readonly number[];
  /** Non-zero bytes of a page index: offset and value in turn, ascending. Replaced, never written to. */
  readonly bytes: { [page: number]: readonly number[] };
  readonly vmap: VmapArea[];
}

/** One bank of `pages` private pages at {@link RAM_BASE}, all zero. */
export function createMemory(pages: number): MemoryState {
  return createBanks([{ start: RAM_BASE, pages }]);
}

/** Memory of several banks, ascending; those without pages are left out. All private and zero. */
export function createBanks(
  banks: readonly { readonly start: number; readonly pages: number; readonly highmem?: boolean }[],
  pteEncryption = true,
): MemoryState {
  let first = 0;
  const laid: Bank[] = [];
  for (const { start, pages, highmem = false } of banks) {
    if (pages > 0) laid.push({ start, pages, first, highmem });
    first += pages;
  }
  return { banks: laid, pteEncryption, codes: new Array<number>(first).fill(0), bytes: {}, vmap: [] };
}

/** Index of the page that holds a physical address; -1 outside RAM. */
export function pageIndex(m: MemoryState, phys: number): number {
  for (const b of m.banks) {
    const n = Math.floor((phys - b.start) / PAGE_SIZE);
    if (n >= 0 && n < b.pages) return b.first + n;
  }
  return -1;
}

/** `PageHighMem()`: the page has no linear address. */
export function PageHighMem(m: MemoryState, phys: number): boolean {
  return m.banks.some((b) => b.highmem && phys >= b.start && phys < b.start + b.pages * PAGE_SIZE);
}

const FAR_BASES = [FAR_DMA32_BASE, HIGHMEM_BASE, NORMAL_BASE, FAR_NORMAL_BASE] as const;

/** Is this a number that physical addresses have, and virtual ones never have? */
export function isPhysRange(addr: number): boolean {
  if (addr < PAGE_OFFSET) return true;
  return FAR_BASES.some((base) => addr >= base && addr < base + PAGE_OFFSET);
}

/** `phys_to_virt()`, `page_address()`: linear address. */
export function phys_to_virt(phys: number): number {
  return phys + PAGE_OFFSET;
}

/** `virt_to_phys()`, `virt_to_page()`: right for linear addresses only, unchecked as in the kernel. */
export function virt_to_phys(vaddr: number): number {
  return vaddr - PAGE_OFFSET;
}

/** Is this an address of the linear map (`__is_lm_address`)? */
export function isLinear(m: MemoryState, vaddr: number): boolean {
  const phys = vaddr - PAGE_OFFSET;
  return pageIndex(m, phys) >= 0 && !PageHighMem(m, phys);
}

/** Set and clear code bits of `pages` pages; pages outside RAM are passed over. */
export function changeCodes(m: MemoryState, phys: number, pages: number, set: number, clear: number): void {
  const first = pageIndex(m, phys);
  if (first < 0) return;
  const end = Math.min(first + pages, m.codes.length);
  m.codes = m.codes.map((code, i) => (i >= first && i < end ? (code & ~clear) | set : code));
}

/** The content of pages is lost, as when they change between private and shared. Reads as zero here. */
export function loseContents(m: MemoryState, phys: number, pages: number): void {
  const first = pageIndex(m, phys);
  for (let i = first; i < first + pages; i++) delete m.bytes[i];
}

/** Physical address and protection behind a virtual address; null: not mapped by anything. */
export function translate(
  m: MemoryState,
  vaddr: number,
): { phys: number; shared: boolean; valid: boolean } | null {
  const index = pageIndex(m, vaddr - PAGE_OFFSET);
  if (index >= 0 && !PageHighMem(m, vaddr - PAGE_OFFSET)) {
    const code = m.codes[index]!;
    return {
      phys: vaddr - PAGE_OFFSET,
      shared: (code & PTE_SHARED) !== 0,
      valid: (code & PTE_INVALID) === 0,
    };
  }
  for (const a of m.vmap) {
    if (vaddr < a.vaddr) continue;
    const frame = a.frames[Math.floor((vaddr - a.vaddr) / PAGE_SIZE)];
    if (frame !== undefined) return { phys: frame + (vaddr % PAGE_SIZE), shared: a.shared, valid: true };
  }
  return null;
}

/** Why the CPU cannot use the page behind a virtual address; null: it can. */
export function cpuFault(m: MemoryState, vaddr: number): string | null {
  const t = translate(m, vaddr);
  if (t === null) return 'no mapping';
  if (!t.valid) return 'the linear-map entry is invalid';
  const code = m.codes[pageIndex(m, t.phys)] ?? 0;
  const host = (code & HOST_SHARED) !== 0;
  if (m.pteEncryption && t.shared !== host)
    return t.shared
      ? 'mapped shared, but the host does not share the page'
      : 'mapped private, but the page is shared with the host';
  return null;
}

/** One byte of physical memory. */
export function readByte(m: MemoryState, phys: number): number {
  const content = m.bytes[pageIndex(m, phys)];
  if (content === undefined) return 0;
  const offset = phys % PAGE_SIZE;
  for (let i = 0; i < content.length; i += 2) if (content[i] === offset) return content[i + 1]!;
  return 0;
}

/** Set one byte of physical memory. */
export function writeByte(m: MemoryState, phys: number, value: number): void {
  const index = pageIndex(m, phys);
  if (index < 0) return;
  const offset = phys % PAGE_SIZE;
  const old = m.bytes[index] ?? [];
  let i = 0;
  while (i < old.length && old[i]! < offset) i += 2;
  const rest = old.slice(old[i] === offset ? i + 2 : i);
  setPage(m, index, [...old.slice(0, i), ...(value === 0 ? [] : [offset, value]), ...rest]);
}

/** Give a page the content of a whole page, as {@link MemoryState.bytes} keeps it. */
export function setPage(m: MemoryState, index: number, content: readonly number[]): void {
  if (content.length === 0) delete m.bytes[index];
  else m.bytes[index] = content;
}

/** Non-zero bytes of `[phys, phys+size)`, as pairs of offset from `phys` and value, ascending. */
export function sparseBytes(m: MemoryState, phys: number, size: number): [number, number][] {
  const out: [number, number][] = [];
  for (let page = phys - (phys % PAGE_SIZE); page < phys + size; page += PAGE_SIZE) {
    const content = m.bytes[pageIndex(m, page)];
    if (content === undefined) continue;
    for (let i = 0; i < content.length; i += 2) {
      const offset = page + content[i]! - phys;
      if (offset >= 0 && offset < size) out.push([offset, content[i + 1]!]);
    }
  }
  return out;
}

/** Copy physical memory, or zero it when `from` is null. */
export function copyPhys(m: MemoryState, to: number, from: number | null, size: number): void {
  const whole = size === PAGE_SIZE && to % PAGE_SIZE === 0 && (from === null || from % PAGE_SIZE === 0);
  if (whole) {
    const index = pageIndex(m, to);
    if (index >= 0) setPage(m, index, from === null ? [] : (m.bytes[pageIndex(m, from)] ?? []));
    return;
  }
  const source = from === null ? [] : sparseBytes(m, from, size);
  for (const [offset] of sparseBytes(m, to, size)) writeByte(m, to + offset, 0);
  for (const [offset, value] of source) writeByte(m, to + offset, value);
}
