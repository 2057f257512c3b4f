/**
 * `dma_free_pages()` of a device without an IOMMU. It knows the page, so the atomic pools are asked by physical
 * address. It has no gfp, and says nothing when it is called where one must not sleep.
 *
 * `got`: what is freed. `encrypts`: it was shared by its allocation.
 * Source: kernel/dma/direct.c (dma_direct_free_pages), kernel/dma/mapping.c (dma_free_pages).
 */
import { and, assign, not, or, setup } from 'xstate';
import { type Buf, CALLS, type Context, type Got, MEMORY, pick, STEPS } from './allocation-alphabet.ts';
import { ANSWERS } from './allocation-guards.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_free_pages'; ctx: Context; got: Got }
  | { type: 'dma_free_from_pool'; owned: boolean }
  | { type: 'set_memory_encrypted' | 'free_pages'; buf: Buf }
  | { type: 'set_memory_encrypted_ret'; buf: Buf; ret: 'ok' | 'failed' }
  | { type: 'cma_release' | 'swiotlb_release_slots' | 'dma_free_pages_ret' };

export const machine = setup({
  types: { context: {} as { got: Got; encrypts: boolean }, events: {} as Event },
  guards: {
    ...ANSWERS,
    ofSlots: ({ event }) => event.type === 'dma_free_pages' && event.got === 'slots',
    /** `force_dma_unencrypted(dev)`. */
    forced: () => true,
    noCoherentPool: () => false,
    /** The atomic pools know their memory by a vmap alias only, and not by its linear address. */
    keyedByAlias: () => false,
    isPools: ({ context }) => context.got === 'pool',
    encrypts: ({ context }) => context.encrypts,
    itsMemory: ({ context, event }) => 'buf' in event && (event.buf === 'own') === (context.got === 'linear'),
  },
  actions: {
    remember: assign({ got: ({ event }) => (event.type === 'dma_free_pages' ? event.got : 'null') }),
    willEncrypt: assign({ encrypts: true }),
    forget: assign({ got: 'null', encrypts: false }),
  },
}).createMachine({
  id: 'direct-free-pages',
  context: { got: 'null', encrypts: false },
  initial: 'idle',
  states: {
    idle: {
      on: {
        dma_free_pages: [
          {
            guard: and(['noCoherentPool', 'forced', not('ofSlots')]),
            target: 'encrypt',
            actions: ['remember', 'willEncrypt'],
          },
          { guard: 'noCoherentPool', target: 'release', actions: 'remember' },
          { guard: and(['forced', not('ofSlots')]), target: 'lookup', actions: ['remember', 'willEncrypt'] },
          { target: 'lookup', actions: 'remember' },
        ],
      },
    },
    lookup: {
      on: {
        dma_free_from_pool: [
          { guard: and(['owned', 'isPools']), target: 'returning' },
          { guard: and(['notOwned', not('isPools'), 'encrypts']), target: 'encrypt' },
          { guard: and(['notOwned', not('isPools')]), target: 'release' },
        ],
      },
    },
    encrypt: { on: { set_memory_encrypted: { guard: 'itsMemory', target: 'encrypting' } } },
    encrypting: {
      on: {
        set_memory_encrypted_ret: [
          { guard: and(['itsMemory', 'returnsOk']), target: 'release' },
          { guard: and(['itsMemory', 'returnsFailed']), target: 'returning' },
        ],
      },
    },
    release: {
      on: {
        cma_release: 'returning',
        free_pages: { guard: 'itsMemory', target: 'returning' },
        swiotlb_release_slots: 'returning',
      },
    },
    returning: { on: { dma_free_pages_ret: { target: 'idle', actions: 'forget' } } },
  },
});

export const alphabet = {
  ...pick(CALLS, 'dma_free_pages', 'dma_free_pages_ret'),
  ...pick(MEMORY, 'dma_free_from_pool', 'cma_release', 'free_pages', 'swiotlb_release_slots'),
  ...pick(STEPS, 'set_memory_encrypted', 'set_memory_encrypted_ret'),
} satisfies MachineFile['alphabet'];

export const directFreePages: MachineFile = {
  name: 'direct-free-pages',
  machine,
  alphabet,
  without: {
    // Slots were encrypted like any page, inside their shared pool.
    3: [
      {
        state: 'idle',
        event: 'dma_free_pages',
        to: [
          {
            guard: and(['noCoherentPool', 'forced']),
            target: 'encrypt',
            actions: ['remember', 'willEncrypt'],
          },
          { guard: 'noCoherentPool', target: 'release', actions: 'remember' },
          { guard: 'forced', target: 'lookup', actions: ['remember', 'willEncrypt'] },
          { target: 'lookup', actions: 'remember' },
        ],
      },
    ],
    // The atomic pools were asked by the linear address.
    19: [
      {
        state: 'lookup',
        event: 'dma_free_from_pool',
        to: [
          { guard: and(['owned', 'isPools', not('keyedByAlias')]), target: 'returning' },
          {
            guard: and(['notOwned', or([not('isPools'), 'keyedByAlias']), 'encrypts']),
            target: 'encrypt',
          },
          { guard: and(['notOwned', or([not('isPools'), 'keyedByAlias'])]), target: 'release' },
        ],
      },
    ],
  },
  guards: (facts) => ({
    forced: () => facts.forced,
    noCoherentPool: () => !facts.coherentPool,
    keyedByAlias: () => facts.remap,
  }),
};
