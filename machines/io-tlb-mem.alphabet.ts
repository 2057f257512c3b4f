/** What happens to `io_tlb_default_mem` and to one mapping through it while the kernel comes up. */
import type { MachineFile } from './machine-file.ts';

const boot = { actor: 'boot' } as const;
const caller = { actor: { param: 'by' } } as const;
const driver = { actor: 'driver' } as const;

export const alphabet = {
  boot_calls: {
    kind: 'stimulus',
    ...boot,
    symbol: 'swiotlb_init',
    doc: 'The kernel goes on booting, while no mapping is under way.',
  },
  attributes_settled: {
    kind: 'observation',
    ...boot,
    symbol: 'swiotlb_update_mem_attributes',
    doc: 'The record is set, from `cc_platform_has(CC_ATTR_MEM_ENCRYPT)`.',
  },
  pool_added: { kind: 'observation', ...boot, symbol: 'add_mem_pool', doc: 'There are slots.' },
  converted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    doc: 'The pool was converted.',
  },
  not_converted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    doc: 'The conversion of the pool failed: all slots of a pool that is there are marked used.',
  },
  torn_down: {
    kind: 'observation',
    ...caller,
    symbol: 'swiotlb_exit',
    doc: 'The pool is given up, unless `swiotlb=force` keeps it.',
  },
  dma_map_phys: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_map_phys',
    doc: 'The driver maps a buffer that must bounce.',
  },
  swiotlb_search_area: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_search_area',
    params: { found: [true, false] },
    doc: 'The pool is searched for free slots.',
  },
  schedule_work: {
    kind: 'observation',
    ...driver,
    symbol: 'schedule_work',
    doc: 'The growth worker is asked for a new pool.',
  },
  kzalloc: {
    kind: 'choice',
    ...driver,
    symbol: 'kzalloc',
    params: { ok: [false] },
    doc: 'There is no memory for a transient pool.',
  },
  swiotlb_bounce: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_bounce',
    params: { dir: ['in', 'out'] },
    doc: 'Bytes are copied into or out of the pool.',
  },
  dma_map_phys_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_map_phys',
    params: { result: ['shared', 'private', 'bare', 'error'] },
    doc: 'The driver gets an address that says shared, private or nothing, or DMA_MAPPING_ERROR.',
  },
  device_write: {
    kind: 'stimulus',
    actor: 'device',
    symbol: '(bus)',
    doc: 'The device writes to the mapping.',
  },
  dma_unmap_phys: { kind: 'stimulus', ...driver, symbol: 'dma_unmap_phys', doc: 'The driver unmaps.' },
  swiotlb_release_slots: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_release_slots',
    doc: 'The slots are free again.',
  },
  dma_unmap_phys_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_unmap_phys',
    doc: 'The driver has its buffer back.',
  },
} as const satisfies MachineFile['alphabet'];
