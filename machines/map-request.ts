/**
 * What a driver may ask for, one request at a time, with all that it says. What becomes of the request is for
 * other machines. Source: include/linux/dma-mapping.h.
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';
import { DIRECTIONS } from './streaming-mapping.alphabet.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
}).createMachine({
  id: 'map-request',
  initial: 'idle',
  states: {
    idle: { on: { dma_map_phys: 'asked', dma_map_sg_attrs: 'asked' } },
    asked: { on: { answered: 'idle' } },
  },
});

const driver = { actor: { param: 'by' } } as const;

export const alphabet = {
  dma_map_phys: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_map_phys',
    params: {
      dir: DIRECTIONS,
      attrs: ['none', 'CC_SHARED', 'MMIO', 'CC_SHARED|MMIO', 'REQUIRE_COHERENT', 'SKIP_CPU_SYNC'],
      size: ['fits', 'too-large'],
    },
    doc: 'The driver maps a buffer.',
  },
  dma_map_sg_attrs: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_map_sg_attrs',
    params: { second: ['fits', 'too-large'] },
    doc: 'The driver maps a list of two buffers, for both directions.',
  },
  answered: { kind: 'observation', ...driver, symbol: 'dma_map_phys', doc: 'The request is answered.' },
} as const satisfies MachineFile['alphabet'];

export const mapRequest: MachineFile = { name: 'map-request', machine, alphabet };
