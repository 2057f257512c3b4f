/**
 * The simulator: a small kernel whose every visible step is a yield, so that a caller decides each
 * interleaving and each failure.
 *
 * ```ts
 * const k = createKernel({ patches: new Set([5, 7, 17, 20]), platform, options });
 * k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
 * k.resume('driver/0');           // reads the head of the pool list
 * k.pending();                    // what each task will do next
 * ```
 */

import { boot } from './boot.ts';
import type { KernelConfig } from './config.ts';
import { ConfigReader } from './config.ts';
import { swiotlb_dyn_alloc, swiotlb_dyn_free } from './dma/swiotlb-dynamic.ts';
import { deviceWrite, find_pool, map, unmap } from './driver.ts';
import type { KernelCode } from './kernel.ts';
import { Kernel } from './kernel.ts';
import { rcu_gp_end, rcu_gp_start, rcu_softirq } from './rcu.ts';
import { kworker_start, rcu_work_rcufn } from './workqueue.ts';

const CODE: KernelCode = {
  stimuli: { map, unmap, deviceWrite, find_pool, rcu_gp_start, rcu_gp_end, rcu_softirq, kworker_start },
  callbacks: { swiotlb_dyn_free, rcu_work_rcufn },
  works: { dyn_alloc: swiotlb_dyn_alloc, dyn_free: swiotlb_dyn_free },
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

export { DEFAULT_POOL } from './boot.ts';
export type { ConfigRead, KernelConfig, KernelOptions, KernelSizes, PlatformFacts } from './config.ts';
export { DEFAULT_SIZES } from './config.ts';
export { DMA_MAPPING_ERROR } from './device.ts';
export { IO_TLB_SEGSIZE as POOL_SEGMENT_SLOTS } from './dma/swiotlb-slots.ts';
export { BUFFER_BYTES } from './driver.ts';
export { chunkOf } from './genalloc.ts';
export type { Pending } from './kernel.ts';
export { Kernel } from './kernel.ts';
export { HOST_SHARED, PAGE_SIZE, PTE_INVALID, PTE_SHARED, pageIndex } from './memory.ts';
export { isFree } from './page-alloc.ts';
export type { IoTlbPool, KernelState } from './state.ts';
export type { Answer, Args, Step, StepName, Stimulus, StimulusName } from './steps.ts';
export { STEPS, STIMULI } from './steps.ts';
export type { Fault, Frame, Task, TaskContext, TraceRecord } from './task.ts';
export { showStep } from './task.ts';
