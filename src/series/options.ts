/** Options that cut across platforms: kernel configuration, and what the device is. */
import type { Platform } from './platforms.ts';

export interface Options {
  /** CONFIG_DMA_COHERENT_POOL. */
  readonly 'coherent-pool': 'on' | 'off';
  /** A trusted device (TDISP, T=1) may reach private memory: it is not forced. */
  readonly device: 'untrusted' | 'trusted';
}
export type OptionName = keyof Options;

export const OPTION_VALUES: { readonly [K in OptionName]: readonly Options[K][] } = {
  'coherent-pool': ['on', 'off'],
  device: ['untrusted', 'trusted'],
};

export const OPTION_DOCS: Readonly<Record<OptionName, string>> = {
  'coherent-pool': 'CONFIG_DMA_COHERENT_POOL',
  device:
    'untrusted (can only reach shared memory) or trusted (TDISP T=1; no kernel of the series has such yet)',
};

export function defaultOptions(platform: Platform): Options {
  return { 'coherent-pool': platform.coherentPool.on ? 'on' : 'off', device: 'untrusted' };
}

/** Why these options cannot be had on this platform, or null if they can. */
export function conflict(platform: Platform, options: Options): string | null {
  if (platform.coherentPool.fixed && (options['coherent-pool'] === 'on') !== platform.coherentPool.on) {
    return `coherent-pool=${options['coherent-pool']} cannot be had on ${platform.name}: DMA_DIRECT_REMAP brings DMA_COHERENT_POOL`;
  }
  return null;
}

/** Every combination of options that a platform can have, defaults first. */
export function allOptions(platform: Platform): Options[] {
  const first = defaultOptions(platform);
  const all = OPTION_VALUES.device.flatMap((device) =>
    OPTION_VALUES['coherent-pool'].map((pool): Options => ({ 'coherent-pool': pool, device })),
  );
  const key = (options: Options) => JSON.stringify(options);
  return [
    first,
    ...all.filter((options) => key(options) !== key(first) && conflict(platform, options) === null),
  ];
}

/** `coherent-pool=off,device=trusted`: what differs from the platform's defaults; empty when nothing does. */
export function optionsLabel(platform: Platform, options: Options): string {
  const defaults = defaultOptions(platform);
  return (Object.keys(OPTION_VALUES) as OptionName[])
    .filter((name) => options[name] !== defaults[name])
    .map((name) => `${name}=${options[name]}`)
    .join(',');
}
