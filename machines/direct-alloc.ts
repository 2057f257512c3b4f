/**
 * `dma_alloc_attrs()` of a device without an IOMMU: where the memory comes from, what is done with it, and how
 * each failure is unwound. Whether memory must be shared is asked once, on entry (`forced`).
 *
 * `got`: what will be handed out. `decrypts`: this call shares its memory itself (slots of a restricted pool are
 * shared already). `highmem`: its pages have no linear address. `blocks`, `noMapping`: what the caller asked for,
 * until the source is chosen.
 *
 * Raised events are inner labels of the code: `choose` (which source), `ask_state` (does the restricted pool
 * suit?), `setup_page` (memory is there), `remap_failed`. An architecture has an uncached mapping or a remap, never both.
 * Source: kernel/dma/direct.c (dma_direct_alloc, __dma_direct_alloc_pages, dma_direct_alloc_swiotlb,
 * dma_direct_alloc_no_mapping, dma_direct_alloc_from_pool), kernel/dma/mapping.c (dma_alloc_attrs).
 */
import { and, assign, not, or, raise, setup } from 'xstate';
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
import { DIRECT_ALLOC_WITHOUT } from './direct-alloc.without.ts';
import { addressable } from './facts.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_alloc_attrs'; ctx: Context; attrs: Attrs }
  | { type: 'dma_alloc_attrs_ret'; got: Got; addr: Addr }
  | { type: 'cma_alloc'; page: 'lowmem' | 'highmem' | 'none' }
  | { type: 'alloc_pages' | 'arch_dma_alloc' | 'dma_alloc_from_global_coherent'; ok: boolean }
  | { type: 'gen_pool_alloc'; attrs: 'CC_SHARED' | 'none'; ok: boolean }
  | { type: 'swiotlb_search_pool_area'; found: boolean }
  | { type: 'set_memory_decrypted' | 'set_memory_encrypted' | 'free_pages'; buf: Buf }
  | { type: 'set_memory_decrypted_ret' | 'set_memory_encrypted_ret'; buf: Buf; ret: 'ok' | 'failed' }
  | { type: 'vmap'; prot: Prot; ok: boolean }
  | { type: 'arch_dma_set_uncached'; ok: boolean }
  | { type: 'memset' | 'cma_release' | 'swiotlb_release_slots' }
  | { type: 'choose' | 'ask_state' | 'setup_page' | 'remap_failed' };

interface Ctx {
  readonly got: Got;
  readonly decrypts: boolean;
  readonly highmem: boolean;
  readonly blocks: boolean;
  readonly noMapping: boolean;
}

