/** What happens to a streaming mapping. */
import type { MachineFile } from './machine-file.ts';

/** DMA_TO_DEVICE and so on. */
export const DIRECTIONS = ['TO_DEVICE', 'FROM_DEVICE', 'BIDIRECTIONAL'] as const;

const driver = { actor: { param: 'by' } } as const;
const PLACES = ['refused', 'ram', 'shared-ram', 'mmio', 'pool', 'far-pool'];
const RESULTS = ['shared', 'private', 'unencoded', 'iova', 'error'];

export const alphabet = {
  dma_map_phys: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_map_phys',
    params: { dir: DIRECTIONS, place: PLACES, result: RESULTS },
    doc: 'The driver maps a buffer.',
  },
  swiotlb_search_pool_area: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_search_pool_area',
    params: { found: [true, false] },
    doc: 'A free slot is found and taken, or there is none.',
  },
  swiotlb_bounce: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_bounce',
    params: { dir: ['in', 'out'] },
    doc: 'Bytes are copied into the slot or out of it.',
  },
  swiotlb_release_slots: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_release_slots',
    doc: 'The slot is free again.',
  },
  dma_map_phys_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_map_phys',
    params: { result: RESULTS },
    doc: 'The driver gets an address, or DMA_MAPPING_ERROR.',
  },
  device_read: { kind: 'stimulus', actor: 'device', symbol: '(bus)', doc: 'The device reads the mapping.' },
  device_write: {
    kind: 'stimulus',
    actor: 'device',
    symbol: '(bus)',
    doc: 'The device writes to the mapping.',
  },
  cpu_read: { kind: 'stimulus', ...driver, symbol: '(memory)', doc: 'The driver reads its buffer.' },
  cpu_write: { kind: 'stimulus', ...driver, symbol: '(memory)', doc: 'The driver writes to its buffer.' },
  dma_sync_single_for_cpu: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_sync_single_for_cpu',
    doc: 'The driver wants to look at the buffer.',
  },
  dma_sync_single_for_cpu_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_sync_single_for_cpu',
    doc: 'The buffer is the CPU’s.',
  },
  dma_sync_single_for_device: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_sync_single_for_device',
    doc: 'The driver hands the buffer back.',
  },
  dma_sync_single_for_device_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_sync_single_for_device',
    doc: 'The buffer is the device’s.',
  },
  dma_unmap_phys: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_unmap_phys',
    params: { attrs: ['none', 'SKIP_CPU_SYNC'] },
    doc: 'The driver unmaps.',
  },
  dma_unmap_phys_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_unmap_phys',
    doc: 'The driver has its buffer back.',
  },
} as const satisfies MachineFile['alphabet'];
