/** The map decision as it was without a patch. */
import { and, not } from 'xstate';
import type { MachineFile } from './machine-file.ts';

const refused = (why: string) => `#map-decision.refused.${why}`;
export const without: NonNullable<MachineFile['without']> = {
  // Every pool was taken for shared, and so was every bounced address; the device was asked, not the pool.
  7: [
    {
      state: 'swiotlb.mapping',
      event: 'swiotlb_tbl_map_single',
      to: [{ guard: not('hasPool'), target: refused('noPool') }, { target: 'sizing' }],
    },
    {
      state: 'swiotlb.growing',
      event: 'swiotlb_alloc_tlb',
      to: [
        { guard: 'notAllocated', target: refused('noRoom') },
        {
          guard: and(['forced', 'atomicPoolServes']),
          target: 'encoding',
          actions: 'ofAtomicPool',
        },
        {
          guard: and([not('forced'), 'conversionsConvert']),
          target: 'encoding',
          actions: 'ofConvertedPages',
        },
        { guard: not('forced'), target: 'encoding', actions: 'ofPages' },
      ],
    },
    {
      state: 'swiotlb.encoding',
      event: 'phys_to_dma',
      to: [
        { guard: 'byIommu', target: '#map-decision.placed.bounced' },
        { guard: 'onXen', target: 'reaching', actions: 'sayXen' },
        { target: 'reaching', actions: 'sayShared' },
      ],
    },
  ],
  // Only the masks counted.
  9: [
    {
      state: 'direct.reaching',
      event: 'dma_capable',
      to: [
        { guard: and(['beyondMask', 'mmio']), target: refused('outOfReach') },
        { guard: 'beyondMask', target: 'falling' },
        { guard: 'mmio', target: '#map-decision.placed.mmio' },
        { target: 'aligning' },
      ],
    },
    {
      state: 'xen.reaching',
      event: 'dma_capable',
      to: [
        { guard: and(['mmio', 'narrowMask', 'high']), target: refused('outOfReach') },
        { guard: 'mmio', target: '#map-decision.placed.mmio' },
        { guard: and(['narrowMask', 'high']), target: '#map-decision.swiotlb.mapping' },
        { target: 'aligning' },
      ],
    },
  ],
  // CC_SHARED was the way around a forced bounce and an error elsewhere; MMIO was not translated.
  10: [
    {
      state: 'direct.forcing',
      event: 'is_swiotlb_force_bounce',
      to: [
        {
          guard: and(['ccShared', not('forcesBounceBefore')]),
          target: refused('sharedNotForced'),
        },
        { guard: 'ccShared', target: 'addressing' },
        {
          guard: and(['forcesBounceBefore', 'mayNotBounce']),
          target: refused('mayNotBounce'),
        },
        { guard: 'forcesBounceBefore', target: '#map-decision.swiotlb.mapping' },
        { target: 'addressing' },
      ],
    },
    {
      state: 'direct.addressing',
      event: 'phys_to_dma',
      to: [
        { guard: 'mmio', target: 'reaching', actions: 'sayRaw' },
        { guard: 'ccShared', target: 'reaching', actions: 'sayShared' },
        { target: 'reaching', actions: 'sayPrivate' },
      ],
    },
    {
      state: 'direct.aligning',
      event: 'dma_kmalloc_needs_bounce',
      to: [
        { guard: and([not('ccShared'), 'kmallocBounce']), target: 'falling' },
        { target: '#map-decision.placed.direct' },
      ],
    },
    {
      state: 'direct.falling',
      event: 'is_swiotlb_active',
      to: [
        { guard: 'ccShared', target: refused('outOfReach') },
        { guard: 'requireCoherent', target: refused('mayNotBounce') },
        { guard: not('hasPool'), target: refused('noPool') },
        { target: '#map-decision.swiotlb.mapping' },
      ],
    },
  ],
};
