/**
 * Physical memory: what the page tables say of each page, what the host says, and its bytes.
 *
 * Ranges of numbers: physical addresses from {@link RAM_BASE}, the linear map at {@link PAGE_OFFSET},
 * vmap aliases at {@link VMALLOC_START}, descriptors above {@link KMALLOC_START}; they never overlap, so
 * that a wrong kind of address is found out. All lie below 2^30, where the engine is fastest. Real kmalloc objects live in pages; here they do not, since
 * nothing in scope converts them.
 */

/** Bytes of a page. */
export const PAGE_SIZE = 4096;
/** First physical address. */
export const RAM_BASE = 0x0010_0000;
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

/** A vmap alias of physically contiguous pages. */
export interface VmapArea {
  readonly vaddr: number;
  readonly phys: number;
  readonly pages: number;
  readonly shared: boolean;
}

/** State of all pages. */
export interface MemoryState {
  /** Code of each page from {@link RAM_BASE}. Replaced, never written to, so that kernels can share it. */
  codes: readonly number[];
  /** Non-zero bytes of a page index: offset and value in turn, ascending. Replaced, never written to. */
  readonly bytes: { [page: number]: readonly number[] };
  readonly vmap: VmapArea[];
}

/** Memory of `pages` private pages, all zero. */
export function createMemory(pages: number): MemoryState {
  return { codes: new Array<number>(pages).fill(0), bytes: {}, vmap: [] };
}

/** Index of the page that holds a physical address; -1 outside RAM. */
export function pageIndex(m: MemoryState, phys: number): number {
  const index = Math.floor((phys - RAM_BASE) / PAGE_SIZE);
  return index >= 0 && index < m.codes.length ? index : -1;
}

/** Physical address of a page index. */
export function pagePhys(index: number): number {
  return RAM_BASE + index * PAGE_SIZE;
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
  return pageIndex(m, vaddr - PAGE_OFFSET) >= 0;
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
  if (index >= 0) {
    const code = m.codes[index]!;
    return {
      phys: vaddr - PAGE_OFFSET,
      shared: (code & PTE_SHARED) !== 0,
      valid: (code & PTE_INVALID) === 0,
    };
  }
  for (const a of m.vmap) {
    if (vaddr >= a.vaddr && vaddr < a.vaddr + a.pages * PAGE_SIZE)
      return { phys: a.phys + (vaddr - a.vaddr), shared: a.shared, valid: true };
  }
  return null;
}

/** Why the CPU cannot use the page behind a virtual address; null: it can. */
export function cpuFault(m: MemoryState, vaddr: number): string | null {
  const t = translate(m, vaddr);
  if (t === null) return 'no mapping';
  if (!t.valid) return 'the linear-map entry is invalid';
  const code = m.codes[pageIndex(m, t.phys)]!;
  const host = (code & HOST_SHARED) !== 0;
  if (t.shared !== host)
    return t.shared
      ? 'mapped shared, but the host does not share the page'
      : 'mapped private, but the page is shared with the host';
  return null;
}

/** One byte of physical memory. */
export function readByte(m: MemoryState, phys: number): number {
  const content = m.bytes[pageIndex(m, phys)];
  if (content === undefined) return 0;
  const offset = (phys - RAM_BASE) % PAGE_SIZE;
  for (let i = 0; i < content.length; i += 2) if (content[i] === offset) return content[i + 1]!;
  return 0;
}

/** Set one byte of physical memory. */
export function writeByte(m: MemoryState, phys: number, value: number): void {
  const index = pageIndex(m, phys);
  if (index < 0) return;
  const offset = (phys - RAM_BASE) % PAGE_SIZE;
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
  const first = Math.floor((phys - RAM_BASE) / PAGE_SIZE);
  const last = Math.floor((phys + size - 1 - RAM_BASE) / PAGE_SIZE);
  for (let index = first; index <= last; index++) {
    const content = m.bytes[index];
    if (content === undefined) continue;
    for (let i = 0; i < content.length; i += 2) {
      const offset = pagePhys(index) + content[i]! - phys;
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
