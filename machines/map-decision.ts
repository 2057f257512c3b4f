/**
 * What `dma_map_phys()` decides for one request: question by question, where the mapping will lie and what its
 * address says, or why there is none. Each question is an event named by the kernel function that asks it, and
 * leads to the next; what the world answers (is there room? is there memory?) is a choice.
 *
 * A request is made of classes. `size`: at most 256 KiB after alignment, or more. `memory`: below 4 GiB or above.
 * `buffer`: an `unaligned` one is, if it fits, unsafe for kmalloc's alignment, starts or ends within an IOMMU granule, and its
 * direction is not TO_DEVICE. `port`: behind an `external` one the kernel does not trust a PCI device
 * (`pci_dev.untrusted`), which is another thing than trust in the confidential-computing sense.
 * `says`: what the address is made to say. `pool`: where a bounced mapping lies.
 *
 * Source: kernel/dma/mapping.c (dma_map_phys), kernel/dma/direct.h (dma_direct_map_phys), kernel/dma/swiotlb.c
 * (swiotlb_map, swiotlb_tbl_map_single, swiotlb_find_slots, swiotlb_alloc_tlb), drivers/iommu/dma-iommu.c
 * (iommu_dma_map_phys, iommu_dma_map_swiotlb), drivers/xen/swiotlb-xen.c (xen_swiotlb_map_phys).
 */
