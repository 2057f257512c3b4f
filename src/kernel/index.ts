/**
 * The simulator: a small kernel whose every visible step is a yield, so that a caller decides each
 * interleaving and each failure.
 *
 * ```ts
 * const k = createKernel({ patches: new Set([5, 6, 7, 17, 20]), platform, options });
 * k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
 * k.resume('driver/0');           // reads the head of the pool list
 * k.pending();                    // what each task will do next
 * ```
 */

import { boot } from './boot.ts';
import { BOOT_STIMULI } from './boot-stimuli.ts';
import type { KernelConfig } from './config.ts';
import { ConfigReader } from './config.ts';
import { atomic_pool_work_fn } from './dma/pool-expand.ts';
import { swiotlb_dyn_alloc, swiotlb_dyn_free } from './dma/swiotlb-dynamic.ts';
import { find_pool, map, unmap } from './driver.ts';
import { ALLOC_STIMULI } from './driver-alloc.ts';
import { cpuRead, cpuWrite } from './driver-cpu.ts';
import { deviceRead, deviceWrite } from './driver-device.ts';
import { map_sg, unmap_sg } from './driver-sg.ts';
import { max_mapping_size, sync, sync_pages } from './driver-sync.ts';
import type { KernelCode } from './kernel.ts';
import { Kernel } from './kernel.ts';
import { rcu_gp_end, rcu_gp_start, rcu_softirq } from './rcu.ts';
import { kworker_start, rcu_work_rcufn } from './workqueue.ts';

const CODE: KernelCode = {
  stimuli: {
    map,
    unmap,
    sync,
    sync_pages,
    max_mapping_size,
    map_sg,
    unmap_sg,
    deviceRead,
    deviceWrite,
    cpuRead,
    cpuWrite,
    find_pool,
    rcu_gp_start,
    rcu_gp_end,
    rcu_softirq,
    kworker_start,
    ...BOOT_STIMULI,
    ...ALLOC_STIMULI,
  },
  callbacks: { swiotlb_dyn_free, rcu_work_rcufn },
  works: { dyn_alloc: swiotlb_dyn_alloc, dyn_free: swiotlb_dyn_free, atomic_pool_work: atomic_pool_work_fn },
};

/** A kernel after boot. Throws RangeError when a size is not accepted. */
export function createKernel(config: KernelConfig): Kernel {
  const reader = new ConfigReader(config);
  return new Kernel(reader, boot(reader), CODE);
}

/**
 * A maker of equal kernels, for those who need many: each call gives a fresh one after boot. They share
 * the record of what was read of the configuration, and what no kernel writes to.
 */
export function kernelMaker(config: KernelConfig): () => Kernel {
  const reader = new ConfigReader(config);
  const { codes } = boot(reader).memory;
  return () => {
    const state = boot(reader);
    state.memory.codes = codes;
    return new Kernel(reader, state, CODE);
  };
}

export { DEFAULT_MEM, DEFAULT_POOL } from './boot.ts';
export type {
  ConfigRead,
  ConversionProtocol,
  KernelConfig,
  KernelOptions,
  KernelSizes,
  PlatformFacts,
} from './config.ts';
export { DEFAULT_KERNEL_OPTIONS, DEFAULT_SIZES } from './config.ts';
export {
  cc_platform_has_mem_encrypt,
  DMA_MAPPING_ERROR,
  dma_to_phys,
  encodingOf,
  force_dma_unencrypted,
} from './device.ts';
export { IO_TLB_SEGSIZE as POOL_SEGMENT_SLOTS } from './dma/swiotlb-slots.ts';
export { BUFFER_BYTES } from './driver.ts';
export { chunkOf } from './genalloc.ts';
export type { Pending } from './kernel.ts';
export { Kernel } from './kernel.ts';
export { HOST_SHARED, PAGE_SIZE, PTE_INVALID, PTE_SHARED, pageIndex } from './memory.ts';
export { isFree } from './page-alloc.ts';
export type { Allocation, DeviceState, IoTlbMem, IoTlbPool, KernelState } from './state.ts';
export type { Answer, Args, Step, StepName, Stimulus, StimulusName } from './steps.ts';
export { STEPS, STIMULI } from './steps.ts';
export type { Fault, Frame, Given, Task, TaskContext, TraceRecord, Watcher } from './task.ts';
export { showStep } from './task.ts';
