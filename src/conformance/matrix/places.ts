/** Where the matrix is computed: every platform with its default options, or crossed with every option. */
import {
  crossOptions,
  defaultOptions,
  OPTION_VALUES,
  type OptionName,
  type Platform,
} from '../../series/index.ts';
import type { Place } from './plan.ts';

/** Each platform with its default options. */
export function defaultPlaces(platforms: readonly Platform[]): Place[] {
  return platforms.map((platform) => ({ platform, options: defaultOptions(platform) }));
}

/**
 * Options that decide which code serves a device at all. Two of them together lead to places that neither leads
 * to; the others change what happens on the way, and are crossed one at a time.
 */
const SERVING: readonly OptionName[] = ['remap', 'restricted-pool', 'coherence', 'uncached', 'iommu', 'xen'];

/** Each platform with every value of every option, and of every two of those that decide who serves a device. */
export function crossedPlaces(platforms: readonly Platform[]): Place[] {
  const names = Object.keys(OPTION_VALUES) as OptionName[];
  return platforms.flatMap((platform) => {
    const seen = new Map<string, Place>();
    const add = (chosen: readonly OptionName[]): void => {
      for (const options of crossOptions(platform, chosen)) {
        const key = JSON.stringify(options);
        if (!seen.has(key)) seen.set(key, { platform, options });
      }
    };
    for (const name of names) add([name]);
    SERVING.forEach((first, i) => {
      for (const second of SERVING.slice(i + 1)) add([first, second]);
    });
    return [...seen.values()];
  });
}
