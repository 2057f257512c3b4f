/**
 * `dma_alloc_pages()` and `dma_free_pages()` of a device behind an IOMMU: contiguous pages and an IOVA. Nothing
 * is converted, and nobody asks what the device can reach.
 * Source: kernel/dma/ops_helpers.c (dma_common_alloc_pages, dma_common_free_pages).
 */
import { and, setup } from 'xstate';
import {
  type Addr,
  type Buf,
  CALLS,
  type Context,
  type Got,
  MEMORY,
  pick,
  STEPS,
} from './allocation-alphabet.ts';
import { ANSWERS } from './allocation-guards.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_alloc_pages'; ctx: Context }
  | { type: 'dma_alloc_pages_ret'; got: Got; addr: Addr }
  | { type: 'dma_free_pages'; ctx: Context; got: Got }
  | { type: 'cma_alloc'; page: 'lowmem' | 'highmem' | 'none' }
  | { type: 'alloc_pages'; ok: boolean }
  | { type: 'iommu_map'; page: 'own' | 'none'; ok: boolean }
  | { type: 'memset' | 'iommu_unmap' | 'cma_release' | 'dma_free_pages_ret' }
  | { type: 'free_pages'; buf: Buf };

export const machine = setup({
  types: { events: {} as Event },
  guards: {
    ...ANSWERS,
    ownOk: ({ event }) => event.type === 'iommu_map' && event.page === 'own' && event.ok,
    ownFails: ({ event }) => event.type === 'iommu_map' && event.page === 'own' && !event.ok,
    itsPages: ({ event }) => 'got' in event && event.got === 'linear',
  },
}).createMachine({
  id: 'iommu-alloc-pages',
  initial: 'idle',
  states: {
    idle: {
      on: {
        dma_alloc_pages: [{ guard: 'inProcess', target: 'allocating.cma' }, { target: 'allocating.pages' }],
        dma_free_pages: { guard: 'itsPages', target: 'freeing.unmap' },
      },
    },
    allocating: {
      initial: 'cma',
      states: {
        cma: {
          on: {
            cma_alloc: [
              { guard: 'noCma', target: 'pages' },
              { guard: 'lowmem', target: 'map' },
            ],
          },
        },
        pages: {
          on: {
            alloc_pages: [
              { guard: 'ok', target: 'map' },
              { guard: 'fails', target: 'refused' },
            ],
          },
        },
        map: {
          on: {
            iommu_map: [
              { guard: 'ownOk', target: 'zeroing' },
              { guard: 'ownFails', target: 'release' },
            ],
          },
        },
        zeroing: { on: { memset: 'returning' } },
        release: { on: { cma_release: 'refused', free_pages: { guard: 'own', target: 'refused' } } },
        refused: {
          on: {
            dma_alloc_pages_ret: { guard: and(['nothing', 'noAddress']), target: '#iommu-alloc-pages.idle' },
          },
        },
        returning: {
          on: {
            dma_alloc_pages_ret: { guard: and(['itsPages', 'saysIova']), target: '#iommu-alloc-pages.idle' },
          },
        },
      },
    },
    freeing: {
      initial: 'unmap',
      states: {
        unmap: { on: { iommu_unmap: 'release' } },
        release: { on: { cma_release: 'returning', free_pages: { guard: 'own', target: 'returning' } } },
        returning: { on: { dma_free_pages_ret: '#iommu-alloc-pages.idle' } },
      },
    },
  },
});

export const alphabet = {
  ...pick(CALLS, 'dma_alloc_pages', 'dma_alloc_pages_ret', 'dma_free_pages', 'dma_free_pages_ret'),
  ...pick(MEMORY, 'cma_alloc', 'cma_release', 'alloc_pages', 'free_pages'),
  ...pick(STEPS, 'iommu_map', 'iommu_unmap', 'memset'),
} satisfies MachineFile['alphabet'];

export const iommuAllocPages: MachineFile = { name: 'iommu-alloc-pages', machine, alphabet };
