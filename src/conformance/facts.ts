/** What each side is told of a platform and its options. Only plain data passes; each side draws its own conclusions. */
import type { KernelConfig, KernelSizes } from '../kernel/index.ts';
import type { Options, Platform, Series } from '../series/index.ts';

/** For the specification. */
export { specFacts } from './spec-facts.ts';

/** For the simulator. */
export function kernelConfig(
  series: Series,
  platform: Platform,
  options: Options,
  sizes: Partial<KernelSizes> = {},
): KernelConfig {
  return {
    patches: series.patches,
    platform: {
      name: platform.name,
      memEncrypt: platform.memEncrypt,
      memEncryptFromPatch: platform.memEncryptFromPatch,
      guestMemEncrypt: platform.guestMemEncrypt,
      hostMemEncrypt: platform.hostMemEncrypt,
      forces: platform.forces,
      forcesFromPatch: platform.forcesFromPatch,
      addressBit: platform.addressBit,
      conversion: platform.conversion,
      pteEncryption: platform.pteEncryption,
      preservesContents: platform.preservesContents,
      dmaDirectRemap: options.remap === 'on',
      dmaCoherentPool: platform.coherentPool.on || !platform.coherentPool.fixed,
      forceBounceBefore10: platform.forcesBounceBefore10,
      // An arm64 kernel makes a pool, be it small, for allocations that are not aligned for DMA.
      swiotlbAtBoot: options.remap === 'on' ? 'always' : platform.swiotlbAtBoot,
      family: options.remap === 'on' ? 'arm64' : platform.family,
    },
    options: {
      swiotlb: options.swiotlb,
      SWIOTLB_DYNAMIC: options.dynamic === 'on',
      DMA_COHERENT_POOL: options['coherent-pool'] === 'on',
      restrictedPool: options['restricted-pool'] === 'on',
      coherent: options.coherence === 'coherent',
      uncached: options.uncached,
      mask: Number(options.mask),
      iommu: options.iommu === 'on',
      xen: options.xen === 'on',
      trusted: options.device === 'trusted',
    },
    sizes,
  };
}
