/** What the specification is told of a platform and its options. It draws its own conclusions. */
import type { SystemFacts } from '../../machines/facts.ts';
import type { Options, Platform } from '../series/index.ts';

/** For the specification. */
export function specFacts(platform: Platform, options: Options): SystemFacts {
  const trusted = options.device === 'trusted';
  const shortMask = options.mask === '32';
  const byMask = platform.forces === 'by-mask';
  const confined = !trusted && (platform.forces === 'all' || (byMask && shortMask));
  return {
    memEncryptFrom: platform.memEncrypt ? (platform.memEncryptFromPatch ?? 0) : null,
    forcedFrom: confined ? (platform.forcesFromPatch ?? 0) : null,
    forceFollowsMask: byMask,
    confined,
    trusted,
    mask: shortMask ? 32 : 64,
    encoding: platform.addressBit?.meaning ?? null,
    conversion: platform.conversion,
    contentsSurvive: platform.preservesContents,
    remap: options.remap === 'on',
    coherentPool: options['coherent-pool'] === 'on',
    dynamic: options.dynamic === 'on',
    restricted: options['restricted-pool'] === 'on',
    swiotlb: options.swiotlb,
    // powerpc asks for a pool anywhere (SWIOTLB_ANY) where it is a secure virtual machine.
    poolAnywhere: platform.family === 'powerpc',
    archForcesBounce: platform.forcesBounceBefore10,
    coherent: options.coherence === 'coherent',
    uncached: options.uncached,
    iommu: options.iommu === 'on',
    xen: options.xen === 'on',
    arm64: options.remap === 'on',
  };
}
