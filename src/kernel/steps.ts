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
  change_page_attr: choice(
    '__change_page_attr_set_clr',
    'the page table of one range changes, where it alone decides; args: to, range, ranges',
  ),
  conversion_end: choice('set_memory', 'last part of a conversion; args: to'),
  dma_map_phys_ret: observation('dma_map_phys', 'return; args: result (DMA address, -1 on error)'),
  dma_unmap_phys_ret: observation('dma_unmap_phys', 'return'),
  dma_sync_single_for_cpu_ret: observation('dma_sync_single_for_cpu', 'return, of a list too'),
  dma_sync_single_for_device_ret: observation('dma_sync_single_for_device', 'return, of a list too'),
  dma_map_sg_attrs_ret: observation('dma_map_sg_attrs', 'return; args: result (mapped entries, 0 on error)'),
  dma_unmap_sg_attrs_ret: observation('dma_unmap_sg_attrs', 'return'),
  find_pool_ret: observation('swiotlb_find_pool', 'the look-up of a reader returns; args: result'),
  cma_alloc: choice(
    'cma_alloc',
    'take pages from the CMA area, may sleep; args: pages; result: physical address',
  ),
  cma_release: observation('cma_release', 'pages go back to the CMA area; args: addr, pages'),
  vmap: choice(
    'vmap',
    'alias of pages, may sleep; args: addr, pages, prot encrypted|decrypted; result: address',
  ),
  vunmap: observation('vunmap', 'remove an alias, may sleep; args: vaddr'),
  memset: observation('memset', 'zero memory; args: vaddr, bytes'),
  memblock_alloc: choice('memblock_alloc_low', 'reserve memory at early boot; args: what, bytes'),
  memblock_free: observation(
    'memblock_free_late',
    'early memory goes to the page allocator; args: addr, bytes',
  ),
  gen_pool_add_virt: choice('gen_pool_add_virt', 'add a chunk to an atomic pool; args: pool, vaddr, pages'),
  arch_dma_set_uncached: choice('arch_dma_set_uncached', 'an uncached mapping; args: addr, bytes'),
  arch_dma_clear_uncached: observation('arch_dma_clear_uncached', 'undo it; args: vaddr, bytes'),
  arch_dma_alloc: choice('arch_dma_alloc', 'the architecture allocates; args: bytes'),
  arch_dma_free: observation('arch_dma_free', 'the architecture takes back; args: addr, bytes'),
  dma_alloc_from_global_coherent: choice(
    'dma_alloc_from_global_coherent',
    'take from the global pool, unless others hold it; args: bytes; result: CPU address or 0',
  ),
  dma_release_from_global_coherent: observation(
    'dma_release_from_global_coherent',
    'offer to the global pool; args: vaddr, bytes; result: owned',
  ),
  guest_over: observation('panic', 'the guest is over: this step is never taken; args: why'),
  swiotlb_init_ret: observation('swiotlb_init', 'return; args: active'),
  swiotlb_update_mem_attributes_ret: observation('swiotlb_update_mem_attributes', 'return'),
  swiotlb_init_late_ret: observation('swiotlb_init_late', 'return; args: ret'),
  swiotlb_exit_ret: observation('swiotlb_exit', 'return'),
  rmem_device_init_ret: observation('rmem_swiotlb_device_init', 'return; args: device, ret'),
  rmem_device_release_ret: observation('rmem_swiotlb_device_release', 'return; args: device'),
  WARN: observation('WARN', 'the kernel warns and goes on; args: what'),
  gen_pool_avail: observation('gen_pool_avail', 'how much a pool has left; args: pool; result: bytes'),
  remap_pfn_range: observation('remap_pfn_range', 'map pages to user space; args: addr, pages, prot'),
  uninitialised: choice(
    'iommu_dma_alloc',
    'what an unwritten variable holds: zero (ok) or not (fail); args: variable',
  ),
  iommu_map: choice('iommu_map', 'IOVA and page table entries; args: pages, shared; result: DMA address'),
  iommu_unmap: observation('iommu_unmap', 'take IOVA and entries back; args: dma, bytes'),
  kvcalloc: choice('kvcalloc', 'an array of page pointers; args: what'),
  kvfree: observation('kvfree', 'free it; args: what'),
  dma_alloc_attrs_ret: observation('dma_alloc_attrs', 'return; args: result (CPU address or cookie, 0), dma'),
  dma_free_attrs_ret: observation('dma_free_attrs', 'return'),
  dma_alloc_pages_ret: observation('dma_alloc_pages', 'return; args: result (page, 0), dma'),
  dma_free_pages_ret: observation('dma_free_pages', 'return'),
  dma_mmap_attrs_ret: observation('dma_mmap_attrs', 'return; args: ret'),
  dma_atomic_pool_init_ret: observation('dma_atomic_pool_init', 'return; args: ret'),
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
    meaning: 'a driver maps its buffer; args: driver, context, boundary, bytes, attrs?, dir?',
  },
  unmap: { symbol: 'dma_unmap_phys', meaning: 'a driver unmaps its buffer; args: driver, context, attrs?' },
  deviceWrite: {
    symbol: '',
    meaning:
      'the device writes to the mapped address, or to an allocation; args: driver, bytes?, entry?, version?, which?',
  },
  deviceRead: {
    symbol: '',
    meaning: 'the device reads the mapped address, or an allocation; args: driver, entry?, which?',
  },
  cpuWrite: { symbol: '', meaning: 'a driver writes to its buffer; args: driver, version?' },
  cpuRead: { symbol: '', meaning: 'a driver reads its buffer; args: driver' },
  alloc: {
    symbol: 'dma_alloc_attrs',
    meaning: 'a driver allocates; args: driver, fn dma_alloc_attrs|dma_alloc_pages, context, bytes, attrs',
  },
  free: {
    symbol: 'dma_free_attrs',
    meaning: 'a driver frees what it allocated; args: driver, context, which?, attrs? beyond its own',
  },
  mmap: { symbol: 'dma_mmap_attrs', meaning: 'a driver maps its allocation to user space; args: driver' },
  sync: {
    symbol: 'dma_sync_single',
    meaning: 'a driver syncs; args: driver, for cpu|device, context, keep?, offset? and size? of a part',
  },
  sync_pages: {
    symbol: 'dma_sync_single',
    meaning: 'a driver syncs pages of dma_alloc_pages; args: driver, for cpu|device, context',
  },
  max_mapping_size: {
    symbol: 'dma_max_mapping_size',
    meaning: 'a driver asks how much it may map at once; args: device; result: bytes, or unlimited',
  },
  map_sg: {
    symbol: 'dma_map_sg_attrs',
    meaning: 'a driver maps its buffer as a list; args: driver, context, entries?, bytes?, attrs?, dir?',
  },
  unmap_sg: {
    symbol: 'dma_unmap_sg_attrs',
    meaning: 'a driver unmaps its list; args: driver, context, attrs?',
  },
  accept: {
    symbol: 'tsm_accept',
    meaning: 'a device is accepted and may reach private memory; args: device',
  },
  set_coherent_mask: {
    symbol: 'dma_set_coherent_mask',
    meaning: 'a driver sets the coherent mask of a device; args: device, bits',
  },
  swiotlb_init: { symbol: 'swiotlb_init', meaning: 'early boot reserves the default pool' },
  swiotlb_update_mem_attributes: {
    symbol: 'swiotlb_update_mem_attributes',
    meaning: 'the boot converts the default pool',
  },
  swiotlb_init_late: {
    symbol: 'swiotlb_init_late',
    meaning: 'a default pool is made from the page allocator',
  },
  swiotlb_exit: { symbol: 'swiotlb_exit', meaning: 'the boot gives an unneeded default pool back' },
  rmem_device_init: {
    symbol: 'rmem_swiotlb_device_init',
    meaning: 'a device is attached to its restricted pool; args: device',
  },
  rmem_device_release: {
    symbol: 'rmem_swiotlb_device_release',
    meaning: 'a device is detached from its restricted pool; args: device',
  },
  atomic_pool_init: { symbol: 'dma_atomic_pool_init', meaning: 'the boot makes the atomic pools' },
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
