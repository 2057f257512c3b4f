/**
 * A swiotlb pool that was made at run time. A *dynamic* one is built by the growth worker and stays; a
 * *transient* one is built by a mapper, published for one mapping, unlinked by its unmap, and freed after a
 * grace period.
 *
 * `key`: under which address its buffer will be given back: one that the atomic pool knows, or one that only
 * the page allocator knows. `record`: what the pool says of the state of its memory (`io_tlb_pool.unencrypted`,
 * from patch 7 on).
 * Source: kernel/dma/swiotlb.c (swiotlb_alloc_pool, add_mem_pool, swiotlb_find_slots, swiotlb_del_transient).
 */
import { assign, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event =
  | {
      type:
        | 'gen_pool_alloc'
        | 'alloc_pages'
        | 'initialised'
        | 'list_add_rcu'
        | 'list_del_rcu'
        | 'queue_rcu_work'
        | 'call_rcu';
    }
  | {
      type:
        | 'lookup_hits'
        | 'lookup_misses'
        | 'gone'
        | 'walk_seen'
        | 'walk_unseen'
        | 'search_found'
        | 'search_missed';
    }
  | { type: 'dma_map_phys' };
type Context = { key: 'none' | 'pool' | 'linear'; record: 'none' | 'shared' | 'private' };

export const machine = setup({
  types: { context: {} as Context, events: {} as Event },
  guards: {
    keyOfPool: ({ context }) => context.key === 'pool',
    keyOfAllocator: ({ context }) => context.key === 'linear',
    /** `io_tlb_mem.unencrypted`, which the pools of a memory pool inherit. */
    memoryIsShared: () => true,
    /** The atomic pool knows its memory by a vmap alias only. */
    keyedByAlias: () => false,
    /** A forced device finds the atomic pool empty while another transient pool holds its memory. */
    memoryIsBounded: () => true,
  },
  actions: {
    fromPool: assign({ key: 'pool' }),
    fromPoolByLinearAddress: assign({ key: 'linear' }),
    fromAllocator: assign({ key: 'linear' }),
    inheritShared: assign({ record: 'shared' }),
    inheritPrivate: assign({ record: 'private' }),
    forget: assign({ key: 'none', record: 'none' }),
  },
}).createMachine({
  id: 'swiotlb-pool',
  context: { key: 'none', record: 'none' },
  initial: 'none',
  states: {
    none: {
      on: {
        gen_pool_alloc: { target: 'building', actions: 'fromPool' },
        alloc_pages: { target: 'building', actions: 'fromAllocator' },
        walk_unseen: 'none',
        search_missed: 'none',
        dma_map_phys: 'none',
      },
    },
    building: {
      description: 'It has its buffer, and nobody else knows of it.',
      on: {
        initialised: [
          { guard: 'memoryIsShared', target: 'building', actions: 'inheritShared' },
          { target: 'building', actions: 'inheritPrivate' },
        ],
        list_add_rcu: 'published',
        queue_rcu_work: 'retired',
        walk_unseen: 'building',
        search_missed: 'building',
        lookup_hits: { guard: 'keyOfPool', target: 'none', actions: 'forget' },
        lookup_misses: { guard: 'keyOfAllocator', target: 'building' },
        gone: { target: 'none', actions: 'forget' },
      },
    },
    published: {
      on: { list_del_rcu: 'unlinked', walk_seen: 'published', search_found: 'published' },
    },
    unlinked: {
      description: 'Off the list; a reader may still hold it.',
      on: { queue_rcu_work: 'retired', walk_unseen: 'unlinked' },
    },
    retired: {
      description: 'Its free is on its way.',
      on: {
        dma_map_phys: { guard: 'memoryIsBounded', target: 'retired' },
        walk_unseen: 'retired',
        lookup_hits: { guard: 'keyOfPool', target: 'none', actions: 'forget' },
        lookup_misses: { guard: 'keyOfAllocator', target: 'retired' },
        gone: { target: 'none', actions: 'forget' },
      },
    },
  },
});

export const alphabet = {
  gen_pool_alloc: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'dma_alloc_from_pool',
    doc: 'Its buffer comes from the atomic pool.',
  },
  alloc_pages: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'alloc_pages',
    doc: 'Its buffer comes from the page allocator.',
  },
  initialised: {
    kind: 'choice',
    actor: { param: 'by' },
    symbol: 'swiotlb_init_io_tlb_pool',
    doc: 'It has its slots, and inherits the state of the memory pool.',
  },
  list_add_rcu: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'list_add_rcu',
    doc: 'It is put on a list that readers walk.',
  },
  list_del_rcu: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'list_del_rcu',
    doc: 'It is taken off the list.',
  },
  queue_rcu_work: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'queue_rcu_work',
    doc: 'Its free is deferred to a worker, after a grace period.',
  },
  call_rcu: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'call_rcu',
    doc: 'Its free is deferred to an RCU callback.',
  },
  lookup_hits: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'dma_free_from_pool',
    doc: 'The atomic pool knows the address of its buffer, and has it back.',
  },
  lookup_misses: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'dma_free_from_pool',
    doc: 'No atomic pool knows the address of its buffer.',
  },
  gone: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: 'swiotlb_free_tlb',
    doc: 'Its buffer was freed, or left alone.',
  },
  walk_seen: {
    kind: 'observation',
    actor: 'reader',
    symbol: '__swiotlb_find_pool',
    doc: 'A reader finds it on the list.',
  },
  walk_unseen: {
    kind: 'observation',
    actor: 'reader',
    symbol: '__swiotlb_find_pool',
    doc: 'A reader does not find it on the list.',
  },
  search_found: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'swiotlb_search_area',
    doc: 'The slot search finds room in it.',
  },
  search_missed: {
    kind: 'observation',
    actor: 'driver',
    symbol: 'swiotlb_search_area',
    doc: 'The slot search does not find it.',
  },
  dma_map_phys: {
    kind: 'stimulus',
    actor: 'driver',
    symbol: 'dma_map_phys',
    doc: 'A driver begins a mapping.',
  },
} as const satisfies MachineFile['alphabet'];

export const swiotlbPool: MachineFile = {
  name: 'swiotlb-pool',
  machine,
  alphabet,
  without: {
    7: [{ state: 'building', event: 'initialised', to: 'building' }],
    17: [
      { state: 'building', event: 'queue_rcu_work', to: null },
      { state: 'unlinked', event: 'queue_rcu_work', to: null },
      { state: 'unlinked', event: 'call_rcu', to: 'retired' },
    ],
    20: [
      {
        state: 'none',
        event: 'gen_pool_alloc',
        to: [
          { guard: 'keyedByAlias', target: 'building', actions: 'fromPoolByLinearAddress' },
          { target: 'building', actions: 'fromPool' },
        ],
      },
    ],
  },
  guards: (facts) => ({
    memoryIsShared: () => facts.memEncrypt,
    keyedByAlias: () => facts.remap,
    memoryIsBounded: () => facts.forced,
  }),
};
