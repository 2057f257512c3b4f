/**
 * `dma_alloc_attrs()` of a device behind an IOMMU: scattered pages when it may block; a piece of the atomic pool
 * when it may not and would need an alias; else contiguous pages. Nothing is converted, and nobody asks what the
 * device can reach. The caller's attributes go to the atomic pools and into the protection of an alias.
 *
 * `got`: what will be handed out. `asksShared`: the caller said CC_SHARED.
 * Source: drivers/iommu/dma-iommu.c (iommu_dma_alloc, iommu_dma_alloc_remap, iommu_dma_alloc_pages,
 * __iommu_dma_free).
 */
import { and, assign, not, raise, setup } from 'xstate';
import {
  type Addr,
  type Attrs,
  type Buf,
  CALLS,
  type Context,
  type Got,
  MEMORY,
  type Prot,
  pick,
  STEPS,
} from './allocation-alphabet.ts';
import { ANSWERS } from './allocation-guards.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_alloc_attrs'; ctx: Context; attrs: Attrs }
  | { type: 'dma_alloc_attrs_ret'; got: Got; addr: Addr }
  | { type: 'alloc_pages'; ok: boolean }
  | { type: 'gen_pool_alloc'; attrs: 'CC_SHARED' | 'none'; ok: boolean }
  | { type: 'dma_free_from_pool'; owned: boolean }
  | { type: 'vmap'; prot: Prot; ok: boolean }
  | { type: 'iommu_map'; page: 'own' | 'none'; ok: boolean }
  | { type: 'uninitialised'; value: 'zero' | 'garbage' }
  | { type: 'memset' | 'vunmap' | 'iommu_unmap' | 'no_page' | 'free_wild_page' }
  | { type: 'free_pages'; buf: Buf };

export const machine = setup({
  types: { context: {} as { got: Got; asksShared: boolean }, events: {} as Event },
  guards: {
    ...ANSWERS,
    nonCoherent: () => false,
    /** CONFIG_DMA_DIRECT_REMAP: the aliases of non-coherent memory, ready made in the atomic pools. */
    remaps: () => false,
    asksShared: ({ context }) => context.asksShared,
    isAlias: ({ context }) => context.got === 'alias',
    ownPage: ({ event }) => event.type === 'iommu_map' && event.page === 'own',
    noPage: ({ event }) => event.type === 'iommu_map' && event.page === 'none',
    isZero: ({ event }) => event.type === 'uninitialised' && event.value === 'zero',
    asObtained: ({ context, event }) => event.type === 'dma_alloc_attrs_ret' && event.got === context.got,
  },
  actions: {
    remember: assign({
      asksShared: ({ event }) => event.type === 'dma_alloc_attrs' && event.attrs.includes('CC_SHARED'),
    }),
    asScattered: assign({ got: 'scattered' }),
    asAlias: assign({ got: 'alias' }),
    asLinear: assign({ got: 'linear' }),
    asPool: assign({ got: 'pool' }),
    asGarbage: assign({ got: 'garbage' }),
    forget: assign({ got: 'null', asksShared: false }),
  },
}).createMachine({
  id: 'iommu-alloc',
  context: { got: 'null', asksShared: false },
  initial: 'idle',
  states: {
    idle: {
      on: {
        dma_alloc_attrs: [
          { guard: 'inProcess', target: 'scattered.pages', actions: 'remember' },
          { guard: and(['nonCoherent', 'remaps']), target: 'pool', actions: 'remember' },
          { target: 'contiguous.pages', actions: 'remember' },
        ],
      },
    },
    scattered: {
      initial: 'pages',
      states: {
        pages: {
          description: 'Zeroed by the page allocator.',
          on: {
            alloc_pages: [
              { guard: 'ok', target: 'map' },
              { guard: 'fails', target: '#iommu-alloc.refused', actions: 'forget' },
            ],
          },
        },
        map: {
          on: {
            iommu_map: [
              { guard: and(['ownPage', 'ok']), target: 'alias' },
              { guard: and(['ownPage', 'fails']), target: '#iommu-alloc.release' },
            ],
          },
        },
        alias: {
          on: {
            vmap: [
              {
                guard: and(['asksShared', 'protDecrypted', 'ok']),
                target: '#iommu-alloc.returning',
                actions: 'asScattered',
              },
              { guard: and(['asksShared', 'protDecrypted']), target: 'unmap' },
              {
                guard: and([not('asksShared'), 'protEncrypted', 'ok']),
                target: '#iommu-alloc.returning',
                actions: 'asScattered',
              },
              { guard: and([not('asksShared'), 'protEncrypted']), target: 'unmap' },
            ],
          },
        },
        unmap: { on: { iommu_unmap: '#iommu-alloc.release' } },
      },
    },
    contiguous: {
      initial: 'pages',
      states: {
        pages: {
          on: {
            alloc_pages: [
              { guard: and(['ok', 'nonCoherent']), target: 'alias' },
              { guard: 'ok', target: 'zeroing', actions: 'asLinear' },
              { guard: 'fails', target: '#iommu-alloc.refused', actions: 'forget' },
            ],
          },
        },
        alias: {
          description:
            'A non-coherent device without DMA_DIRECT_REMAP: an alias is made where one must not sleep.',
          on: {
            vmap: [
              { guard: and(['asksShared', 'protDecrypted', 'ok']), target: 'zeroing', actions: 'asAlias' },
              { guard: and(['asksShared', 'protDecrypted']), target: '#iommu-alloc.release' },
              {
                guard: and([not('asksShared'), 'protEncrypted', 'ok']),
                target: 'zeroing',
                actions: 'asAlias',
              },
              { guard: and([not('asksShared'), 'protEncrypted']), target: '#iommu-alloc.release' },
            ],
          },
        },
        zeroing: { on: { memset: 'map' } },
        map: {
          on: {
            iommu_map: [
              { guard: and(['ownPage', 'ok']), target: '#iommu-alloc.returning' },
              { guard: and(['ownPage', 'fails', 'remaps']), target: 'lookup' },
              { guard: and(['ownPage', 'fails', 'isAlias']), target: 'unmap' },
              { guard: and(['ownPage', 'fails']), target: '#iommu-alloc.release' },
            ],
          },
        },
        unmap: { on: { vunmap: '#iommu-alloc.release' } },
        lookup: {
          description: 'The common free asks the atomic pools first.',
          on: {
            dma_free_from_pool: { guard: 'notOwned', target: '#iommu-alloc.release' },
          },
        },
      },
    },
    pool: {
      description:
        'It must not sleep: the atomic pools have an alias ready. Nobody asks whether the device can address it.',
      initial: 'asking',
      states: {
        asking: {
          on: {
            gen_pool_alloc: [
              { guard: and(['asksShared', 'wantsShared', 'ok']), target: 'map', actions: 'asPool' },
              { guard: and(['asksShared', 'wantsShared', 'fails']), actions: raise({ type: 'no_page' }) },
              { guard: and([not('asksShared'), 'wantsAny', 'ok']), target: 'map', actions: 'asPool' },
              { guard: and([not('asksShared'), 'wantsAny', 'fails']), actions: raise({ type: 'no_page' }) },
            ],
            no_page: { target: '#iommu-alloc.refused', actions: 'forget' },
          },
        },
        map: {
          on: {
            iommu_map: [
              { guard: and(['ownPage', 'ok']), target: '#iommu-alloc.returning' },
              { guard: and(['ownPage', 'fails']), target: 'giveBack' },
            ],
          },
        },
        giveBack: {
          on: { dma_free_from_pool: { guard: 'owned', target: '#iommu-alloc.refused', actions: 'forget' } },
        },
      },
    },
    confused: {
      description: 'Without patch 16: no page, and a CPU address that nobody wrote decides whether to go on.',
      initial: 'stack',
      states: {
        stack: {
          on: {
            uninitialised: [
              { guard: 'isZero', target: '#iommu-alloc.refused', actions: 'forget' },
              { target: 'map', actions: 'asGarbage' },
            ],
          },
        },
        map: {
          on: {
            iommu_map: [
              { guard: and(['noPage', 'ok']), target: '#iommu-alloc.returning' },
              { guard: and(['noPage', 'fails']), target: 'lookup' },
            ],
          },
        },
        lookup: {
          on: {
            dma_free_from_pool: { guard: 'notOwned', target: 'wild' },
          },
        },
        wild: {
          description:
            'The address is taken for a linear one, and the page behind it, if there is one, is freed.',
          on: { free_wild_page: { target: '#iommu-alloc.refused', actions: 'forget' } },
        },
      },
    },
    release: { on: { free_pages: { guard: 'own', target: 'refused', actions: 'forget' } } },
    refused: {
      on: {
        dma_alloc_attrs_ret: { guard: and(['nothing', 'noAddress']), target: 'idle', actions: 'forget' },
      },
    },
    returning: {
      on: {
        dma_alloc_attrs_ret: { guard: and(['asObtained', 'saysIova']), target: 'idle', actions: 'forget' },
      },
    },
  },
});

