/**
 * All state of the simulated kernel, plain data. Pointers are addresses into tables, as in C, 0 is NULL;
 * a freed object leaves its table. Nothing here counts up for ever, so that states recur.
 */
import type { DmaDirection } from './dma/direction.ts';
import type { GenPool } from './genalloc.ts';
import type { MemoryState } from './memory.ts';
import type { BuddyState } from './page-alloc.ts';
import type { Task } from './task.ts';

/** `struct io_tlb_area`: hint and use of a part of a pool. */
export interface IoTlbArea {
  used: number;
  index: number;
}

/** `struct io_tlb_slot`, one array a field. `orig_addr` is -1 when the slot is free. */
export interface SlotFields {
  readonly list: number[];
  readonly orig_addr: number[];
  readonly alloc_size: number[];
  readonly pad_slots: number[];
}

/** The slot array of a pool. While nobody changed it, only how it began is kept. */
export interface SlotArray {
  readonly addr: number;
  readonly nslabs: number;
  /** All slots used from the start (a long-lived mapping), or all free. */
  readonly initial: 'full' | 'free';
  fields: SlotFields | null;
}

/** `struct io_tlb_pool`. */
export interface IoTlbPool {
  readonly addr: number;
  start: number;
  end: number;
  vaddr: number;
  nslabs: number;
  area_nslabs: number;
  readonly areas: IoTlbArea[];
  /** Address of the slot array. */
  slots: number;
  transient: boolean;
  /** Made from the page allocator: slots and areas lie in pages. */
  late_alloc: boolean;
  /** Address of the areas where they lie in memory of their own; 0: in the descriptor. */
  areas_addr: number;
  /** From patch 7: recorded state. Null: the pool knows none. */
  unencrypted: boolean | null;
  /** `node.next`; stays as it was when the pool is unlinked, for readers that stand on it. */
  next: number;
  /** WORK_STRUCT_PENDING of its `rcu_work` (patch 17). */
  workPending: boolean;
}

/** `struct io_tlb_mem`: the default one, and one for each restricted region that a device was attached to. */
export interface IoTlbMem {
  readonly addr: number;
  /** Address of `defpool`, which is a part of it; the pool is in the table once its slots are initialised. */
  readonly defpool: number;
  /** Head of the list of default and dynamic pools; with SWIOTLB_DYNAMIC only, else 0. */
  pools: number;
  /** Slots of all its pools; 0: not active. */
  nslabs: number;
  force_bounce: boolean;
  /** Coherent memory is taken from it (a restricted pool). */
  for_alloc: boolean;
  can_grow: boolean;
  /** Highest address that growth may use. */
  phys_limit: number;
  /** From patch 7: recorded state. Null: it knows none. */
  unencrypted: boolean | null;
}

/** A device. Its number is its place in {@link KernelState.devices}. */
export interface DeviceState {
  readonly id: number;
  /** With SWIOTLB_DYNAMIC: it has bounced through a pool. */
  dma_uses_io_tlb: boolean;
  /** Head of `dma_io_tlb_pools`, the transient pools. */
  transient: number;
  /** `dma_io_tlb_mem`: address of its {@link IoTlbMem}. */
  io_tlb_mem: number;
  /** `pci_dev.untrusted`: it sits behind an external port. */
  readonly external: boolean;
  /** Accepted (TDISP, T=1): it may reach private memory. */
  trusted: boolean;
  readonly coherent: boolean;
  dma_mask_bits: number;
  coherent_mask_bits: number;
  /** `bus_dma_limit` as a number of bits; 0: none. */
  readonly bus_limit_bits: number;
  readonly min_align_mask: number;
  readonly seg_boundary_mask: number;
  readonly iommu: boolean;
  readonly xen: boolean;
}

/** What a device that does not snoop the CPU's caches sees of a range that is mapped for it. */
export interface DeviceView {
  readonly phys: number;
  readonly size: number;
  /** Bytes that are not zero: offset from `phys` and value, ascending. Replaced, never written to. */
  bytes: readonly (readonly [number, number])[];
}

/** A reserved region of the device tree for a restricted pool (`struct reserved_mem`). */
export interface ReservedRegion {
  readonly phys: number;
  readonly nslabs: number;
  /** `rmem->priv`: the {@link IoTlbMem} that the first device of the region made; 0: none yet. */
  priv: number;
}

/** What of the boot has been begun. Each is done once. */
export interface BootState {
  /** `swiotlb_init()`. */
  swiotlb: boolean;
  /** `swiotlb_update_mem_attributes()`. */
  attributes: boolean;
  /** `swiotlb_exit()`. */
  exited: boolean;
  /** `dma_atomic_pool_init()`. */
  atomicPools: boolean;
}

/** The default CMA area. */
export interface CmaArea {
  readonly phys: number;
  /** One entry a page: 1 when handed out. No entries: there is no area. */
  readonly bits: number[];
}

/** IO virtual addresses of a device, and the pages behind them. */
export interface IommuMapping {
  readonly dev: number;
  readonly iova: number;
  /** Physical address of each page. */
  readonly frames: readonly number[];
  /** The entries carry the C-bit: the device's accesses are decrypted on their way. */
  readonly cbit: boolean;
}

