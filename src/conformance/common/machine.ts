/** What several systems assume of the simulated machine. */
import type { KernelConfig, KernelSizes } from '../../kernel/index.ts';

/**
 * A buffer that must bounce: where the device is not forced, it lies above 4 GiB, and the streaming mask ends there.
 * The coherent mask stays as it is, for on an SME host it decides whether the device is forced.
 */
export function outOfReach({ platform, patches, options }: KernelConfig): Partial<KernelSizes> {
  const { forces, forcesFromPatch } = platform;
  const forced =
    !options.trusted &&
    (forces === 'all' || (forces === 'by-mask' && options.mask === 32)) &&
    (forcesFromPatch === null || patches.has(forcesFromPatch));
  if (forced || (platform.forceBounceBefore10 && !patches.has(10))) return {};
  return { highBuffers: true, dmaMaskBits: 32, coherentMaskBits: options.mask ?? 64 };
}
