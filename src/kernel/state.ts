/**
 * All state of the simulated kernel, plain data. Pointers are addresses into tables, as in C, 0 is NULL;
 * a freed object leaves its table. Nothing here counts up for ever, so that states recur.
 */
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
  /** From patch 7: recorded state. Null: the pool knows none. */
  unencrypted: boolean | null;
  /** `node.next`; stays as it was when the pool is unlinked, for readers that stand on it. */
  next: number;
  /** WORK_STRUCT_PENDING of its `rcu_work` (patch 17). */
  workPending: boolean;
}

/** `struct io_tlb_mem`. */
export interface IoTlbMem {
  /** Head of the list of default and dynamic pools. */
  pools: number;
  nslabs: number;
  can_grow: boolean;
  /** From patch 7: recorded state. Null: it knows none. */
  unencrypted: boolean | null;
}

/** The device that all drivers share. */
export interface DeviceState {
  dma_uses_io_tlb: boolean;
  /** Head of `dma_io_tlb_pools`, the transient pools. */
  transient: number;
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

/** A queued work item: growth, or the deferred free of a pool. */
export interface WorkItem {
  readonly work: 'dyn_alloc' | 'dyn_free';
  /** Pool of a `dyn_free`, else 0. */
  readonly pool: number;
  readonly cpu: number;
}

/** What a driver knows of its buffer and mapping. */
export interface DriverState {
  /** Physical address of its buffer of 8 KiB. */
  readonly buffer: number;
  mapping: null | { readonly dma: number; readonly bytes: number };
  /** Bytes of the last mapping. */
  bytes: number;
  /** The device wrote to the last mapping. */
  deviceWrote: boolean;
}

/** A descriptor from kmalloc. */
export interface SlabObject {
  readonly addr: number;
  readonly what: string;
}

/** The whole kernel. */
export interface KernelState {
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
  readonly mem: IoTlbMem;
  readonly device: DeviceState;
  readonly atomicPools: AtomicPool[];
  readonly rcu: RcuState;
  queued: WorkItem[];
  readonly drivers: DriverState[];
}
