/** Options that cut across platforms: command line, kernel configuration, and what the device is. */
import type { Platform } from './platforms.ts';

export interface Options {
  /** The parameter `swiotlb=` of the kernel's command line; `default`: it is not given. */
  readonly swiotlb: 'default' | 'force' | 'noforce';
  /** CONFIG_SWIOTLB_DYNAMIC. */
  readonly dynamic: 'on' | 'off';
  /** CONFIG_DMA_DIRECT_REMAP; on `plain`, on means arm64 and off means x86. */
  readonly remap: 'on' | 'off';
  /** CONFIG_DMA_COHERENT_POOL. */
  readonly 'coherent-pool': 'on' | 'off';
  /** The device tree gives the device a restricted pool. */
  readonly 'restricted-pool': 'on' | 'off';
  /** Whether the device is cache-coherent. */
  readonly coherence: 'coherent' | 'non-coherent';
  /** How an architecture without remap serves a device that is not coherent; `none`: it does not. */
  readonly uncached: 'none' | 'uncached' | 'global' | 'arch';
  /** Bits of the device's streaming and coherent mask. */
  readonly mask: '64' | '32';
  /** The device is behind an IOMMU. */
  readonly iommu: 'off' | 'on';
  /** The guest runs on Xen. */
  readonly xen: 'off' | 'on';
  /** A trusted device (TDISP, T=1) may reach private memory: it is not forced. */
  readonly device: 'untrusted' | 'trusted';
}
export type OptionName = keyof Options;

export const OPTION_VALUES: { readonly [K in OptionName]: readonly Options[K][] } = {
  swiotlb: ['default', 'force', 'noforce'],
  dynamic: ['on', 'off'],
  remap: ['on', 'off'],
  'coherent-pool': ['on', 'off'],
  'restricted-pool': ['on', 'off'],
  coherence: ['coherent', 'non-coherent'],
  uncached: ['none', 'uncached', 'global', 'arch'],
  mask: ['64', '32'],
  iommu: ['off', 'on'],
  xen: ['off', 'on'],
  device: ['untrusted', 'trusted'],
};

export const OPTION_DOCS: Readonly<Record<OptionName, string>> = {
  swiotlb: 'the parameter swiotlb= (default: not given)',
  dynamic: 'CONFIG_SWIOTLB_DYNAMIC',
  remap: 'CONFIG_DMA_DIRECT_REMAP (on plain: on is arm64, off is x86)',
  'coherent-pool': 'CONFIG_DMA_COHERENT_POOL',
  'restricted-pool': 'the device tree gives the device a restricted pool',
  coherence: 'whether the device is cache-coherent',
  uncached: 'how an architecture without remap serves a non-coherent device (none: not at all)',
  mask: "bits of the device's streaming and coherent mask",
  iommu: 'the device is behind an IOMMU',
  xen: 'the guest runs on Xen',
  device:
    'untrusted (can only reach shared memory) or trusted (TDISP T=1; no kernel of the series has such yet)',
};

const onOff = (on: boolean): 'on' | 'off' => (on ? 'on' : 'off');

export function defaultOptions(platform: Platform): Options {
  return {
    swiotlb: 'default',
    dynamic: 'on',
    remap: onOff(platform.remap.on),
    'coherent-pool': onOff(platform.coherentPool.on),
    'restricted-pool': onOff(platform.restrictedPool),
    coherence: 'coherent',
    uncached: 'none',
    mask: '64',
    iommu: 'off',
    xen: 'off',
    device: 'untrusted',
  };
}

/** Whether these options make the platform an arm64 machine: all of those have remap, and nobody else has. */
const isArm64 = (options: Options): boolean => options.remap === 'on';

