/**
 * What a driver holds of one buffer: what it was given, the DMA address that came with it, and which call about
 * it is under way. A driver frees what it got, once, and makes one call at a time.
 *
 * `confused`: it was given what is not its memory at all; it may not even free it.
 * Source: the rules of the DMA API (Documentation/core-api/dma-api.rst).
 */
import { assign, setup } from 'xstate';
import { ADDR, type Addr, GOT, type Got } from './allocation-alphabet.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'alloc' | 'mmap' | 'free_ret' }
  | { type: 'alloc_ret'; got: Got; addr: Addr }
  | { type: 'free'; got: Got };

export const machine = setup({
  types: { context: {} as { got: Got; addr: Addr }, events: {} as Event },
  guards: {
    nothing: ({ event }) => event.type === 'alloc_ret' && event.got === 'null',
    garbage: ({ event }) => event.type === 'alloc_ret' && event.got === 'garbage',
    whatItGot: ({ context, event }) => event.type === 'free' && event.got === context.got,
  },
  actions: {
    take: assign({
      got: ({ event }) => (event.type === 'alloc_ret' ? event.got : 'null'),
      addr: ({ event }) => (event.type === 'alloc_ret' ? event.addr : 'none'),
    }),
    forget: assign({ got: 'null', addr: 'none' }),
  },
}).createMachine({
  id: 'dma-buffer',
  context: { got: 'null', addr: 'none' },
  initial: 'none',
  states: {
    none: { on: { alloc: 'allocating' } },
    allocating: {
      on: {
        alloc_ret: [
          { guard: 'nothing', target: 'none' },
          { guard: 'garbage', target: 'confused' },
          { target: 'held', actions: 'take' },
        ],
      },
    },
    held: {
      description: 'The driver and the device use it.',
      on: { mmap: 'held', free: { guard: 'whatItGot', target: 'freeing', actions: 'forget' } },
    },
    freeing: { on: { free_ret: 'none' } },
    confused: {},
  },
});

const driver = { actor: { param: 'by' } } as const;
export const alphabet = {
  alloc: { kind: 'stimulus', ...driver, symbol: 'dma_alloc_attrs', doc: 'The driver allocates.' },
  alloc_ret: {
    kind: 'observation',
    ...driver,
    symbol: 'dma_alloc_attrs',
    params: { got: GOT, addr: ADDR },
    doc: 'It has what it got.',
  },
  mmap: { kind: 'stimulus', ...driver, symbol: 'dma_mmap_attrs', doc: 'It maps the buffer into a process.' },
  free: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_free_attrs',
    params: { got: GOT },
    doc: 'The driver frees what it got.',
  },
  free_ret: { kind: 'observation', ...driver, symbol: 'dma_free_attrs', doc: 'The free is over.' },
} as const satisfies MachineFile['alphabet'];

export const dmaBuffer: MachineFile = { name: 'dma-buffer', machine, alphabet };
