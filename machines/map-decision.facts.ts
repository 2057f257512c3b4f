/** What facts of platform, options and device decide in a map decision. */
import type { Facts } from './facts.ts';

export function guards(facts: Facts): Record<string, () => boolean> {
  const { restricted, xen, iommu, swiotlb } = facts;
  return {
    forced: () => facts.forced,
    deviceIsCoherent: () => facts.coherent,
    behindIommu: () => iommu,
    onXen: () => xen,
    // Of the device's io_tlb_mem: a restricted one always forces; swiotlb=noforce comes before what an architecture asks.
    forcesBounce: () => restricted || swiotlb === 'force',
    archForcesBounce: () => facts.archForcesBounce && facts.defaultPool,
    hasPool: () => restricted || facts.defaultPool,
    poolIsRestricted: () => restricted,
    poolIsShared: () => facts.memEncrypt,
    // Xen moves its pool about on x86, and a restricted one has no can_grow (swiotlb_init_remap, pci_xen_swiotlb_init,
    // rmem_swiotlb_device_init).
    poolCanGrow: () => facts.dynamic && !(xen && !facts.arm64) && !restricted,
    poolIsHigh: () => facts.poolAnywhere && !restricted,
    coherentPool: () => facts.coherentPool,
    conversionsConvert: () => facts.convertible,
    narrowMask: () => facts.mask === 32,
    sharedIsHigh: () => facts.encoding === 'shared',
    privateIsHigh: () => facts.encoding === 'private',
    // DMA_BOUNCE_UNALIGNED_KMALLOC is arm64's here.
    kmallocIsUnsafe: () => facts.arm64 && !facts.coherent,
  };
}
