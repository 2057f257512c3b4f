/**
 * What a scenario file is written with. Names, and the order of arguments, are the kernel's; `docs/scenarios.md`
 * is the introduction. Every call runs the simulator until the call has returned.
 *
 * A scenario file's default export is a {@link Scenario}. It needs the types of this file only:
 *
 * ```ts
 * import type { Scenario } from '../../src/scenario/index.ts';
 * export default { title: '…', platforms: ['tdx'], run: (k) => { … } } satisfies Scenario;
 * ```
 */
import type { KernelSizes } from '../kernel/index.ts';
import type { OptionName } from '../series/index.ts';

/** Which way data goes. */
export type Direction = 'DMA_TO_DEVICE' | 'DMA_FROM_DEVICE' | 'DMA_BIDIRECTIONAL';
/** May the allocation sleep? `GFP_DMA` and `GFP_DMA32` may follow, joined by `|`. */
export type Gfp = 'GFP_KERNEL' | 'GFP_ATOMIC' | 'GFP_NOWAIT' | `GFP_${string}|GFP_${string}`;
/** Attributes, joined by `|`: `DMA_ATTR_SKIP_CPU_SYNC`, `DMA_ATTR_NO_KERNEL_MAPPING` … */
export type Attrs = '' | `DMA_ATTR_${string}`;

/** A device. */
export interface Device {
  readonly name: string;
  /**
   * The device reads memory that it was given the address of.
   * @param dma_addr within a live mapping or allocation of this device
   * @returns the text that stands there; `null` when the device cannot reach it, which is a violation
   */
  read(dma_addr: number, size: number): string | null;
  /** The device writes text. False when it cannot reach the memory, which is a violation. */
  write(dma_addr: number, text: string): boolean;
}

/** What a device is; what is not named is as the platform and the options make it. */
export interface DeviceProperties {
  /** Bits of streaming and coherent mask. */
  readonly mask?: number;
  /** Bits of the coherent mask alone. */
  readonly coherent_mask?: number;
  /** It snoops the caches. */
  readonly coherent?: boolean;
  /** Accepted from the start (TDISP, T=1). */
  readonly trusted?: boolean;
  readonly min_align_mask?: number;
  readonly seg_boundary_mask?: number;
}

/** Memory of the driver, from {@link Simulator.kmalloc} or {@link Simulator.alloc_pages}: private, linearly mapped. */
export interface Memory {
  /** CPU address. */
  readonly addr: number;
  readonly phys: number;
  readonly size: number;
  /** The CPU writes text. */
  write(text: string, offset?: number): void;
  /** The CPU reads text; bytes that are zero read as `\0`. */
  read(size: number, offset?: number): string;
}

/** Memory from `dma_alloc_coherent()`, `dma_alloc_attrs()`. */
export interface Coherent {
  /** CPU address; with NO_KERNEL_MAPPING a cookie. */
  readonly cpu_addr: number;
  readonly dma_handle: number;
  readonly size: number;
  write(text: string, offset?: number): void;
  read(size: number, offset?: number): string;
}

/** Memory from `dma_alloc_pages()`. */
export interface DmaPages {
  /** Physical address of the first `struct page`. */
  readonly page: number;
  readonly dma_handle: number;
  readonly size: number;
  write(text: string, offset?: number): void;
  read(size: number, offset?: number): string;
}

/** An entry of a scatter list. */
export interface SgEntry {
  readonly mem: Memory;
  readonly offset?: number;
  readonly length: number;
}

/** A scatter list that was mapped. */
export interface SgTable {
  /** For each entry. */
  readonly dma_addresses: readonly number[];
}

/** A driver: `bind` calls its probe, `unbind` its remove with what probe returned. */
export interface Driver {
  bind(dev: Device): void;
  /** Removes the driver. What it still holds of the device then is its mistake. */
  unbind(dev: Device): void;
}

/** The simulated kernel, as a driver and a test see it. */
export interface Simulator {
  /** Name of the platform that the scenario runs on. */
  readonly platform: string;
  /** Name of the series: `v5`, `baseline`, `prefix:7` … */
  readonly series: string;

  // ---- devices and drivers ----

  device(name: string, properties?: DeviceProperties): Device;
  /** `probe` returns what `remove` is given back. */
  driver<T>(name: string, code: { probe(dev: Device): T; remove(dev: Device, data: T): void }): Driver;
  /** The device is accepted (TDISP): it may reach private memory from here on. */
  accept(dev: Device): void;
  dma_set_coherent_mask(dev: Device, bits: number): void;

  // ---- memory ----

