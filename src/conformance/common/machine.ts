/** What several systems assume of the simulated machine. */
import type { KernelConfig, KernelSizes } from '../../kernel/index.ts';

/**
 * A buffer that must bounce: where nothing else makes it, it lies above 4 GiB, where the device's bus has no window.
 * Masks stay as they are, for on an SME host they decide whether the device is forced.
 */
export function outOfReach(config: KernelConfig): Partial<KernelSizes> {
  const { platform, patches, options } = config;
  const bounces = options.swiotlb !== 'noforce' && platform.forceBounceBefore10 && !patches.has(10);
  // Patch 9 keeps a forced device from memory that is not shared; before, only the architecture did, until patch 10.
  const kept = isForced(config) && patches.has(9);
  return kept || bounces ? {} : BEYOND_THE_BUS;
}

/** Whether the devices of a machine are forced. */
export function isForced({ platform, patches, options }: KernelConfig): boolean {
  const { forces, forcesFromPatch } = platform;
  return (
    options.trusted !== true &&
    (forces === 'all' || (forces === 'by-mask' && options.mask === 32)) &&
    (forcesFromPatch === null || patches.has(forcesFromPatch))
  );
}

/** The buffer lies where no address of the bus names it: it bounces whatever else is true. */
export const BEYOND_THE_BUS: Partial<KernelSizes> = { highBuffers: true, dmaWindow: 'low' };
