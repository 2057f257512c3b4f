/**
 * The vocabulary of the simulator: every step that a task yields and every stimulus of the world.
 *
 * A step is yielded *before* its effect; resuming the task performs the effect and runs to the next
 * yield. `choice` steps are resumed with an answer of the world. The symbol is the kernel's.
 */

/** What a step is: something the code does, or an answer that the world gives. */
export type StepKind = 'observation' | 'choice';

/** Meaning of a step. */
export interface StepInfo {
  readonly kind: StepKind;
  /** Kernel symbol that it stands for. */
  readonly symbol: string;
  readonly meaning: string;
}

const observation = (symbol: string, meaning: string): StepInfo => ({ kind: 'observation', symbol, meaning });
const choice = (symbol: string, meaning: string): StepInfo => ({ kind: 'choice', symbol, meaning });

/** Every step name. */
export const STEPS = {
  list_first_rcu: observation('list_for_each_entry_rcu', 'read the head of an RCU list; args: list'),
  list_next_rcu: observation('list_for_each_entry_rcu', 'read the next pointer of a pool; args: list, pool'),
  read_pool: observation('__swiotlb_find_pool', 'read start and end of a pool; args: pool'),
  READ_ONCE: observation('READ_ONCE', 'read a flag after a read barrier; args: field'),
  WRITE_ONCE: observation('WRITE_ONCE', 'set a flag, full barrier behind; args: field'),
  swiotlb_search_pool_area: observation(
    'swiotlb_search_pool_area',
    'look for free slots in one area, area lock held; args: pool, area; result: slot index or -1',
  ),
  swiotlb_release_slots: observation(
    'swiotlb_release_slots',
    'give slots back, area lock held; args: pool, index',
  ),
  swiotlb_bounce: observation('swiotlb_bounce', 'copy between buffer and slot; args: dir in|out, pool'),
  schedule_work: observation('schedule_work', 'queue the growth work; args: work; result: newly queued'),
  queue_work: observation('queue_work', 'an rcu_work goes to its workqueue; args: work, pool'),
  queue_rcu_work: observation('queue_rcu_work', 'defer to a worker after a grace period; args: pool'),
  call_rcu: observation('call_rcu', 'defer to an RCU callback; args: pool'),
  list_add_rcu: observation('list_add_rcu', 'publish a pool, list lock held; args: list, pool'),
  list_del_rcu: observation('list_del_rcu', 'unpublish a pool, list lock held; args: list, pool'),
  kzalloc: choice('kzalloc', 'allocate a pool descriptor; args: what, gfp; result: address'),
  kfree: observation('kfree', 'free a descriptor; args: what, pool'),
  alloc_pages: choice('alloc_pages', 'allocate pool memory; args: order, gfp; result: physical address'),
  __free_pages: observation('__free_pages', 'pages go back to the page allocator; args: addr, order'),
  __get_free_pages: choice('__get_free_pages', 'allocate the slot array; args: what, order, gfp'),
  free_pages: observation('free_pages', 'free the slot array; args: what, addr, order'),
  gen_pool_alloc: observation(
    'gen_pool_alloc',
    'take from an atomic pool and zero; args: pool, size, attrs; result: virtual address or 0',
  ),
  dma_free_from_pool: observation(
    'dma_free_from_pool',
    'offer to the atomic pools by virtual address; args: vaddr, size; result: owned (and taken back)',
  ),
  set_memory_decrypted: observation('set_memory_decrypted', 'enter, may sleep; args: addr, numpages'),
  set_memory_encrypted: observation('set_memory_encrypted', 'enter, may sleep; args: addr, numpages'),
  set_memory_decrypted_ret: observation('set_memory_decrypted', 'return; args: addr, numpages, ret'),
  set_memory_encrypted_ret: observation('set_memory_encrypted', 'return; args: addr, numpages, ret'),
  conversion_begin: choice('set_memory', 'first part of a conversion; args: to'),
  host_call: choice('set_memory', 'the host changes its view of one range; args: to, range, ranges'),
  conversion_end: choice('set_memory', 'last part of a conversion; args: to'),
  dma_map_phys_ret: observation('dma_map_phys', 'return; args: result (DMA address, -1 on error)'),
  dma_unmap_phys_ret: observation('dma_unmap_phys', 'return'),
  find_pool_ret: observation('swiotlb_find_pool', 'the look-up of a reader returns; args: result'),
  work_done: observation('process_one_work', 'a work function has returned; args: work'),
  softirq_exit: observation('rcu_do_batch', 'the softirq is over'),
} as const satisfies Record<string, StepInfo>;

/** Name of a step. */
export type StepName = keyof typeof STEPS;

/** Meaning of a stimulus of the world. */
export interface StimulusInfo {
  readonly symbol: string;
  readonly meaning: string;
}

/** Every stimulus name. */
export const STIMULI = {
  map: {
    symbol: 'dma_map_phys',
    meaning: 'a driver maps its buffer; args: driver, context, boundary, bytes',
  },
  unmap: { symbol: 'dma_unmap_phys', meaning: 'a driver unmaps its buffer; args: driver, context' },
  deviceWrite: { symbol: '', meaning: 'the device writes to the mapped address; args: driver' },
  find_pool: {
    symbol: 'swiotlb_find_pool',
    meaning: 'a thread looks up an address of no pool; args: reader',
  },
  rcu_gp_start: { symbol: 'rcu_gp_init', meaning: 'a grace period begins' },
  rcu_gp_end: { symbol: 'rcu_gp_cleanup', meaning: 'the grace period ends' },
  rcu_softirq: { symbol: 'rcu_core', meaning: 'a CPU runs its next finished RCU callback; args: cpu' },
  kworker_start: { symbol: 'process_one_work', meaning: 'a worker takes a work item; args: work, pool?' },
} as const satisfies Record<string, StimulusInfo>;

/** Name of a stimulus. */
export type StimulusName = keyof typeof STIMULI;

/** An answer of the world. */
export type Answer = 'ok' | 'fail';

/** Value of an argument: plain data. */
export type ArgValue = string | number | boolean;

/** Arguments of a step or stimulus. */
export type Args = Readonly<Record<string, ArgValue>>;

/** What a task will do when it is resumed. */
export interface Step {
  readonly name: StepName;
  readonly args: Args;
  /** For a choice: the answers that are possible now; otherwise absent. */
  readonly answers?: readonly Answer[];
  /** Lock that is taken by the step; the task can be resumed only while it is free. */
  readonly lock?: string;
}

/** A stimulus with its arguments. */
export interface Stimulus {
  readonly name: StimulusName;
  readonly args: Args;
}