export const machine = setup({
  types: { context: {} as Ctx, events: {} as Event },
  guards: {
    ...ANSWERS,
    /** A driver may not ask for shared memory by name. */
    callerSaysShared: ({ event }) => event.type === 'dma_alloc_attrs' && event.attrs.includes('CC_SHARED'),
    blocks: ({ context }) => context.blocks,
    noMapping: ({ context }) => context.noMapping,
    /** `force_dma_unencrypted(dev)`. */
    forced: () => true,
    /** The device has a restricted pool to allocate from. */
    restricted: () => false,
    /** The restricted pool's state is not what the device needs. */
    slotsDoNotSuit: () => false,
    nonCoherent: () => false,
    archAllocates: () => false,
    globalPool: () => false,
    /** Neither remap nor uncached mapping: a non-coherent device gets nothing. */
    noUncachedMemory: () => false,
    /** A non-coherent device, and DMA_DIRECT_REMAP. */
    remapped: () => false,
    /** A non-coherent device, and an architecture that makes uncached addresses. */
    setsUncached: () => false,
    noCoherentPool: () => false,
    /** What is allocated can be addressed by the device (`dma_coherent_ok()`), from whichever zone. */
    fits: () => true,
    cookie: ({ context }) => context.got === 'cookie',
    decrypts: ({ context }) => context.decrypts,
    onHighmem: ({ context }) => context.highmem,
    itsMemory: ({ context, event }) =>
      'buf' in event && (event.buf === 'pool') === (context.got === 'slots' || context.got === 'slots-alias'),
    asObtained: ({ context, event }) => event.type === 'dma_alloc_attrs_ret' && event.got === context.got,
    /** A DMA address carries a bit that says shared or private. */
    addressHasBit: () => false,
  },
  actions: {
    remember: assign({
      blocks: ({ event }) => event.type === 'dma_alloc_attrs' && event.ctx === 'process',
      noMapping: ({ event }) => event.type === 'dma_alloc_attrs' && event.attrs.includes('NO_KERNEL_MAPPING'),
    }),
    forgetCaller: assign({ blocks: false, noMapping: false }),
    asCookie: assign({ got: 'cookie' }),
    asLinear: assign({ got: 'linear' }),
    asAlias: assign({ got: ({ context }) => (context.got === 'slots' ? 'slots-alias' : 'alias') }),
    asUncached: assign({ got: 'uncached' }),
    asSlots: assign({ got: 'slots' }),
    asPool: assign({ got: 'pool' }),
    asArch: assign({ got: 'arch' }),
    asGlobal: assign({ got: 'global' }),
    isHighmem: assign({ highmem: true }),
    willDecrypt: assign({ decrypts: true }),
    forget: assign({ got: 'null', decrypts: false, highmem: false }),
  },
}).createMachine({
  id: 'direct-alloc',
  context: { got: 'null', decrypts: false, highmem: false, blocks: false, noMapping: false },
  initial: 'idle',
  states: {
    idle: {
      on: {
        dma_alloc_attrs: [
          {
            guard: 'callerSaysShared',
            target: 'refused',
            description: 'CC_SHARED is no attribute for a caller.',
          },
          { actions: ['remember', raise({ type: 'choose' })] },
        ],
        choose: [
          {
            guard: and(['noMapping', not('forced'), not('restricted'), 'blocks']),
            target: 'allocating.cma',
            actions: ['forgetCaller', 'asCookie'],
          },
          {
            guard: and(['noMapping', not('forced'), not('restricted')]),
            target: 'allocating.pages',
            actions: ['forgetCaller', 'asCookie'],
          },
          {
            guard: and(['nonCoherent', 'archAllocates', not('restricted')]),
            target: 'arch',
            actions: 'forgetCaller',
          },
          { guard: and(['nonCoherent', 'globalPool']), target: 'global', actions: 'forgetCaller' },
          {
            guard: and(['nonCoherent', 'noUncachedMemory']),
            target: 'refused',
            actions: 'forgetCaller',
            description: 'There is no uncached memory for a device that is not coherent.',
          },
          {
            guard: and([or(['forced', 'remapped']), not('blocks'), not('restricted'), 'noCoherentPool']),
            target: 'refused',
            actions: 'forgetCaller',
            description: 'It must not sleep, and there are no atomic pools.',
          },
          {
            guard: and([or(['forced', 'remapped']), not('blocks'), not('restricted')]),
            target: 'pool',
            actions: 'forgetCaller',
          },
          {
            guard: 'restricted',
            target: 'allocating.slots',
            actions: ['forgetCaller', raise({ type: 'ask_state' })],
          },
          {
            guard: and(['blocks', 'forced']),
            target: 'allocating.cma',
            actions: ['forgetCaller', 'asLinear', 'willDecrypt'],
          },
          { guard: 'blocks', target: 'allocating.cma', actions: ['forgetCaller', 'asLinear'] },
          {
            guard: 'forced',
            target: 'allocating.pages',
            actions: ['forgetCaller', 'asLinear', 'willDecrypt'],
          },
          { target: 'allocating.pages', actions: ['forgetCaller', 'asLinear'] },
        ],
      },
    },
    arch: {
      on: {
        arch_dma_alloc: [
          { guard: 'ok', target: 'returning', actions: 'asArch' },
          { guard: 'fails', target: 'refused' },
        ],
      },
    },
    global: {
      on: {
        dma_alloc_from_global_coherent: [
          { guard: 'ok', target: 'returning', actions: 'asGlobal' },
          { guard: 'fails', target: 'refused' },
        ],
      },
    },
    pool: {
      description: 'It must not sleep, and what it needs would: the atomic pools have it ready, and zero it.',
      on: {
        gen_pool_alloc: [
          { guard: and(['forced', 'wantsShared', 'ok']), target: 'returning', actions: 'asPool' },
          { guard: and(['forced', 'wantsShared', 'fails']), target: 'refused' },
          { guard: and([not('forced'), 'wantsAny', 'ok']), target: 'returning', actions: 'asPool' },
          { guard: and([not('forced'), 'wantsAny', 'fails']), target: 'refused' },
        ],
      },
    },
    allocating: {
      initial: 'cma',
      on: {
        setup_page: [
          { guard: 'cookie', target: 'returning' },
          { guard: 'decrypts', target: 'decrypt' },
          { guard: or(['remapped', 'onHighmem']), target: 'remap' },
          { target: 'zeroing' },
        ],
      },
      states: {
        slots: {
          description: 'From the restricted pool, and from nowhere else. Its memory is shared already.',
          on: {
            ask_state: {
              guard: 'slotsDoNotSuit',
              target: '#direct-alloc.refused',
              description: 'The memory of the restricted pool has the other state.',
            },
            swiotlb_search_pool_area: [
              { guard: and(['found', 'fits']), actions: ['asSlots', raise({ type: 'setup_page' })] },
              { guard: 'found', target: 'wrongSlots', actions: 'asSlots' },
              { guard: 'notFound', target: '#direct-alloc.refused' },
            ],
          },
        },
        wrongSlots: {
          on: {
            swiotlb_release_slots: {
              target: '#direct-alloc.refused',
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
              { guard: and(['highmem', 'decrypts']), target: 'wrongCma' },
              { guard: 'highmem', actions: ['isHighmem', raise({ type: 'setup_page' })] },
              { guard: 'lowmem', actions: raise({ type: 'setup_page' }) },
            ],
          },
        },
        wrongCma: {
          description: 'Out of reach of the device, or without the linear address that a conversion needs.',
          on: { cma_release: 'pages' },
        },
        pages: {
          on: {
            alloc_pages: [
              { guard: 'fails', target: '#direct-alloc.refused', actions: 'forget' },
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
              { guard: 'fails', target: '#direct-alloc.refused', actions: 'forget' },
              { target: 'wrongLowerPages' },
            ],
          },
        },
        wrongLowerPages: {
          description: 'There is no lower zone.',
          on: {
            free_pages: {
              guard: 'itsMemory',
              target: '#direct-alloc.refused',
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
          { guard: and(['itsMemory', 'returnsOk', or(['remapped', 'onHighmem'])]), target: 'remap' },
          { guard: and(['itsMemory', 'returnsOk']), target: 'zeroing' },
          { guard: and(['itsMemory', 'returnsFailed']), target: 'refused', actions: 'forget' },
        ],
      },
    },
    remap: {
      description: 'An alias, whose protection says what the memory is.',
      on: {
        vmap: [
          { guard: and(['forced', 'protDecrypted', 'ok']), target: 'zeroing', actions: 'asAlias' },
          { guard: and(['forced', 'protDecrypted', 'fails']), actions: raise({ type: 'remap_failed' }) },
          { guard: and([not('forced'), 'protEncrypted', 'ok']), target: 'zeroing', actions: 'asAlias' },
          { guard: and([not('forced'), 'protEncrypted', 'fails']), actions: raise({ type: 'remap_failed' }) },
        ],
        remap_failed: [{ guard: 'decrypts', target: 'encrypt' }, { target: 'release' }],
      },
    },
    zeroing: {
      on: {
        memset: [
          { guard: and(['setsUncached', not('onHighmem')]), target: 'uncaching' },
          { target: 'returning' },
        ],
      },
    },
    uncaching: {
      on: {
        arch_dma_set_uncached: [
          { guard: 'ok', target: 'returning', actions: 'asUncached' },
          { guard: 'decrypts', target: 'encrypt' },
          { guard: 'fails', target: 'release' },
        ],
      },
    },
    encrypt: {
      description: 'What was shared is made private before it is given back.',
      on: { set_memory_encrypted: { guard: 'itsMemory', target: 'encrypting' } },
    },
    encrypting: {
      on: {
        set_memory_encrypted_ret: [
          { guard: and(['itsMemory', 'returnsOk']), target: 'release' },
          { guard: and(['itsMemory', 'returnsFailed']), target: 'refused', actions: 'forget' },
        ],
      },
    },
    release: {
      on: {
        cma_release: { target: 'refused', actions: 'forget' },
        free_pages: { guard: 'itsMemory', target: 'refused', actions: 'forget' },
        swiotlb_release_slots: { target: 'refused', actions: 'forget' },
      },
    },
    refused: { on: { dma_alloc_attrs_ret: { guard: and(['nothing', 'noAddress']), target: 'idle' } } },
    returning: {
      on: {
        dma_alloc_attrs_ret: [
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
  ...pick(CALLS, 'dma_alloc_attrs', 'dma_alloc_attrs_ret'),
  ...pick(
    MEMORY,
    'cma_alloc',
    'cma_release',
    'alloc_pages',
    'free_pages',
    'gen_pool_alloc',
    'swiotlb_search_pool_area',
    'swiotlb_release_slots',
    'dma_alloc_from_global_coherent',
    'arch_dma_alloc',
  ),
  ...pick(
    STEPS,
    'set_memory_decrypted',
    'set_memory_decrypted_ret',
    'set_memory_encrypted',
    'set_memory_encrypted_ret',
    'vmap',
    'memset',
    'arch_dma_set_uncached',
  ),
} satisfies MachineFile['alphabet'];

export const directAlloc: MachineFile = {
  name: 'direct-alloc',
  machine,
  alphabet,
  without: DIRECT_ALLOC_WITHOUT,
  guards: (facts) => ({
    forced: () => facts.forced,
    restricted: () => facts.restricted,
    slotsDoNotSuit: () => facts.memEncrypt !== facts.forced,
    nonCoherent: () => !facts.coherent,
    archAllocates: () => facts.uncached === 'arch',
    globalPool: () => facts.uncached === 'global',
    noUncachedMemory: () => !facts.remap && facts.uncached === 'none',
    remapped: () => !facts.coherent && facts.remap,
    setsUncached: () => !facts.coherent && facts.uncached === 'uncached',
    noCoherentPool: () => !facts.coherentPool,
    fits: () => addressable(facts),
    addressHasBit: () => facts.encodingBit,
  }),
};