/** The global coherent pool (`struct dma_coherent_mem`), under an alias of its own. */
export interface GlobalPool {
  readonly phys: number;
  readonly vaddr: number;
  /** One entry a page: 1 when handed out. */
  readonly bits: number[];
}

/** Memory that a driver got from `dma_alloc_attrs()` or `dma_alloc_pages()` and has not given back. */
export interface Allocation {
  readonly fn: 'dma_alloc_attrs' | 'dma_alloc_pages';
  /** What the driver was given as CPU address; 0: none (a cookie, or pages). */
  readonly cpu_addr: number;
  /** Physical address of the `struct page` that it was given; 0: none. */
  readonly page: number;
  readonly dma: number;
  readonly bytes: number;
  /** Attributes of the request, joined by '|'. */
  readonly attrs: string;
}

/** An atomic (coherent) pool. */
export interface AtomicPool {
  readonly name: 'kernel' | 'dma32' | 'dma';
  readonly pool: GenPool;
  /** From patch 5: recorded state. Null: it knows none. */
  readonly unencrypted: boolean | null;
}

/** An RCU callback: function and the object that holds its head. */
export interface RcuCallback {
  readonly fn: 'swiotlb_dyn_free' | 'rcu_work_rcufn';
  readonly head: number;
  readonly cpu: number;
}

/** RCU: callbacks by stage. */
export interface RcuState {
  /** Wait for a grace period that has not begun. */
  waiting: RcuCallback[];
  /** The grace period in progress: readers that were inside when it began and still are. */
  gp: null | { readers: string[]; callbacks: RcuCallback[] };
  /** Finished: run in softirq, first first. */
  done: RcuCallback[];
}

/** A queued work item: growth of swiotlb or of the atomic pools, or the deferred free of a pool. */
export interface WorkItem {
  readonly work: 'dyn_alloc' | 'dyn_free' | 'atomic_pool_work';
  /** Pool of a `dyn_free`, else 0. */
  readonly pool: number;
  readonly cpu: number;
}

/** A buffer that is mapped. */
export interface DriverMapping {
  readonly dma: number;
  readonly bytes: number;
  readonly dir: DmaDirection;
  /** Attributes of the map, joined by '|'. */
  readonly attrs: string;
}

/** A scatter list that is mapped; together its parts are the buffer. */
export interface DriverList {
  readonly segments: readonly { readonly dma: number; readonly bytes: number }[];
  readonly dir: DmaDirection;
  readonly attrs: string;
}

/** What a driver knows of its buffer and mapping. */
export interface DriverState {
  /** Number of its device. */
  readonly device: number;
  /** Physical address of its buffer. */
  readonly buffer: number;
  mapping: null | DriverMapping;
  /** Its mapped scatter list. Of mapping and list it has one at a time. */
  list: null | DriverList;
  /** Who may use the buffer now; the device only while it is mapped. */
  owner: 'cpu' | 'device';
  /** The buffer is shared memory: its owner shared it before it was mapped with CC_SHARED. */
  shared: boolean;
  /** Bytes of the last mapping. */
  bytes: number;
  /** The device wrote to the last mapping. */
  deviceWrote: boolean;
  /** What the device wrote since the CPU did, in order: of the buffer's bytes, and the version of its pattern. */
  deviceWrites: readonly { readonly start: number; readonly end: number; readonly version: number }[];
  /** Version of the pattern that the CPU wrote last. */
  cpuVersion: number;
  /** The CPU had the buffer in between and wrote its second pattern. */
  cpuAnswered: boolean;
  /** Since the last map: data that did not arrive, and which way it went. */
  lost: null | 'to device' | 'from device';
  /** What it has allocated, oldest first. */
  readonly allocations: Allocation[];
}

/** A descriptor from kmalloc. */
export interface SlabObject {
  readonly addr: number;
  readonly what: string;
}

/** The whole kernel. */
export interface KernelState {
  /** The guest is over, and why: nothing more happens. Null: it runs. */
  ended: string | null;
  /** Sorted by name. */
  readonly tasks: Task[];
  /** Locks held across a yield. */
  locks: { readonly name: string; readonly owner: string }[];
  readonly memory: MemoryState;
  readonly buddy: BuddyState;
  /** Live descriptors, ascending. */
  readonly slab: SlabObject[];
  /** Live pool descriptors, ascending by address. */
  readonly pools: IoTlbPool[];
  /** Live slot arrays, ascending by address. */
  readonly slots: SlotArray[];
  readonly boot: BootState;
  /** Live `io_tlb_mem`s, ascending by address; the default one always. */
  readonly mems: IoTlbMem[];
  readonly devices: DeviceState[];
  readonly regions: ReservedRegion[];
  /** Views of non-coherent devices of what is mapped for them. */
  readonly deviceViews: DeviceView[];
  readonly cma: CmaArea;
  /** Mappings of devices behind an IOMMU, ascending by address. */
  readonly iommu: IommuMapping[];
  /** Null: the kernel has none (CONFIG_DMA_GLOBAL_POOL). */
  readonly globalPool: GlobalPool | null;
  readonly atomicPools: AtomicPool[];
  readonly rcu: RcuState;
  queued: WorkItem[];
  readonly drivers: DriverState[];
}