/** Each rule: the option that cannot be had, and why not, or null where it can. */
const RULES: readonly {
  readonly option: OptionName;
  readonly broken: (platform: Platform, options: Options) => string | null;
}[] = [
  {
    option: 'remap',
    broken: ({ remap, family }, options) =>
      !remap.fixed || options.remap === onOff(remap.on)
        ? null
        : remap.on
          ? 'all of arm64 has DMA_DIRECT_REMAP'
          : `${family} never has DMA_DIRECT_REMAP`,
  },
  {
    option: 'coherent-pool',
    broken: ({ coherentPool, family }, options) => {
      if (isArm64(options))
        return options['coherent-pool'] === 'on' ? null : 'DMA_DIRECT_REMAP brings DMA_COHERENT_POOL';
      if (!coherentPool.fixed || options['coherent-pool'] === onOff(coherentPool.on)) return null;
      return coherentPool.on
        ? 'AMD_MEM_ENCRYPT brings DMA_COHERENT_POOL'
        : `DMA_COHERENT_POOL cannot be configured on ${family}`;
    },
  },
  {
    option: 'restricted-pool',
    broken: (_, options) =>
      options['restricted-pool'] === 'off' || isArm64(options)
        ? null
        : 'restricted pools come from the device tree, so from arm64 here (on plain: with remap=on)',
  },
  {
    option: 'coherence',
    broken: ({ name }, options) =>
      options.coherence === 'coherent' || isArm64(options) || name === 'plain'
        ? null
        : 'every device is coherent there',
  },
  {
    option: 'uncached',
    broken: (_, options) =>
      options.uncached === 'none' || (!isArm64(options) && options.coherence === 'non-coherent')
        ? null
        : 'it is about a non-coherent device on an architecture without remap (plain with remap=off, coherence=non-coherent)',
  },
  {
    option: 'iommu',
    broken: ({ family }, options) =>
      options.iommu === 'off' || family !== 'powerpc'
        ? null
        : 'powerpc has IOMMU operations of its own, not those of dma-iommu',
  },
  {
    option: 'xen',
    broken: ({ name }, options) => {
      if (options.xen === 'off') return null;
      if (name !== 'plain')
        return 'xen-swiotlb serves x86 and arm64 guests without memory encryption (plain)';
      if (options.iommu === 'on') return 'a device has either the operations of Xen or those of dma-iommu';
      return options['restricted-pool'] === 'on' ? 'xen-swiotlb bounces through the default pool' : null;
    },
  },
  {
    option: 'device',
    broken: ({ acceptsDevices }, options) =>
      options.device === 'untrusted' || acceptsDevices
        ? null
        : 'only a confidential guest accepts devices, and forces those that it has not accepted',
  },
];

/** Why these options cannot be had on this platform, or null if they can. */
export function conflict(platform: Platform, options: Options): string | null {
  for (const { option, broken } of RULES) {
    const reason = broken(platform, options);
    if (reason !== null) return `${option}=${options[option]} cannot be had on ${platform.name}: ${reason}`;
  }
  return null;
}

/**
 * Every combination of the named options that a platform can have, one at a time, defaults first; options that
 * are not named keep their defaults, unless a named one takes them along (remap=on brings the coherent pool).
 * The first name varies slowest. Without names the full cross: thousands.
 */
export function* crossOptions(
  platform: Platform,
  names: readonly OptionName[] = Object.keys(OPTION_VALUES) as OptionName[],
): Generator<Options, void, undefined> {
  const first = defaultOptions(platform);
  yield first;
  for (const options of combinations(first, names)) {
    if (names.every((name) => options[name] === first[name])) continue;
    const taken = takenAlong(options, names);
    if (conflict(platform, taken) === null) yield taken;
  }
}

function* combinations(base: Options, names: readonly OptionName[]): Generator<Options, void, undefined> {
  const [name, ...rest] = names;
  if (name === undefined) {
    yield base;
    return;
  }
  for (const value of OPTION_VALUES[name]) yield* combinations({ ...base, [name]: value }, rest);
}

/** An option that nobody chose follows the one that decides it. */
function takenAlong(options: Options, chosen: readonly OptionName[]): Options {
  if (options.remap === 'on' && !chosen.includes('coherent-pool'))
    return { ...options, 'coherent-pool': 'on' };
  return options;
}

/**
 * The platform's defaults with what was chosen; what was not chosen follows what was. The result can still be
 * one that the platform cannot have: {@link conflict} says so.
 */
export function chooseOptions(platform: Platform, chosen: Partial<Options>): Options {
  return takenAlong({ ...defaultOptions(platform), ...chosen }, Object.keys(chosen) as OptionName[]);
}

/** What a platform can have of each option, in one combination or another. */
export function optionsFor(platform: Platform): { readonly [K in OptionName]: readonly Options[K][] } {
  const names = Object.keys(OPTION_VALUES) as OptionName[];
  const had = new Map(names.map((name) => [name, new Set<string>()]));
  for (const options of crossOptions(platform)) for (const name of names) had.get(name)!.add(options[name]);
  return Object.fromEntries(
    names.map((name) => [name, OPTION_VALUES[name].filter((value) => had.get(name)!.has(value))]),
  ) as unknown as { readonly [K in OptionName]: readonly Options[K][] };
}

/** `coherent-pool=off,device=trusted`: what differs from the platform's defaults; empty when nothing does. */
export function optionsLabel(platform: Platform, options: Options): string {
  const defaults = defaultOptions(platform);
  return (Object.keys(OPTION_VALUES) as OptionName[])
    .filter((name) => options[name] !== defaults[name])
    .map((name) => `${name}=${options[name]}`)
    .join(',');
}
