/** What each side is told of a platform and its options. Only plain data passes; each side draws its own conclusions. */
import type { SystemFacts } from '../../machines/systems/index.ts';
import type { KernelConfig, KernelSizes } from '../kernel/index.ts';
import type { Options, Platform, Series } from '../series/index.ts';

/** For the specification. */
export function specFacts(platform: Platform, options: Options): SystemFacts {
  return {
    memEncrypt: platform.memEncrypt,
    forced: platform.forcesUntrusted && options.device === 'untrusted',
    encodingBit: platform.addressBit !== null,
    conversion: platform.conversion,
    remap: platform.dmaDirectRemap,
    coherentPool: options['coherent-pool'] === 'on',
  };
}

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
      forcesUntrusted: platform.forcesUntrusted,
      addressBit: platform.addressBit,
      conversion: platform.conversion,
      dmaDirectRemap: platform.dmaDirectRemap,
      dmaCoherentPool: platform.coherentPool.on || !platform.coherentPool.fixed,
    },
    options: {
      DMA_COHERENT_POOL: options['coherent-pool'] === 'on',
      SWIOTLB_DYNAMIC: true,
      trusted: options.device === 'trusted',
    },
    sizes,
  };
}
