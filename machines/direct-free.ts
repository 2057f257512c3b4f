/**
 * `dma_free_attrs()` of a device without an IOMMU: undoes what the allocation did, whatever that was. It has no
 * gfp, so it cannot know whether it may sleep.
 *
 * `got`: what is freed. `encrypts`: it was shared by its allocation (slots of a restricted pool stay shared).
 * The raised event `undo` stands where all the ways to pages and slots meet.
 * Source: kernel/dma/direct.c (dma_direct_free), kernel/dma/mapping.c (dma_free_attrs).
 */
import { and, assign, not, raise, setup } from 'xstate';
import { type Buf, CALLS, type Context, type Got, MEMORY, pick, STEPS } from './allocation-alphabet.ts';
import { ANSWERS } from './allocation-guards.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_free_attrs'; ctx: Context; got: Got }
  | { type: 'dma_free_from_pool'; owned: boolean }
  | { type: 'set_memory_encrypted' | 'free_pages'; buf: Buf }
  | { type: 'set_memory_encrypted_ret'; buf: Buf; ret: 'ok' | 'failed' }
  | { type: 'vunmap' | 'arch_dma_clear_uncached' | 'arch_dma_free' | 'dma_release_from_global_coherent' }
  | { type: 'cma_release' | 'swiotlb_release_slots' | 'dma_free_attrs_ret' | 'undo' };

const of =
  (...kinds: Got[]) =>
  ({ event }: { event: Event }) =>
    event.type === 'dma_free_attrs' && kinds.includes(event.got);

export const machine = setup({
  types: { context: {} as { got: Got; encrypts: boolean }, events: {} as Event },
  guards: {
    ...ANSWERS,
    ofCookie: of('cookie'),
    ofArch: of('arch'),
    ofGlobal: of('global'),
    ofMemory: of('linear', 'alias', 'uncached', 'slots', 'slots-alias', 'pool'),
    ofSlots: of('slots', 'slots-alias'),
    /** `force_dma_unencrypted(dev)`. */
    forced: () => true,
    noCoherentPool: () => false,
    isPools: ({ context }) => context.got === 'pool',
    isAlias: ({ context }) => context.got === 'alias' || context.got === 'slots-alias',
    isUncached: ({ context }) => context.got === 'uncached',
    encrypts: ({ context }) => context.encrypts,
    itsMemory: ({ context, event }) =>
      'buf' in event && (event.buf === 'pool') === (context.got === 'slots' || context.got === 'slots-alias'),
  },
  actions: {
    remember: assign({ got: ({ event }) => (event.type === 'dma_free_attrs' ? event.got : 'null') }),
    willEncrypt: assign({ encrypts: true }),
    forget: assign({ got: 'null', encrypts: false }),
  },
}).createMachine({
  id: 'direct-free',
  context: { got: 'null', encrypts: false },
  initial: 'idle',
  on: {
    undo: [
      { guard: 'isAlias', target: '.unmap' },
      { guard: 'isUncached', target: '.clear' },
      { guard: 'encrypts', target: '.encrypt' },
      { target: '.release' },
    ],
  },
  states: {
    idle: {
      on: {
        dma_free_attrs: [
          { guard: 'ofCookie', target: 'release' },
          { guard: 'ofArch', target: 'arch' },
          { guard: 'ofGlobal', target: 'global' },
          {
            guard: and(['ofMemory', 'noCoherentPool', 'forced', not('ofSlots')]),
            actions: ['remember', 'willEncrypt', raise({ type: 'undo' })],
          },
          { guard: and(['ofMemory', 'noCoherentPool']), actions: ['remember', raise({ type: 'undo' })] },
          {
            guard: and(['ofMemory', 'forced', not('ofSlots')]),
            target: 'lookup',
            actions: ['remember', 'willEncrypt'],
          },
          { guard: 'ofMemory', target: 'lookup', actions: 'remember' },
        ],
      },
    },
    lookup: {
      description: 'The atomic pools are asked by the address that the CPU uses.',
      on: {
        dma_free_from_pool: [
          { guard: and(['owned', 'isPools']), target: 'returning' },
          { guard: and(['notOwned', not('isPools')]), actions: raise({ type: 'undo' }) },
        ],
      },
    },
    unmap: { on: { vunmap: [{ guard: 'encrypts', target: 'encrypt' }, { target: 'release' }] } },
    clear: {
      on: { arch_dma_clear_uncached: [{ guard: 'encrypts', target: 'encrypt' }, { target: 'release' }] },
    },
    encrypt: {
      description: 'The linear alias, also of what was remapped.',
      on: { set_memory_encrypted: { guard: 'itsMemory', target: 'encrypting' } },
    },
    encrypting: {
      on: {
        set_memory_encrypted_ret: [
          { guard: and(['itsMemory', 'returnsOk']), target: 'release' },
          { guard: and(['itsMemory', 'returnsFailed']), target: 'returning' },
        ],
      },
    },
    arch: { on: { arch_dma_free: 'returning' } },
    global: { on: { dma_release_from_global_coherent: 'returning' } },
    release: {
      on: {
        cma_release: 'returning',
        free_pages: { guard: 'itsMemory', target: 'returning' },
        swiotlb_release_slots: 'returning',
      },
    },
    returning: { on: { dma_free_attrs_ret: { target: 'idle', actions: 'forget' } } },
  },
});

export const alphabet = {
  ...pick(CALLS, 'dma_free_attrs', 'dma_free_attrs_ret'),
  ...pick(
    MEMORY,
    'dma_free_from_pool',
    'arch_dma_free',
    'dma_release_from_global_coherent',
    'cma_release',
    'free_pages',
    'swiotlb_release_slots',
  ),
  ...pick(STEPS, 'set_memory_encrypted', 'set_memory_encrypted_ret', 'vunmap', 'arch_dma_clear_uncached'),
} satisfies MachineFile['alphabet'];

export const directFree: MachineFile = {
  name: 'direct-free',
  machine,
  alphabet,
  without: {
    // Slots were encrypted like any page, inside their shared pool.
    3: [
      {
        state: 'idle',
        event: 'dma_free_attrs',
        to: [
          { guard: 'ofCookie', target: 'release' },
          { guard: 'ofArch', target: 'arch' },
          { guard: 'ofGlobal', target: 'global' },
          {
            guard: and(['ofMemory', 'noCoherentPool', 'forced']),
            actions: ['remember', 'willEncrypt', raise({ type: 'undo' })],
          },
          { guard: and(['ofMemory', 'noCoherentPool']), actions: ['remember', raise({ type: 'undo' })] },
          { guard: and(['ofMemory', 'forced']), target: 'lookup', actions: ['remember', 'willEncrypt'] },
          { guard: 'ofMemory', target: 'lookup', actions: 'remember' },
        ],
      },
    ],
    // What was remapped was only unmapped and freed.
    11: [{ state: 'unmap', event: 'vunmap', to: 'release' }],
  },
  guards: (facts) => ({ forced: () => facts.forced, noCoherentPool: () => !facts.coherentPool }),
};
