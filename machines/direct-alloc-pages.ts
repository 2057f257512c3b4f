/**
 * `dma_alloc_pages()` of a device without an IOMMU. It hands out a `struct page`, and looks neither at coherence
 * nor at attributes: the memory has its linear address only.
 *
 * `got`: what will be handed out. `decrypts`: this call shares its memory itself. The raised events are those of
 * the allocation with attributes, and `have_piece`: the atomic pools gave memory, zeroed.
 * Source: kernel/dma/direct.c (dma_direct_alloc_pages), kernel/dma/mapping.c (dma_alloc_pages).
 */
import { and, assign, not, raise, setup } from 'xstate';
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
import { addressable } from './facts.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_alloc_pages'; ctx: Context }
  | { type: 'dma_alloc_pages_ret'; got: Got; addr: Addr }
  | { type: 'cma_alloc'; page: 'lowmem' | 'highmem' | 'none' }
  | { type: 'alloc_pages'; ok: boolean }
  | { type: 'gen_pool_alloc'; attrs: 'CC_SHARED' | 'none'; ok: boolean }
  | { type: 'swiotlb_search_pool_area'; found: boolean }
  | { type: 'set_memory_decrypted' | 'free_pages'; buf: Buf }
  | { type: 'set_memory_decrypted_ret'; buf: Buf; ret: 'ok' | 'failed' }
  | { type: 'memset' | 'cma_release' | 'swiotlb_release_slots' }
  | { type: 'ask_state' | 'setup_page' | 'have_piece' };

export const machine = setup({
  types: { context: {} as { got: Got; decrypts: boolean }, events: {} as Event },
  guards: {
    ...ANSWERS,
    /** `force_dma_unencrypted(dev)`. */
    forced: () => true,
    /** The device has a restricted pool to allocate from. */
    restricted: () => false,
    /** The restricted pool's state is not what the device needs. */
    slotsDoNotSuit: () => false,
    noCoherentPool: () => false,
    /** What is allocated can be addressed by the device (`dma_coherent_ok()`), from whichever zone. */
    fits: () => true,
    decrypts: ({ context }) => context.decrypts,
    itsMemory: ({ context, event }) => 'buf' in event && (event.buf === 'pool') === (context.got === 'slots'),
    asObtained: ({ context, event }) => event.type === 'dma_alloc_pages_ret' && event.got === context.got,
    /** A DMA address carries a bit that says shared or private. */
    addressHasBit: () => false,
  },
  actions: {
    asLinear: assign({ got: 'linear' }),
    asSlots: assign({ got: 'slots' }),
    asPool: assign({ got: 'pool' }),
    asGarbage: assign({ got: 'garbage' }),
    willDecrypt: assign({ decrypts: true }),
    forget: assign({ got: 'null', decrypts: false }),
  },
}).createMachine({
  id: 'direct-alloc-pages',
  context: { got: 'null', decrypts: false },
  initial: 'idle',
  states: {
    idle: {
      on: {
        dma_alloc_pages: [
          { guard: 'restricted', target: 'allocating.slots', actions: raise({ type: 'ask_state' }) },
          {
            guard: and(['forced', 'inProcess']),
            target: 'allocating.cma',
            actions: ['asLinear', 'willDecrypt'],
          },
          { guard: 'inProcess', target: 'allocating.cma', actions: 'asLinear' },
          {
            guard: and(['forced', 'noCoherentPool']),
            target: 'refused',
            description: 'It must not sleep, and there are no atomic pools.',
          },
          { guard: 'forced', target: 'pool' },
          { target: 'allocating.pages', actions: 'asLinear' },
        ],
      },
    },
    pool: {
      description: 'A conversion would sleep: the atomic pools have shared memory ready.',
      on: {
        gen_pool_alloc: [
          { guard: and(['wantsShared', 'ok']), actions: raise({ type: 'have_piece' }) },
          { guard: and(['wantsShared', 'fails']), target: 'refused' },
        ],
        have_piece: { target: 'returning', actions: 'asPool' },
      },
    },
    allocating: {
      initial: 'cma',
      on: { setup_page: [{ guard: 'decrypts', target: 'decrypt' }, { target: 'zeroing' }] },
      states: {
        slots: {
          description: 'From the restricted pool, and from nowhere else. Its memory is shared already.',
          on: {
            ask_state: {
              guard: 'slotsDoNotSuit',
              target: '#direct-alloc-pages.refused',
              description: 'The memory of the restricted pool has the other state.',
            },
            swiotlb_search_pool_area: [
              { guard: and(['found', 'fits']), actions: ['asSlots', raise({ type: 'setup_page' })] },
              { guard: 'found', target: 'wrongSlots', actions: 'asSlots' },
              { guard: 'notFound', target: '#direct-alloc-pages.refused' },
            ],
          },
        },
        wrongSlots: {
          on: {
            swiotlb_release_slots: {
              target: '#direct-alloc-pages.refused',
              actions: 'forget',
              description: 'The device cannot address it.',
            },
          },
        },
        cma: {
          on: {
            cma_alloc: [
              { guard: 'noCma', target: 'pages' },
              { guard: not('fits'), target: 'wrongCma' },
              { guard: 'highmem', target: 'wrongCma' },
              { guard: 'lowmem', actions: raise({ type: 'setup_page' }) },
            ],
          },
        },
        wrongCma: {
          description: 'Out of reach of the device, or without a linear address.',
          on: { cma_release: 'pages' },
        },
        pages: {
          on: {
            alloc_pages: [
              { guard: 'fails', target: '#direct-alloc-pages.refused', actions: 'forget' },
              { guard: 'fits', actions: raise({ type: 'setup_page' }) },
              { target: 'wrongPages' },
            ],
          },
        },
        wrongPages: {
          description: 'Out of reach of the device: the next lower zone is tried.',
          on: { free_pages: { guard: 'itsMemory', target: 'lowerPages' } },
        },
        lowerPages: {
          on: {
            alloc_pages: [
              { guard: 'fails', target: '#direct-alloc-pages.refused', actions: 'forget' },
              { target: 'wrongLowerPages' },
            ],
          },
        },
        wrongLowerPages: {
          description: 'There is no lower zone.',
          on: {
            free_pages: {
              guard: 'itsMemory',
              target: '#direct-alloc-pages.refused',
              actions: 'forget',
              description: 'The device cannot address it.',
            },
          },
        },
      },
    },
    decrypt: { on: { set_memory_decrypted: { guard: 'itsMemory', target: 'decrypting' } } },
    decrypting: {
      on: {
        set_memory_decrypted_ret: [
          { guard: and(['itsMemory', 'returnsOk']), target: 'zeroing' },
          { guard: and(['itsMemory', 'returnsFailed']), target: 'refused', actions: 'forget' },
        ],
      },
    },
    zeroing: { on: { memset: 'returning' } },
    refused: { on: { dma_alloc_pages_ret: { guard: and(['nothing', 'noAddress']), target: 'idle' } } },
    returning: {
      on: {
        dma_alloc_pages_ret: [
          {
            guard: and(['asObtained', not('addressHasBit'), 'saysNothing']),
            target: 'idle',
            actions: 'forget',
          },
          {
            guard: and(['asObtained', 'addressHasBit', 'forced', 'saysShared']),
            target: 'idle',
            actions: 'forget',
          },
          {
            guard: and(['asObtained', 'addressHasBit', not('forced'), 'saysPrivate']),
            target: 'idle',
            actions: 'forget',
          },
        ],
      },
    },
  },
});

