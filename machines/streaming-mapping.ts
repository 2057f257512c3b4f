/**
 * One streaming mapping from the request to the end of its unmap: slot, copy, hand-over to the device and back,
 * copy, release. What is decided for the request (`place`) comes from `map-decision.ts`.
 *
 * Copies follow the direction: `sync_for_cpu` copies out unless the device only reads, `sync_for_device` copies in
 * unless it only writes, unmap copies out unless the device only reads or the driver says SKIP_CPU_SYNC; map always
 * copies in. A slot that the device turns out not to reach is given up without a copy.
 * Source: kernel/dma/swiotlb.c (swiotlb_map, swiotlb_tbl_map_single, swiotlb_tbl_unmap_single),
 * kernel/dma/direct.h (dma_direct_map_phys, dma_direct_unmap_phys), kernel/dma/direct.c (dma_direct_sync_*).
 */
import { and, assign, not, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';
import { alphabet } from './streaming-mapping.alphabet.ts';

type Direction = 'TO_DEVICE' | 'FROM_DEVICE' | 'BIDIRECTIONAL';
type Place = 'none' | 'ram' | 'shared-ram' | 'mmio' | 'pool' | 'far-pool';
type Result = 'shared' | 'private' | 'unencoded' | 'iova' | 'error';
type Event =
  | { type: 'dma_map_phys'; dir: Direction; place: Place | 'refused'; result: Result }
  | { type: 'swiotlb_search_pool_area'; found: boolean }
  | { type: 'swiotlb_release_slots' }
  | { type: 'swiotlb_bounce'; dir: 'in' | 'out' }
  | { type: 'dma_map_phys_ret'; result: Result }
  | { type: 'dma_sync_single_for_cpu' | 'dma_sync_single_for_cpu_ret' }
  | { type: 'dma_sync_single_for_device' | 'dma_sync_single_for_device_ret' }
  | { type: 'device_read' | 'device_write' | 'cpu_read' | 'cpu_write' }
  | { type: 'dma_unmap_phys'; attrs: 'none' | 'SKIP_CPU_SYNC' }
  | { type: 'dma_unmap_phys_ret' };

export const machine = setup({
  types: { context: {} as { dir: Direction; place: Place; says: Result }, events: {} as Event },
  guards: {
    refused: ({ event }) => event.type === 'dma_map_phys' && event.place === 'refused',
    bounces: ({ event }) =>
      event.type === 'dma_map_phys' && (event.place === 'pool' || event.place === 'far-pool'),
    found: ({ event }) => event.type === 'swiotlb_search_pool_area' && event.found,
    far: ({ context }) => context.place === 'far-pool',
    bounced: ({ context }) => context.place === 'pool',
    copyIn: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'in',
    copyOut: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'out',
    asDecided: ({ event, context }) => event.type === 'dma_map_phys_ret' && event.result === context.says,
    error: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'error',
    deviceReads: ({ context }) => context.dir !== 'FROM_DEVICE',
    deviceWrites: ({ context }) => context.dir !== 'TO_DEVICE',
    skipsCopy: ({ event }) => event.type === 'dma_unmap_phys' && event.attrs === 'SKIP_CPU_SYNC',
    ram: ({ context }) => context.place !== 'mmio',
  },
  actions: {
    remember: assign(({ event }) =>
      event.type === 'dma_map_phys' && event.place !== 'refused'
        ? { dir: event.dir, place: event.place, says: event.result }
        : {},
    ),
    forget: assign({ dir: 'TO_DEVICE', place: 'none', says: 'error' }),
  },
}).createMachine({
  id: 'streaming-mapping',
  context: { dir: 'TO_DEVICE', place: 'none', says: 'error' },
  initial: 'unmapped',
  states: {
    unmapped: {
      on: {
        cpu_read: 'unmapped',
        cpu_write: 'unmapped',
        dma_map_phys: [
          { guard: 'refused', target: 'mapping.failed' },
          { guard: 'bounces', target: 'mapping.searching', actions: 'remember' },
          { target: 'mapping.returning', actions: 'remember' },
        ],
      },
    },
    mapping: {
      initial: 'searching',
      states: {
        searching: {
          on: {
            swiotlb_search_pool_area: [
              { guard: 'found', target: 'copyingIn' },
              { target: 'failed', actions: 'forget' },
            ],
          },
        },
        copyingIn: {
          on: {
            swiotlb_bounce: [
              { guard: and(['copyIn', 'far']), target: 'refusing' },
              { guard: 'copyIn', target: 'returning' },
            ],
          },
        },
        refusing: {
          description: 'The device does not reach the slot.',
          on: { swiotlb_release_slots: { target: 'failed', actions: 'forget' } },
        },
        returning: {
          on: { dma_map_phys_ret: { guard: 'asDecided', target: '#streaming-mapping.mapped.device' } },
        },
        failed: { on: { dma_map_phys_ret: { guard: 'error', target: '#streaming-mapping.unmapped' } } },
      },
    },
    mapped: {
      initial: 'device',
      states: {
        device: {
          description: 'The device owns the buffer.',
          on: {
            device_read: { guard: 'deviceReads', target: 'device' },
            device_write: { guard: 'deviceWrites', target: 'device' },
            dma_sync_single_for_cpu: [
              { guard: and(['bounced', 'deviceWrites']), target: '#streaming-mapping.syncing.copyingOut' },
              { guard: 'ram', target: '#streaming-mapping.syncing.toCpu' },
            ],
            dma_unmap_phys: [
              {
                guard: and(['bounced', 'deviceWrites', not('skipsCopy')]),
                target: '#streaming-mapping.unmapping.copyingOut',
              },
              { guard: 'bounced', target: '#streaming-mapping.unmapping.releasing' },
              { target: '#streaming-mapping.unmapping.returning' },
            ],
          },
        },
        cpu: {
          description: 'The driver owns the buffer for a while; if it unmaps now, it asks for no copy.',
          on: {
            cpu_read: 'cpu',
            cpu_write: { guard: 'deviceReads', target: 'cpu' },
            dma_sync_single_for_device: [
              { guard: and(['bounced', 'deviceReads']), target: '#streaming-mapping.syncing.copyingIn' },
              { target: '#streaming-mapping.syncing.toDevice' },
            ],
            dma_unmap_phys: [
              { guard: and(['skipsCopy', 'bounced']), target: '#streaming-mapping.unmapping.releasing' },
              { guard: 'skipsCopy', target: '#streaming-mapping.unmapping.returning' },
            ],
          },
        },
      },
    },
    syncing: {
      initial: 'toCpu',
      states: {
        copyingOut: { on: { swiotlb_bounce: { guard: 'copyOut', target: 'toCpu' } } },
        toCpu: { on: { dma_sync_single_for_cpu_ret: '#streaming-mapping.mapped.cpu' } },
        copyingIn: { on: { swiotlb_bounce: { guard: 'copyIn', target: 'toDevice' } } },
        toDevice: { on: { dma_sync_single_for_device_ret: '#streaming-mapping.mapped.device' } },
      },
    },
    unmapping: {
      initial: 'copyingOut',
      states: {
        copyingOut: { on: { swiotlb_bounce: { guard: 'copyOut', target: 'releasing' } } },
        releasing: { on: { swiotlb_release_slots: 'returning' } },
        returning: {
          on: { dma_unmap_phys_ret: { target: '#streaming-mapping.unmapped', actions: 'forget' } },
        },
      },
    },
  },
});

export const streamingMapping: MachineFile = { name: 'streaming-mapping', machine, alphabet };
