/**
 * `dma_free_attrs()` of a device behind an IOMMU: the IOVA goes first, then the memory, which is offered to the
 * atomic pools by the address that the CPU uses.
 * Source: drivers/iommu/dma-iommu.c (iommu_dma_free, __iommu_dma_free).
 */
import { and, assign, not, setup } from 'xstate';
import { type Buf, CALLS, type Context, type Got, MEMORY, pick, STEPS } from './allocation-alphabet.ts';
import { ANSWERS } from './allocation-guards.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_free_attrs'; ctx: Context; got: Got }
  | { type: 'dma_free_from_pool'; owned: boolean }
  | { type: 'iommu_unmap' | 'vunmap' | 'dma_free_attrs_ret' }
  | { type: 'free_pages'; buf: Buf };

export const machine = setup({
  types: { context: {} as { got: Got }, events: {} as Event },
  guards: {
    ...ANSWERS,
    ofItsMemory: ({ event }) =>
      event.type === 'dma_free_attrs' && ['scattered', 'linear', 'alias', 'pool'].includes(event.got),
    /** CONFIG_DMA_DIRECT_REMAP: only then can it be the atomic pools'. */
    remaps: () => false,
    isPools: ({ context }) => context.got === 'pool',
    isAlias: ({ context }) => context.got === 'scattered' || context.got === 'alias',
  },
  actions: {
    remember: assign({ got: ({ event }) => (event.type === 'dma_free_attrs' ? event.got : 'null') }),
    forget: assign({ got: 'null' }),
  },
}).createMachine({
  id: 'iommu-free',
  context: { got: 'null' },
  initial: 'idle',
  states: {
    idle: { on: { dma_free_attrs: { guard: 'ofItsMemory', target: 'unmapIova', actions: 'remember' } } },
    unmapIova: {
      on: {
        iommu_unmap: [
          { guard: 'remaps', target: 'lookup' },
          { guard: 'isAlias', target: 'unmap' },
          { target: 'release' },
        ],
      },
    },
    lookup: {
      on: {
        dma_free_from_pool: [
          { guard: and(['owned', 'isPools']), target: 'returning', actions: 'forget' },
          { guard: and(['notOwned', 'isAlias']), target: 'unmap' },
          { guard: and(['notOwned', not('isPools')]), target: 'release' },
        ],
      },
    },
    unmap: { on: { vunmap: 'release' } },
    release: { on: { free_pages: { guard: 'own', target: 'returning', actions: 'forget' } } },
    returning: { on: { dma_free_attrs_ret: 'idle' } },
  },
});

export const alphabet = {
  ...pick(CALLS, 'dma_free_attrs', 'dma_free_attrs_ret'),
  ...pick(MEMORY, 'dma_free_from_pool', 'free_pages'),
  ...pick(STEPS, 'iommu_unmap', 'vunmap'),
} satisfies MachineFile['alphabet'];

export const iommuFree: MachineFile = {
  name: 'iommu-free',
  machine,
  alphabet,
  guards: (facts) => ({ remaps: () => facts.remap }),
};
