/**
 * A coherent allocation from the page allocator, and its free, for a device that may become trusted at any time.
 *
 * `shared`: the memory has been made shared for it, or is about to be. `trusted`: the device has been accepted.
 * The allocation asks `force_dma_unencrypted(dev)` once, on entry, and keeps the answer; the free asks again. Whether
 * the device reaches a page is asked by `dma_coherent_ok()`, which asks for itself; where it does not, pages of the
 * next lower zone are tried, once. When shared pages have been freed the driver asks for no more: what becomes of
 * them is beyond this machine.
 * Source: kernel/dma/direct.c (dma_direct_alloc, __dma_direct_alloc_pages, dma_coherent_ok, dma_direct_free,
 * dma_set_decrypted, phys_to_dma_direct).
 */
import { and, assign, not, or, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_alloc_attrs' | 'accept' | 'memset' | 'free_pages' | 'device_read' | 'device_write' }
  | { type: 'alloc_pages'; ok: boolean }
  | { type: 'set_memory_decrypted' | 'set_memory_encrypted' | 'dma_free_attrs' | 'dma_free_attrs_ret' }
  | { type: 'set_memory_decrypted_ret' | 'set_memory_encrypted_ret'; ret: 'ok' | 'failed' }
  | { type: 'dma_alloc_attrs_ret'; result: 'shared' | 'private' | 'unencoded' | 'error' };

export const machine = setup({
  types: { context: {} as { shared: boolean; trusted: boolean }, events: {} as Event },
  guards: {
    /** The platform forces devices that are not trusted. */
    forcing: () => false,
    shared: ({ context }) => context.shared,
    trusted: ({ context }) => context.trusted,
    /** An address that says shared, private does not fit in the coherent mask. */
    sharedTooHigh: () => false,
    privateTooHigh: () => false,
    forcedNow: and(['forcing', not('trusted')]),
    outOfReach: or([and(['forcedNow', 'sharedTooHigh']), and([not('forcedNow'), 'privateTooHigh'])]),
    ok: ({ event }) => ('ok' in event && event.ok) || ('ret' in event && event.ret === 'ok'),
    addressHasBit: () => false,
    saysShared: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'shared',
    saysPrivate: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'private',
    saysNothing: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'unencoded',
    error: ({ event }) => event.type === 'dma_alloc_attrs_ret' && event.result === 'error',
  },
  actions: {
    willShare: assign({ shared: true }),
    isPrivate: assign({ shared: false }),
    trust: assign({ trusted: true }),
  },
}).createMachine({
  id: 'trusted-alloc',
  context: { shared: false, trusted: false },
  initial: 'none',
  on: { accept: { guard: not('trusted'), actions: 'trust' } },
  states: {
    none: {
      on: {
        dma_alloc_attrs: [
          { guard: 'forcedNow', target: 'allocating.pages', actions: 'willShare' },
          { target: 'allocating.pages' },
        ],
      },
    },
    allocating: {
      initial: 'pages',
      states: {
        pages: {
          on: {
            alloc_pages: [
              { guard: and(['ok', 'outOfReach']), target: 'givingBack' },
              { guard: and(['ok', 'shared']), target: 'sharing' },
              { guard: 'ok', target: 'zeroing' },
              { target: 'failed', actions: 'isPrivate' },
            ],
          },
        },
        givingBack: {
          description: 'dma_coherent_ok() refuses its address, encoded as force says now.',
          on: { free_pages: 'lowerPages' },
        },
        lowerPages: {
          on: {
            alloc_pages: [
              { guard: and(['ok', 'outOfReach']), target: 'givingBackLower' },
              { guard: and(['ok', 'shared']), target: 'sharing' },
              { guard: 'ok', target: 'zeroing' },
              { target: 'failed', actions: 'isPrivate' },
            ],
          },
        },
        givingBackLower: { on: { free_pages: { target: 'failed', actions: 'isPrivate' } } },
        sharing: { on: { set_memory_decrypted: 'converting' } },
        converting: {
          on: {
            set_memory_decrypted_ret: [
              { guard: 'ok', target: 'zeroing' },
              { target: 'failed', actions: 'isPrivate', description: 'The pages are left alone.' },
            ],
          },
        },
        zeroing: { on: { memset: 'returning' } },
        misaddressed: {
          description: 'Without patch 12 the encoding asks for itself: a private address of shared memory.',
          on: { dma_alloc_attrs_ret: { guard: 'saysPrivate', target: '#trusted-alloc.held' } },
        },
        returning: {
          on: {
            dma_alloc_attrs_ret: [
              { guard: and(['saysShared', 'addressHasBit', 'shared']), target: '#trusted-alloc.held' },
              { guard: and(['saysPrivate', 'addressHasBit', not('shared')]), target: '#trusted-alloc.held' },
              { guard: and(['saysNothing', not('addressHasBit')]), target: '#trusted-alloc.held' },
            ],
          },
        },
        failed: { on: { dma_alloc_attrs_ret: { guard: 'error', target: '#trusted-alloc.none' } } },
      },
    },
    held: {
      description: 'The driver and the device have it.',
      on: {
        device_read: 'held',
        device_write: 'held',
        dma_free_attrs: [{ guard: 'forcedNow', target: 'freeing.unsharing' }, { target: 'freeing.pages' }],
      },
    },
    freeing: {
      initial: 'pages',
      states: {
        unsharing: { on: { set_memory_encrypted: 'converting' } },
        converting: {
          on: {
            set_memory_encrypted_ret: [
              { guard: 'ok', target: 'pages', actions: 'isPrivate' },
              { target: 'returning', actions: 'isPrivate', description: 'The pages are left alone.' },
            ],
          },
        },
        pages: {
          on: {
            free_pages: [
              { guard: 'shared', target: 'spoilt', actions: 'isPrivate' },
              { target: 'returning', actions: 'isPrivate' },
            ],
          },
        },
        spoilt: { on: { dma_free_attrs_ret: '#trusted-alloc.over' } },
        returning: { on: { dma_free_attrs_ret: '#trusted-alloc.none' } },
      },
    },
    over: {
      description:
        'The page allocator has pages that the host can read. Whoever gets them next is not followed: the driver asks no more.',
    },
  },
});

const driver = { actor: { param: 'by' } } as const;
const ret = { ret: ['ok', 'failed'] };
const call = (symbol: string, doc: string) => ({ kind: 'observation', ...driver, symbol, doc }) as const;

export const alphabet = {
  accept: { kind: 'stimulus', actor: 'world', symbol: 'tsm_accept', doc: 'The guest accepts the device.' },
  dma_alloc_attrs: {
    kind: 'stimulus',
    ...driver,
    symbol: 'dma_alloc_attrs',
    doc: 'The driver asks for coherent memory, in process context.',
  },
  alloc_pages: {
    kind: 'choice',
    ...driver,
    symbol: 'alloc_pages',
    params: { ok: [true, false] },
    doc: 'There are pages, or there are none.',
  },
  set_memory_decrypted: call('set_memory_decrypted', 'They are converted to shared.'),
  set_memory_decrypted_ret: {
    ...call('set_memory_decrypted', 'The conversion to shared returns.'),
    params: ret,
  },
  memset: call('memset', 'They are zeroed.'),
  dma_alloc_attrs_ret: {
    ...call('dma_alloc_attrs', 'The driver gets memory and its address, or none.'),
    params: { result: ['shared', 'private', 'unencoded', 'error'] },
  },
  device_read: { kind: 'stimulus', actor: 'device', symbol: '(bus)', doc: 'The device reads it.' },
  device_write: { kind: 'stimulus', actor: 'device', symbol: '(bus)', doc: 'The device writes to it.' },
  dma_free_attrs: { kind: 'stimulus', ...driver, symbol: 'dma_free_attrs', doc: 'The driver frees it.' },
  set_memory_encrypted: call('set_memory_encrypted', 'The pages are converted to private.'),
  set_memory_encrypted_ret: {
    ...call('set_memory_encrypted', 'The conversion to private returns.'),
    params: ret,
  },
  free_pages: call('__free_pages', 'The pages go to the page allocator.'),
  dma_free_attrs_ret: call('dma_free_attrs', 'It is freed.'),
} as const satisfies MachineFile['alphabet'];

export const trustedAlloc: MachineFile = {
  name: 'trusted-alloc',
  machine,
  alphabet,
  without: {
    // Conversion and encoding ask again, each for itself. What patch 4 asks on entry changes nothing: trust only grows.
    12: [
      { state: 'none', event: 'dma_alloc_attrs', to: 'allocating.pages' },
      ...['allocating.pages', 'allocating.lowerPages'].map((state) => {
        const lower = state === 'allocating.lowerPages';
        return {
          state,
          event: 'alloc_pages',
          to: [
            { guard: and(['ok', 'outOfReach']), target: lower ? 'givingBackLower' : 'givingBack' },
            { guard: and(['ok', 'forcedNow']), target: 'sharing', actions: 'willShare' },
            { guard: 'ok', target: 'zeroing', actions: 'isPrivate' },
            { target: 'failed', actions: 'isPrivate' },
          ],
        };
      }),
      {
        state: 'allocating.zeroing',
        event: 'memset',
        to: [
          { guard: and(['addressHasBit', 'shared', not('forcedNow')]), target: 'misaddressed' },
          { target: 'returning' },
        ],
      },
    ],
  },
  guards: (facts) => ({
    forcing: () => facts.forced,
    addressHasBit: () => facts.encodingBit,
    sharedTooHigh: () => facts.mask === 32 && facts.encoding === 'shared',
    privateTooHigh: () => facts.mask === 32 && facts.encoding === 'private',
  }),
};
