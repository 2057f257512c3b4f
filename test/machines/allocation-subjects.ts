/** The settings in which the systems of allocation are held: each option that matters, and the pairs that meet. */
import { SYSTEMS } from '../../machines/systems/index.ts';
import type { Subject } from '../../src/conformance/subject.ts';
import { chooseOptions, conflict, type Options, optionsLabel, PLATFORMS } from '../../src/series/index.ts';
import { seriesNamed } from '../conformance/subjects.ts';

const NC = { coherence: 'non-coherent' } as const;
const SLOTS = { 'restricted-pool': 'on' } as const;
const TRUSTED = { device: 'trusted' } as const;
const NARROW = { mask: '32' } as const;
const IOMMU = { iommu: 'on' } as const;

const CHOSEN: readonly Partial<Options>[] = [
  {},
  TRUSTED,
  NARROW,
  { ...NARROW, ...TRUSTED },
  { 'coherent-pool': 'off' },
  { 'restricted-pool': 'off' },
  { 'restricted-pool': 'off', ...NC },
  SLOTS,
  { ...SLOTS, ...NC },
  { ...SLOTS, ...TRUSTED },
  { ...SLOTS, ...NC, ...TRUSTED },
  { ...SLOTS, ...NARROW },
  NC,
  { ...NC, ...TRUSTED },
  { ...NC, ...NARROW },
  IOMMU,
  { ...IOMMU, ...NC },
  { ...IOMMU, ...NC, ...NARROW },
  { remap: 'on' },
  { remap: 'on', ...NC },
  { remap: 'on', ...SLOTS },
  { remap: 'on', ...SLOTS, ...NC },
  { remap: 'on', ...IOMMU, ...NC },
  ...(['uncached', 'global', 'arch'] as const).map((uncached) => ({ ...NC, uncached })),
];

export type AllocationSystem = 'allocation' | 'allocation-pages';
export const ALLOCATION_SYSTEMS: readonly AllocationSystem[] = ['allocation', 'allocation-pages'];

export function allocationSubject(
  system: AllocationSystem,
  series: string,
  platform: string,
  options: Partial<Options> = {},
): Subject {
  const known = PLATFORMS.find(({ name }) => name === platform)!;
  return {
    system: SYSTEMS.find(({ name }) => name === system)!,
    series: seriesNamed(series),
    platform: known,
    options: chooseOptions(known, options),
  };
}

/** Every chosen setting that a platform can have, each once. */
export function allocationSubjects(
  system: AllocationSystem,
  series: string,
  platforms: readonly string[] = PLATFORMS.map(({ name }) => name),
): Subject[] {
  const seen = new Set<string>();
  return platforms.flatMap((platform) =>
    CHOSEN.map((options) => allocationSubject(system, series, platform, options)).filter((one) => {
      const label = `${platform} ${optionsLabel(one.platform, one.options)}`;
      if (seen.has(label) || conflict(one.platform, one.options) !== null) return false;
      seen.add(label);
      return true;
    }),
  );
}