  kmalloc(size: number, gfp?: Gfp): Memory;
  kfree(mem: Memory): void;
  alloc_pages(gfp: Gfp, order: number): Memory;
  __free_pages(mem: Memory, order: number): void;

  // ---- allocations: null is NULL ----

  dma_alloc_coherent(dev: Device, size: number, gfp: Gfp): Coherent | null;
  dma_free_coherent(dev: Device, size: number, cpu_addr: number, dma_handle: number): void;
  dma_alloc_attrs(dev: Device, size: number, gfp: Gfp, attrs: Attrs): Coherent | null;
  dma_free_attrs(dev: Device, size: number, cpu_addr: number, dma_handle: number, attrs: Attrs): void;
  dma_alloc_pages(dev: Device, size: number, dir: Direction, gfp: Gfp): DmaPages | null;
  dma_free_pages(dev: Device, size: number, page: number, dma_handle: number, dir: Direction): void;

  // ---- streaming: a map returns the bus address, or DMA_MAPPING_ERROR (-1) ----

  dma_map_single(dev: Device, mem: Memory, size: number, dir: Direction, attrs?: Attrs): number;
  dma_unmap_single(dev: Device, addr: number, size: number, dir: Direction, attrs?: Attrs): void;
  dma_map_page(dev: Device, mem: Memory, offset: number, size: number, dir: Direction, attrs?: Attrs): number;
  dma_unmap_page(dev: Device, addr: number, size: number, dir: Direction, attrs?: Attrs): void;
  dma_map_phys(dev: Device, phys: number, size: number, dir: Direction, attrs?: Attrs): number;
  dma_unmap_phys(dev: Device, addr: number, size: number, dir: Direction, attrs?: Attrs): void;
  dma_map_sg(dev: Device, entries: readonly SgEntry[], dir: Direction, attrs?: Attrs): SgTable | null;
  dma_unmap_sg(dev: Device, sg: SgTable, dir: Direction, attrs?: Attrs): void;
  dma_sync_single_for_cpu(dev: Device, addr: number, size: number, dir: Direction): void;
  dma_sync_single_for_device(dev: Device, addr: number, size: number, dir: Direction): void;
  dma_mapping_error(dev: Device, addr: number): boolean;

  // ---- the world ----

  /** What is called inside runs with a spinlock held and interrupts off. */
  atomic<T>(body: () => T): T;
  /** Workers, grace periods and softirqs run until none is left. */
  settle(): void;
  /**
   * The next time that this kernel function is called it fails: `alloc_pages`, `vmap`, `set_memory_encrypted` … One
   * that never comes to be fails the run.
   * @param options `times`: how many calls in a row (default 1). `at`: of a conversion, the part that fails:
   *   `conversion_begin` (default: the first that can fail), `host_call`, `conversion_end`
   */
  failNext(symbol: string, options?: { readonly times?: number; readonly at?: string }): void;

  // ---- expectations: one that is not so fails the run, which goes on ----

  /** The host sees every page of it. A number is a bus address. */
  expectShared(what: Coherent | DmaPages | Memory | number): void;
  /** The host sees no page of it. */
  expectPrivate(what: Coherent | DmaPages | Memory | number): void;
  /** Its pages are back with their allocator, and private. */
  expectFreed(what: Coherent | DmaPages | Memory): void;
  /** Its pages are leaked: with nobody, and never handed out again. */
  expectLeaked(what: Coherent | DmaPages | Memory): void;
  /** The bus address is that of a swiotlb slot. */
  expectBounced(dma_addr: number): void;
  /** The bus address is that of the driver's own memory. */
  expectDirect(dma_addr: number): void;
  /** Its memory is a part of an atomic pool. */
  expectFromPool(what: Coherent | DmaPages): void;
  /** Its memory is a part of a restricted pool. */
  expectFromRestricted(what: Coherent | DmaPages): void;
  /** NULL, or DMA_MAPPING_ERROR. */
  expectFails(what: object | number | null): void;
  /** Neither of them. */
  expectWorks(what: object | number | null): void;
  /** How many transient pools the device has. */
  expectTransientPools(dev: Device, count: number): void;
  /** The guest is over (a panic, a refused page state): the call before ended it. Nothing can be called behind it. */
  expectGuestOver(): void;
  expectEqual(found: unknown, wanted: unknown): void;
}

/** The default export of a scenario file. */
export interface Scenario {
  readonly title: string;
  /** Where it runs when the command names no platform. */
  readonly platforms: readonly string[];
  /** As `--option` takes them. */
  readonly options?: Readonly<Partial<Record<OptionName, string>>>;
  /** Of the simulated machine. */
  readonly sizes?: Readonly<Partial<KernelSizes>>;
  run(k: Simulator): void | Promise<void>;
}
