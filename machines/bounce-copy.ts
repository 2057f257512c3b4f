/**
 * Where the newest bytes of one buffer are, while it is mapped: in the driver's buffer, in the slot of the pool, in
 * both. Without a slot there is one memory, and nothing to copy.
 *
 * A step by which newer bytes would be overwritten or given up is taken like any other: that it never happens is a
 * property. The slot is filled when it is taken, also for a device that only writes: what the device leaves alone must come
 * back as it was. Source: kernel/dma/swiotlb.c (swiotlb_bounce, swiotlb_tbl_map_single, __swiotlb_sync_single_for_cpu).
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'bounce-copy',
  initial: 'inBuffer',
  states: {
    inBuffer: {
      description: 'There is no slot: the device works on the buffer itself, if at all.',
      on: {
        cpu_write: 'inBuffer',
        cpu_read: 'inBuffer',
        device_write: 'inBuffer',
        device_read: 'inBuffer',
        given_up: 'inBuffer',
        taken: 'bufferOnly',
      },
    },
    bufferOnly: {
      description: 'The slot holds what an earlier mapping, or an earlier write, left in it.',
      on: {
        copy_in: 'both',
        copy_out: 'both',
        cpu_write: 'bufferOnly',
        cpu_read: 'bufferOnly',
        device_read: 'bufferOnly',
        device_write: 'slotOnly',
        given_up: 'bufferOnly',
        released: 'inBuffer',
      },
    },
    both: {
      on: {
        copy_in: 'both',
        copy_out: 'both',
        cpu_write: 'bufferOnly',
        cpu_read: 'both',
        device_read: 'both',
        device_write: 'slotOnly',
        given_up: 'both',
        released: 'inBuffer',
      },
    },
    slotOnly: {
      description: 'The device has written what the driver has not got.',
      on: {
        copy_in: 'both',
        copy_out: 'both',
        cpu_read: 'slotOnly',
        cpu_write: 'bufferOnly',
        device_read: 'slotOnly',
        device_write: 'slotOnly',
        given_up: 'both',
        released: 'inBuffer',
      },
    },
  },
});

const byDriver = { param: 'by' } as const;
const step = <A extends string | typeof byDriver>(
  kind: 'stimulus' | 'observation',
  actor: A,
  symbol: string,
  doc: string,
) => ({ kind, actor, symbol, doc }) as const;

export const alphabet = {
  cpu_write: step('stimulus', byDriver, '(memory)', 'The driver writes to its buffer.'),
  cpu_read: step('stimulus', byDriver, '(memory)', 'The driver reads its buffer.'),
  device_write: step('stimulus', 'device', '(bus)', 'The device writes to the mapping.'),
  device_read: step('stimulus', 'device', '(bus)', 'The device reads the mapping.'),
  taken: step('observation', byDriver, 'swiotlb_search_pool_area', 'A slot is taken for it.'),
  copy_in: step('observation', byDriver, 'swiotlb_bounce', 'The buffer is copied into the slot.'),
  copy_out: step('observation', byDriver, 'swiotlb_bounce', 'The slot is copied into the buffer.'),
  given_up: step(
    'stimulus',
    byDriver,
    'dma_unmap_phys',
    'The driver says that it needs no copy (SKIP_CPU_SYNC).',
  ),
  released: step('observation', byDriver, 'swiotlb_release_slots', 'The slot is free again.'),
} as const satisfies MachineFile['alphabet'];

export const bounceCopy: MachineFile = { name: 'bounce-copy', machine, alphabet };