export const alphabet = {
  ...pick(CALLS, 'dma_alloc_pages', 'dma_alloc_pages_ret'),
  ...pick(
    MEMORY,
    'cma_alloc',
    'cma_release',
    'alloc_pages',
    'free_pages',
    'gen_pool_alloc',
    'swiotlb_search_pool_area',
    'swiotlb_release_slots',
  ),
  ...pick(STEPS, 'set_memory_decrypted', 'set_memory_decrypted_ret', 'memset'),
} satisfies MachineFile['alphabet'];

export const directAllocPages: MachineFile = {
  name: 'direct-alloc-pages',
  machine,
  alphabet,
  without: {
    3: [
      {
        state: 'allocating.slots',
        event: 'swiotlb_search_pool_area',
        to: [
          {
            guard: and(['found', 'fits', 'forced']),
            actions: ['asSlots', 'willDecrypt', raise({ type: 'setup_page' })],
          },
          { guard: and(['found', 'fits']), actions: ['asSlots', raise({ type: 'setup_page' })] },
          { guard: 'found', target: 'wrongSlots', actions: 'asSlots' },
          { guard: 'notFound', target: '#direct-alloc-pages.refused' },
        ],
      },
    ],
    5: [
      {
        state: 'pool',
        event: 'gen_pool_alloc',
        to: [
          { guard: and(['wantsAny', 'ok']), actions: raise({ type: 'have_piece' }) },
          { guard: and(['wantsAny', 'fails']), target: 'refused' },
        ],
      },
    ],
    7: [{ state: 'allocating.slots', event: 'ask_state', to: null }],
    // The CPU address was handed out as if it were a page.
    15: [{ state: 'pool', event: 'have_piece', to: { target: 'returning', actions: 'asGarbage' } }],
  },
  guards: (facts) => ({
    forced: () => facts.forced,
    restricted: () => facts.restricted,
    slotsDoNotSuit: () => facts.memEncrypt !== facts.forced,
    noCoherentPool: () => !facts.coherentPool,
    fits: () => addressable(facts),
    addressHasBit: () => facts.encodingBit,
  }),
};
