/**
 * One of many mappers, in one of many pools: the pools are searched in order, the first with room has the mapping.
 * Made for measurement: as small as a mapping can be that still copies, so that sizes are a matter of numbers.
 *
 * `pool`: the pool that is searched, or that the mapping lies in. `written`: the device has written what the
 * driver has not got. Source: kernel/dma/swiotlb.c (swiotlb_search_area, swiotlb_map).
 */
import { and, assign, not, setup } from 'xstate';
import type { Alphabet } from '../src/lts/types.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_map_phys' | 'device_write' | 'dma_unmap_phys' | 'dma_unmap_phys_ret' }
  | { type: 'swiotlb_search_pool_area'; pool: number; found: boolean }
  | { type: 'swiotlb_bounce'; dir: 'in' | 'out' }
  | { type: 'dma_map_phys_ret'; result: 'ok' | 'error' }
  | { type: 'swiotlb_release_slots'; pool: number };

export const machine = setup({
  types: {
    context: {} as { pool: number; pools: number; written: boolean },
    input: {} as { pools: number },
    events: {} as Event,
  },
  guards: {
    here: ({ context, event }) => 'pool' in event && event.pool === context.pool,
    found: ({ event }) => event.type === 'swiotlb_search_pool_area' && event.found,
    last: ({ context }) => context.pool === context.pools - 1,
    copyIn: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'in',
    copyOut: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'out',
    ok: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'ok',
    error: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'error',
  },
  actions: {
    next: assign({ pool: ({ context }) => context.pool + 1 }),
    forget: assign({ pool: 0 }),
    deviceWrote: assign({ written: true }),
    driverHasIt: assign({ written: false }),
  },
}).createMachine({
  id: 'scaled-mapping',
  context: ({ input }) => ({ pool: 0, pools: input.pools, written: false }),
  initial: 'unmapped',
  states: {
    unmapped: { on: { dma_map_phys: 'searching' } },
    searching: {
      on: {
        swiotlb_search_pool_area: [
          { guard: and(['here', 'found']), target: 'copyingIn' },
          { guard: and(['here', not('found'), 'last']), target: 'failed', actions: 'forget' },
          { guard: and(['here', not('found')]), target: 'searching', actions: 'next' },
        ],
      },
    },
    copyingIn: { on: { swiotlb_bounce: { guard: 'copyIn', target: 'returning' } } },
    returning: { on: { dma_map_phys_ret: { guard: 'ok', target: 'mapped' } } },
    failed: { on: { dma_map_phys_ret: { guard: 'error', target: 'unmapped' } } },
    mapped: {
      on: { device_write: { target: 'mapped', actions: 'deviceWrote' }, dma_unmap_phys: 'copyingOut' },
    },
    copyingOut: {
      on: { swiotlb_bounce: { guard: 'copyOut', target: 'releasing', actions: 'driverHasIt' } },
    },
    releasing: {
      on: { swiotlb_release_slots: { guard: 'here', target: 'unmapping', actions: 'forget' } },
    },
    unmapping: { on: { dma_unmap_phys_ret: 'unmapped' } },
  },
});

const mapper = { actor: { param: 'by' } } as const;

/** The alphabet for so many pools. */
function alphabetOf(pools: number): Alphabet {
  const pool = { pool: Array.from({ length: pools }, (_, i) => i) };
  const plain = (kind: 'stimulus' | 'observation', symbol: string, doc: string) => ({
    kind,
    ...mapper,
    symbol,
    doc,
  });
  return {
    dma_map_phys: plain('stimulus', 'dma_map_phys', 'A driver maps a buffer.'),
    swiotlb_search_pool_area: {
      ...plain('observation', 'swiotlb_search_pool_area', 'A pool is searched.'),
      params: { ...pool, found: [true, false] },
    },
    swiotlb_bounce: {
      ...plain('observation', 'swiotlb_bounce', 'Bytes are copied into the slot or out of it.'),
      params: { dir: ['in', 'out'] },
    },
    dma_map_phys_ret: {
      ...plain('observation', 'dma_map_phys', 'The driver gets an address, or DMA_MAPPING_ERROR.'),
      params: { result: ['ok', 'error'] },
    },
    device_write: { kind: 'stimulus', actor: 'device', symbol: '(bus)', doc: 'The device writes.' },
    dma_unmap_phys: plain('stimulus', 'dma_unmap_phys', 'The driver unmaps.'),
    swiotlb_release_slots: {
      ...plain('observation', 'swiotlb_release_slots', 'The slot is free again.'),
      params: pool,
    },
    dma_unmap_phys_ret: plain('observation', 'dma_unmap_phys', 'The driver has its buffer back.'),
  };
}

/** The file for so many pools; its machine wants `{ pools }` as input. */
export const scaledMapping = (pools: number): MachineFile => ({
  name: 'scaled-mapping',
  machine,
  alphabet: alphabetOf(pools),
});
