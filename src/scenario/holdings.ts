/** What a driver holds: buffers, mappings and allocations, with what the device must find there. */
import type { Held } from './ledger.ts';

/** Pages that the driver got from kmalloc or the page allocator. */
export interface Buffer {
  readonly phys: number;
  readonly addr: number;
  readonly size: number;
  readonly order: number;
  /** `kmalloc` or `alloc_pages`. */
  readonly api: string;
  freed: boolean;
}

/** A mapping of streaming DMA; one entry of a list. */
export interface Mapping extends Held {
  readonly kind: 'mapping' | 'list';
  /** Physical address of the memory that was mapped. */
  readonly phys: number;
  /** Whose turn it is. */
  owner: 'cpu' | 'device';
  /** What the device must find, byte by byte; null: nothing can be said (SKIP_CPU_SYNC, MMIO, mapped twice). */
  view: number[] | null;
  /** Offsets that the device wrote since the CPU last looked. */
  readonly written: Set<number>;
}

/** Without copies and cache maintenance it is the driver's own business whose turn it is. */
export const takesTurns = (m: Held): boolean => !/SKIP_CPU_SYNC|MMIO/.test(m.attrs);

/** Memory that was allocated for DMA. */
export interface Allocation extends Held {
  readonly kind: 'coherent' | 'pages';
  /** Physical address of each page, as it was when it was allocated. */
  readonly pages: readonly number[];
  /** CPU address that the driver uses; 0: none. */
  readonly vaddr: number;
  /** What CPU and device must find. */
  readonly view: number[];
}

/** The text of bytes, a character each. */
export const textOf = (bytes: readonly number[]): string => String.fromCharCode(...bytes);

/** The bytes of a text; null: a character has no byte. */
export function bytesOf(text: string): number[] | null {
  const bytes = [...text].map((c) => c.codePointAt(0)!);
  return bytes.every((b) => b < 256) ? bytes : null;
}

/** A text as it stands in tables and messages: bytes that cannot be printed as dots, cut when long. */
export function printable(text: string): string {
  const clean = [...text].map((c) => (c < ' ' || c > '~' ? '.' : c)).join('');
  return clean.length > 24 ? `${clean.slice(0, 21)}...` : clean;
}
