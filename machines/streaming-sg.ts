/**
 * A scatter-gather list of two elements, mapped and unmapped one after the other. When the second cannot be mapped
 * the first is undone, without a copy: the device has never seen it.
 *
 * `first`, `second`: whether the element bounces. Source: kernel/dma/direct.c (dma_direct_map_sg,
 * dma_direct_unmap_sg), kernel/dma/mapping.c (__dma_map_sg_attrs).
 */
import { and, assign, not, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Element = 'S0' | 'S1';
type Event =
  | {
      type: 'dma_map_sg_attrs';
      first: 'refused' | 'direct' | 'bounced';
      second: 'refused' | 'direct' | 'bounced';
    }
  | { type: 'swiotlb_search_pool_area' | 'swiotlb_release_slots'; map: Element }
  | { type: 'swiotlb_bounce'; dir: 'in' | 'out'; map: Element }
  | { type: 'dma_map_sg_attrs_ret'; result: 'ok' | 'error' }
  | { type: 'device_read' | 'device_write'; map: Element }
  | { type: 'dma_unmap_sg_attrs' | 'dma_unmap_sg_attrs_ret' | 'cpu_read' | 'cpu_write' };

export const machine = setup({
  types: { context: {} as { bounced: boolean; second: boolean }, events: {} as Event },
  guards: {
    firstRefused: ({ event }) => event.type === 'dma_map_sg_attrs' && event.first === 'refused',
    firstBounces: ({ event }) => event.type === 'dma_map_sg_attrs' && event.first === 'bounced',
    secondRefused: ({ event }) => event.type === 'dma_map_sg_attrs' && event.second === 'refused',
    bounced: ({ context }) => context.bounced,
    willFail: ({ context }) => !context.second,
    first: ({ event }) => 'map' in event && event.map === 'S0',
    second: ({ event }) => 'map' in event && event.map === 'S1',
    copyIn: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'in',
    copyOut: ({ event }) => event.type === 'swiotlb_bounce' && event.dir === 'out',
    ok: ({ event }) => event.type === 'dma_map_sg_attrs_ret' && event.result === 'ok',
    error: ({ event }) => event.type === 'dma_map_sg_attrs_ret' && event.result === 'error',
  },
  actions: {
    remember: assign(({ event }) =>
      event.type === 'dma_map_sg_attrs'
        ? { bounced: event.first === 'bounced', second: event.second !== 'refused' }
        : {},
    ),
    forget: assign({ bounced: false, second: false }),
  },
}).createMachine({
  id: 'streaming-sg',
  context: { bounced: false, second: false },
  initial: 'unmapped',
  states: {
    unmapped: {
      on: {
        cpu_read: 'unmapped',
        cpu_write: 'unmapped',
        dma_map_sg_attrs: [
          { guard: 'firstRefused', target: 'mapping.failed' },
          { guard: 'firstBounces', target: 'mapping.first', actions: 'remember' },
          { guard: 'secondRefused', target: 'mapping.failed' },
          { target: 'mapping.returning', actions: 'remember' },
        ],
      },
    },
    mapping: {
      initial: 'first',
      states: {
        first: { on: { swiotlb_search_pool_area: { guard: 'first', target: 'firstIn' } } },
        firstIn: {
          on: {
            swiotlb_bounce: [
              { guard: and(['first', 'copyIn', 'willFail']), target: 'undoing' },
              { guard: and(['first', 'copyIn']), target: 'second' },
            ],
          },
        },
        second: { on: { swiotlb_search_pool_area: { guard: 'second', target: 'secondIn' } } },
        secondIn: { on: { swiotlb_bounce: { guard: and(['second', 'copyIn']), target: 'returning' } } },
        undoing: {
          description: 'The first element is given back, with SKIP_CPU_SYNC.',
          on: { swiotlb_release_slots: { guard: 'first', target: 'failed', actions: 'forget' } },
        },
        returning: { on: { dma_map_sg_attrs_ret: { guard: 'ok', target: '#streaming-sg.mapped' } } },
        failed: { on: { dma_map_sg_attrs_ret: { guard: 'error', target: '#streaming-sg.unmapped' } } },
      },
    },
    mapped: {
      on: {
        device_read: 'mapped',
        device_write: 'mapped',
        dma_unmap_sg_attrs: [
          { guard: 'bounced', target: 'unmapping.firstOut' },
          { guard: not('bounced'), target: 'unmapping.returning' },
        ],
      },
    },
    unmapping: {
      initial: 'firstOut',
      states: {
        firstOut: { on: { swiotlb_bounce: { guard: and(['first', 'copyOut']), target: 'firstReleasing' } } },
        firstReleasing: { on: { swiotlb_release_slots: { guard: 'first', target: 'secondOut' } } },
        secondOut: {
          on: { swiotlb_bounce: { guard: and(['second', 'copyOut']), target: 'secondReleasing' } },
        },
        secondReleasing: { on: { swiotlb_release_slots: { guard: 'second', target: 'returning' } } },
        returning: {
          on: { dma_unmap_sg_attrs_ret: { target: '#streaming-sg.unmapped', actions: 'forget' } },
        },
      },
    },
  },
});

const driver = { actor: { param: 'by' } } as const;
const GOES = ['refused', 'direct', 'bounced'];
const element = { map: ['S0', 'S1'] };

export const alphabet = {
  dma_map_sg_attrs: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_map_sg_attrs',
    params: { first: GOES, second: GOES },
    doc: 'The driver maps a list of two buffers, for both directions.',
  },
  swiotlb_search_pool_area: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_search_pool_area',
    params: { found: [true], ...element },
    doc: 'A free slot is found and taken.',
  },
  swiotlb_bounce: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_bounce',
    params: { dir: ['in', 'out'], ...element },
    doc: 'Bytes are copied into the slot or out of it.',
  },
  swiotlb_release_slots: {
    kind: 'observation',
    ...driver,
    symbol: 'swiotlb_release_slots',
    params: element,
    doc: 'The slot is free again.',
  },
  dma_map_sg_attrs_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_map_sg_attrs',
    params: { result: ['ok', 'error'] },
    doc: 'The driver gets two addresses, or none.',
  },
  device_read: {
    kind: 'stimulus',
    actor: 'device',
    symbol: '(bus)',
    params: element,
    doc: 'The device reads.',
  },
  device_write: {
    kind: 'stimulus',
    actor: 'device',
    symbol: '(bus)',
    params: element,
    doc: 'The device writes.',
  },
  cpu_read: { kind: 'stimulus', ...driver, symbol: '(memory)', doc: 'The driver reads its buffers.' },
  cpu_write: { kind: 'stimulus', ...driver, symbol: '(memory)', doc: 'The driver writes to its buffers.' },
  dma_unmap_sg_attrs: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_unmap_sg_attrs',
    doc: 'The driver unmaps the list.',
  },
  dma_unmap_sg_attrs_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_unmap_sg_attrs',
    doc: 'The driver has its buffers back.',
  },
} as const satisfies MachineFile['alphabet'];

export const streamingSg: MachineFile = { name: 'streaming-sg', machine, alphabet };