export const alphabet = {
  ...pick(CALLS, 'dma_alloc_attrs', 'dma_alloc_attrs_ret'),
  ...pick(MEMORY, 'alloc_pages', 'free_pages', 'gen_pool_alloc', 'dma_free_from_pool'),
  ...pick(STEPS, 'vmap', 'vunmap', 'memset', 'iommu_map', 'iommu_unmap'),
  free_wild_page: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: '__free_pages',
    doc: 'What the address leads to is given back, though nobody took it.',
  },
  uninitialised: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'iommu_dma_alloc',
    params: { value: ['zero', 'garbage'] },
    doc: 'What lies on the stack where nobody wrote a CPU address.',
  },
} satisfies MachineFile['alphabet'];

export const iommuAlloc: MachineFile = {
  name: 'iommu-alloc',
  machine,
  alphabet,
  without: {
    // The atomic pools were not told what is wanted.
    5: [
      {
        state: 'pool.asking',
        event: 'gen_pool_alloc',
        to: [
          { guard: and(['wantsAny', 'ok']), target: 'map', actions: 'asPool' },
          { guard: and(['wantsAny', 'fails']), actions: raise({ type: 'no_page' }) },
        ],
      },
    ],
    // The base protection, whatever the caller said.
    8: [
      {
        state: 'scattered.alias',
        event: 'vmap',
        to: [
          {
            guard: and(['protEncrypted', 'ok']),
            target: '#iommu-alloc.returning',
            actions: 'asScattered',
          },
          { guard: 'protEncrypted', target: 'unmap' },
        ],
      },
      {
        state: 'contiguous.alias',
        event: 'vmap',
        to: [
          { guard: and(['protEncrypted', 'ok']), target: 'zeroing', actions: 'asAlias' },
          { guard: 'protEncrypted', target: '#iommu-alloc.release' },
        ],
      },
    ],
    // Success was judged by a CPU address that is written on success only.
    16: [{ state: 'pool.asking', event: 'no_page', to: '#iommu-alloc.confused' }],
  },
  guards: (facts) => ({ nonCoherent: () => !facts.coherent, remaps: () => facts.remap }),
};