import { and, assign, not, or, setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';
import { alphabet, type MAP_CLASSES } from './map-decision.alphabet.ts';
import { guards } from './map-decision.facts.ts';
import { without } from './map-decision.without.ts';

type Classes = { [K in keyof typeof MAP_CLASSES]: (typeof MAP_CLASSES)[K][number] };

type Says = 'nothing' | 'shared' | 'private' | 'raw' | 'iova' | 'xen';
/** `transient-*`: by where its memory comes from; `transient-converted`: of the page allocator, made shared. */
type Pool =
  | 'none'
  | 'default'
  | 'dynamic'
  | 'restricted'
  | 'transient-atomic'
  | 'transient-pages'
  | 'transient-converted';
type Event =
  | ({ type: 'dma_map_phys'; attrs: string } & Classes)
  | {
      type:
        | 'dev_is_dma_coherent'
        | 'get_dma_ops'
        | 'is_swiotlb_force_bounce'
        | 'phys_to_dma'
        | 'dma_capable'
        | 'dma_kmalloc_needs_bounce'
        | 'is_swiotlb_active'
        | 'dev_use_swiotlb'
        | 'swiotlb_tbl_map_single'
        | 'swiotlb_find_slots';
    }
  | { type: 'swiotlb_search_area'; found: 'default' | 'dynamic' | 'none' }
  | { type: 'swiotlb_alloc_tlb'; ok: boolean }
  | { type: 'dma_map_phys_ret'; result: 'ok' | 'error' };

export const machine = setup({
  types: {
    context: {} as Classes & { attrs: string; says: Says; pool: Pool },
    events: {} as Event,
  },
  guards: {
    ccShared: ({ context }) => context.attrs.includes('CC_SHARED'),
    mmio: ({ context }) => context.attrs.includes('MMIO'),
    requireCoherent: ({ context }) => context.attrs.includes('REQUIRE_COHERENT'),
    tooLarge: ({ context }) => context.size === 'too-large',
    high: ({ context }) => context.memory === 'high',
    unaligned: ({ context }) => context.buffer === 'unaligned',
    external: ({ context }) => context.port === 'external',
    saysShared: ({ context }) => context.says === 'shared',
    saysPrivate: ({ context }) => context.says === 'private',
    byIommu: ({ context }) => context.says === 'iova',
    inTransient: ({ context }) => context.pool.startsWith('transient'),
    inLasting: ({ event }) => event.type === 'swiotlb_search_area' && event.found === 'default',
    inDynamic: ({ event }) => event.type === 'swiotlb_search_area' && event.found === 'dynamic',
    nowhere: ({ event }) => event.type === 'swiotlb_search_area' && event.found === 'none',
    allocated: ({ event }) => event.type === 'swiotlb_alloc_tlb' && event.ok,
    notAllocated: ({ event }) => event.type === 'swiotlb_alloc_tlb' && !event.ok,
    ok: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'ok',
    error: ({ event }) => event.type === 'dma_map_phys_ret' && event.result === 'error',
    /** force_dma_unencrypted(dev). */
    forced: () => false,
    deviceIsCoherent: () => true,
    behindIommu: () => false,
    onXen: () => false,
    /** The device's io_tlb_mem says that everything bounces. */
    forcesBounce: () => false,
    /** The architecture asks for that, until patch 10: it set SWIOTLB_FORCE. */
    archForcesBounce: () => false,
    hasPool: () => true,
    poolIsRestricted: () => false,
    /** The record of the device's io_tlb_mem (patch 7). */
    poolIsShared: () => false,
    /** A search that fails grows the pool: SWIOTLB_DYNAMIC, and neither Xen's pool on x86 nor a restricted one. */
    poolCanGrow: () => true,
    /** The default pool may lie anywhere in memory. */
    poolIsHigh: () => false,
    coherentPool: () => true,
    /** The platform's conversions convert. */
    conversionsConvert: () => false,
    /** The device's masks are 32 bits wide. */
    narrowMask: () => false,
    /** An address that says shared, private has a bit set above 32 bits. */
    sharedIsHigh: () => false,
    privateIsHigh: () => false,
    /** DMA_BOUNCE_UNALIGNED_KMALLOC, and the device is not coherent. */
    kmallocIsUnsafe: () => false,
    // What follows from several of them.
    forcesBounceBefore: or(['forcesBounce', 'archForcesBounce']),
    mayNotBounce: or(['mmio', 'requireCoherent']),
    beyondMask: and([
      'narrowMask',
      or(['high', and(['saysShared', 'sharedIsHigh']), and(['saysPrivate', 'privateIsHigh'])]),
    ]),
    slotBeyondMask: and([
      'narrowMask',
      or([
        and(['poolIsHigh', not('inTransient')]),
        and(['saysShared', 'sharedIsHigh']),
        and(['saysPrivate', 'privateIsHigh']),
      ]),
    ]),
    /** A forced device, and nothing that says that the memory is shared (patch 9). */
    needsShared: and(['forced', not(or(['ccShared', 'saysShared']))]),
    /** Only small buffers share lines of the cache with others: a large one has its own (dma_kmalloc_size_aligned). */
    kmallocBounce: and(['kmallocIsUnsafe', 'unaligned', not('tooLarge')]),
    iommuBounce: and(['unaligned', or(['external', 'kmallocBounce'])]),
    atomicPoolServes: and(['coherentPool', not(and(['forced', 'narrowMask', 'sharedIsHigh']))]),
  },
  actions: {
    ask: assign(({ event }) => {
      if (event.type !== 'dma_map_phys') return {};
      const { attrs, size, memory, buffer, port } = event;
      return { attrs, size, memory, buffer, port };
    }),
    sayShared: assign({ says: 'shared' }),
    sayPrivate: assign({ says: 'private' }),
    sayRaw: assign({ says: 'raw' }),
    sayIova: assign({ says: 'iova' }),
    sayXen: assign({ says: 'xen' }),
    inDefaultPool: assign({ pool: 'default' }),
    inDynamicPool: assign({ pool: 'dynamic' }),
    inRestrictedPool: assign({ pool: 'restricted' }),
    ofAtomicPool: assign({ pool: 'transient-atomic' }),
    ofPages: assign({ pool: 'transient-pages' }),
    ofConvertedPages: assign({ pool: 'transient-converted' }),
    forget: assign({
      ...{ attrs: 'none', size: 'fits', memory: 'low', buffer: 'aligned', port: 'internal' },
      ...{ says: 'nothing', pool: 'none' },
    }),
  },
}).createMachine({
  id: 'map-decision',
  context: {
    ...{ attrs: 'none', size: 'fits', memory: 'low', buffer: 'aligned', port: 'internal' },
    ...{ says: 'nothing', pool: 'none' },
  },
  initial: 'idle',
  states: {
    idle: { on: { dma_map_phys: { target: 'asked', actions: 'ask' } } },
    asked: {
      on: {
        dev_is_dma_coherent: [
          { guard: and(['requireCoherent', not('deviceIsCoherent')]), target: 'refused.deviceNotCoherent' },
          { target: 'routing' },
        ],
      },
    },
    routing: {
      on: {
        get_dma_ops: [
          { guard: and(['ccShared', or(['behindIommu', 'onXen'])]), target: 'refused.sharedNotDirect' },
          { guard: 'onXen', target: 'xen.addressing' },
          { guard: 'behindIommu', target: 'iommu.choosing', actions: 'sayIova' },
          { target: 'direct.forcing' },
        ],
      },
    },
    direct: {
      initial: 'forcing',
      states: {
        forcing: {
          on: {
            is_swiotlb_force_bounce: [
              {
                guard: and(['forcesBounce', 'mayNotBounce']),
                target: '#map-decision.refused.mayNotBounce',
              },
              { guard: 'forcesBounce', target: '#map-decision.swiotlb.mapping' },
              { target: 'addressing' },
            ],
          },
        },
        addressing: {
          on: {
            phys_to_dma: [
              { guard: or(['ccShared', and(['mmio', 'forced'])]), target: 'reaching', actions: 'sayShared' },
              { target: 'reaching', actions: 'sayPrivate' },
            ],
          },
        },
        reaching: {
          description: 'Can the device reach it under this address?',
          on: {
            dma_capable: [
              {
                guard: and(['mmio', or(['needsShared', 'beyondMask'])]),
                target: '#map-decision.refused.outOfReach',
              },
              { guard: or(['needsShared', 'beyondMask']), target: 'falling' },
              { guard: 'mmio', target: '#map-decision.placed.mmio' },
              { target: 'aligning' },
            ],
          },
        },
        aligning: {
          on: {
            dma_kmalloc_needs_bounce: [
              { guard: 'kmallocBounce', target: 'falling' },
              { target: '#map-decision.placed.direct' },
            ],
          },
        },
        falling: {
          description: 'It must bounce, if it may and can.',
          on: {
            is_swiotlb_active: [
              { guard: 'requireCoherent', target: '#map-decision.refused.mayNotBounce' },
              { guard: not('hasPool'), target: '#map-decision.refused.noPool' },
              { target: '#map-decision.swiotlb.mapping' },
            ],
          },
        },
      },
    },
    iommu: {
      initial: 'choosing',
      states: {
        choosing: {
          on: {
            dev_use_swiotlb: [
              { guard: and(['iommuBounce', 'mayNotBounce']), target: '#map-decision.refused.mayNotBounce' },
              { guard: 'iommuBounce', target: 'bouncing' },
              { guard: 'mmio', target: '#map-decision.placed.mmio' },
              { target: '#map-decision.placed.direct' },
            ],
          },
        },
        bouncing: {
          on: {
            is_swiotlb_active: [
              { guard: not('hasPool'), target: '#map-decision.refused.noPool' },
              { target: '#map-decision.swiotlb.mapping' },
            ],
          },
        },
      },
    },
    xen: {
      initial: 'addressing',
      states: {
        addressing: { on: { phys_to_dma: { target: 'reaching', actions: 'sayXen' } } },
        reaching: {
          on: {
            dma_capable: [
              {
                guard: and(['mmio', or(['forced', and(['narrowMask', 'high'])])]),
                target: '#map-decision.refused.outOfReach',
              },
              { guard: 'mmio', target: '#map-decision.placed.mmio' },
              { guard: or(['forced', and(['narrowMask', 'high'])]), target: '#map-decision.swiotlb.mapping' },
              { target: 'aligning' },
            ],
          },
        },
        aligning: {
          on: {
            dma_kmalloc_needs_bounce: [
              { guard: 'kmallocBounce', target: '#map-decision.swiotlb.mapping' },
              { target: 'forcing' },
            ],
          },
        },
        forcing: {
          on: {
            is_swiotlb_force_bounce: [
              { guard: 'forcesBounce', target: '#map-decision.swiotlb.mapping' },
              { target: '#map-decision.placed.direct' },
            ],
          },
        },
      },
    },
    swiotlb: {
      initial: 'mapping',
      states: {
        mapping: {
          description: 'Is there a pool, and is its memory what the device needs?',
          on: {
            swiotlb_tbl_map_single: [
              { guard: not('hasPool'), target: '#map-decision.refused.noPool' },
              { guard: and(['forced', not('poolIsShared')]), target: '#map-decision.refused.poolDiffers' },
              { guard: and([not('forced'), 'poolIsShared']), target: '#map-decision.refused.poolDiffers' },
              { target: 'sizing' },
            ],
          },
        },
        sizing: {
          on: {
            swiotlb_find_slots: [
              { guard: 'tooLarge', target: '#map-decision.refused.tooLarge' },
              { target: 'searching' },
            ],
          },
        },
        searching: {
          on: {
            swiotlb_search_area: [
              {
                guard: and(['inLasting', 'poolIsRestricted']),
                target: 'encoding',
                actions: 'inRestrictedPool',
              },
              { guard: 'inLasting', target: 'encoding', actions: 'inDefaultPool' },
              { guard: and(['inDynamic', 'poolCanGrow']), target: 'encoding', actions: 'inDynamicPool' },
              { guard: and(['nowhere', 'poolCanGrow']), target: 'growing' },
              { guard: 'nowhere', target: '#map-decision.refused.noRoom' },
            ],
          },
        },
        growing: {
          description: 'A transient pool is made: of the atomic pool where its memory must be shared.',
          on: {
            swiotlb_alloc_tlb: [
              { guard: 'notAllocated', target: '#map-decision.refused.noRoom' },
              {
                guard: and(['poolIsShared', 'atomicPoolServes']),
                target: 'encoding',
                actions: 'ofAtomicPool',
              },
              { guard: not('poolIsShared'), target: 'encoding', actions: 'ofPages' },
            ],
          },
        },
        encoding: {
          on: {
            phys_to_dma: [
              { guard: 'byIommu', target: '#map-decision.placed.bounced' },
              { guard: 'onXen', target: 'reaching', actions: 'sayXen' },
              { guard: 'poolIsShared', target: 'reaching', actions: 'sayShared' },
              { target: 'reaching', actions: 'sayPrivate' },
            ],
          },
        },
        reaching: {
          description: 'Can the device reach the slot?',
          on: {
            dma_capable: [
              { guard: 'slotBeyondMask', target: '#map-decision.refused.slotOutOfReach' },
              { target: '#map-decision.placed.bounced' },
            ],
          },
        },
      },
    },
    placed: {
      on: { dma_map_phys_ret: { guard: 'ok', target: 'idle', actions: 'forget' } },
      initial: 'direct',
      states: {
        direct: { description: 'The device reads and writes the memory itself.' },
        mmio: { description: 'The device reaches the registers of another.' },
        bounced: { description: 'The device reads and writes a slot of a pool.' },
      },
    },
    refused: {
      on: { dma_map_phys_ret: { guard: 'error', target: 'idle', actions: 'forget' } },
      initial: 'noPool',
      states: {
        deviceNotCoherent: { description: 'REQUIRE_COHERENT, and the device is not coherent' },
        sharedNotDirect: { description: 'CC_SHARED, and the device is not mapped directly' },
        sharedNotForced: { description: 'CC_SHARED, and nothing forces a bounce' },
        mayNotBounce: { description: 'it must bounce, and MMIO or REQUIRE_COHERENT forbids it' },
        outOfReach: { description: 'the device cannot reach it, and MMIO or CC_SHARED cannot bounce' },
        noPool: { description: 'it must bounce, and there is no pool' },
        poolDiffers: { description: 'the state of the pool is not what the device needs' },
        tooLarge: { description: 'it must bounce, and is larger than 256 KiB' },
        noRoom: { description: 'there is no room, and no transient pool' },
        slotOutOfReach: { description: 'the device cannot reach the pool' },
      },
    },
  },
});

export const mapDecision: MachineFile = { name: 'map-decision', machine, alphabet, without, guards };
