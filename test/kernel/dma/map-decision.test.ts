/** Where a mapping goes: direct, through a bounce, or nowhere; before and after the patches that decide it. */
import { describe, expect, test } from 'vitest';
import { DMA_MAPPING_ERROR, encodingOf } from '../../../src/kernel/device.ts';
import { dma_direct_max_mapping_size } from '../../../src/kernel/dma/direct.ts';
import { dma_kmalloc_size_aligned } from '../../../src/kernel/dma/kmalloc.ts';
import type { KernelSizes } from '../../../src/kernel/index.ts';
import type { Args } from '../../../src/kernel/steps.ts';
import type { Options } from '../../../src/series/index.ts';
import { kernelOf, run } from '../platforms.ts';

interface Case {
  readonly options?: Partial<Options>;
  readonly sizes?: Partial<KernelSizes>;
  readonly args?: Args;
}

const WHOLE = { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 };

/** `direct`, `bounce` or `error`, and what the address says where it says something. */
function decision(platform: string, series: string, attrs: string, more: Case = {}): string {
  const sizes = { defaultPoolFull: false, ...more.sizes };
  const k = kernelOf(platform, series, sizes, more.options);
  run(k, 'map', { ...WHOLE, attrs, ...more.args });
  const dma = k.state.drivers[0]!.mapping?.dma ?? DMA_MAPPING_ERROR;
  if (dma === DMA_MAPPING_ERROR) return 'error';
  const bounced = k.state.slots.some((s) => s.fields?.orig_addr.includes(k.state.drivers[0]!.buffer));
  const says = encodingOf(k, dma);
  return `${bounced ? 'bounce' : 'direct'}${says === null ? '' : `, ${says}`}`;
}

describe('without attributes', () => {
  test.each([
    ['tdx', {}, 'bounce', 'bounce'],
    ['cca', {}, 'bounce, shared', 'bounce, shared'],
    ['s390-pv', {}, 'bounce', 'bounce'],
    ['plain', {}, 'direct', 'direct'],
    ['plain', { swiotlb: 'force' }, 'bounce', 'bounce'],
    ['sme', {}, 'direct, private', 'direct, private'],
    ['sme', { mask: '32' }, 'bounce, shared', 'bounce, shared'],
    ['tdx', { swiotlb: 'noforce' }, 'error', 'error'],
    // A trusted device: forced into a shared pool that it is refused; from 10 on nothing forces it.
    ['tdx', { device: 'trusted' }, 'error', 'direct'],
    ['cca', { device: 'trusted' }, 'error', 'direct, private'],
  ] as const)('%s %j: %s with patches up to 9, %s with all', (platform, options, before, after) => {
    expect(decision(platform, 'prefix:9', '', { options })).toBe(before);
    expect(decision(platform, 'v5', '', { options })).toBe(after);
  });

  test('9: a forced device that nothing forces to bounce used to be given its private buffer', () => {
    const options = { 'restricted-pool': 'off' } as const;
    expect(decision('pkvm', 'prefix:8', '', { options })).toBe('direct');
    expect(decision('pkvm', 'prefix:9', '', { options })).toBe('bounce');
    expect(decision('pkvm', 'v5', '', { options })).toBe('bounce');
  });
});

describe('10: attributes', () => {
  test.each([
    ['tdx', {}, 'MMIO', 'error', 'direct'],
    ['cca', {}, 'MMIO', 'error', 'direct, shared'],
    ['cca', { device: 'trusted' }, 'MMIO', 'error', 'direct, private'],
    ['plain', {}, 'MMIO', 'direct', 'direct'],
    ['pkvm', {}, 'MMIO', 'error', 'error'],
    ['pkvm', { 'restricted-pool': 'off' }, 'MMIO', 'error', 'direct'],
    // The raw physical address on sme says shared; from 10 on it is encoded like RAM.
    ['sme', {}, 'MMIO', 'direct, shared', 'direct, private'],
    ['tdx', {}, 'CC_SHARED', 'direct', 'direct'],
    ['cca', {}, 'CC_SHARED', 'direct, shared', 'direct, shared'],
    ['plain', {}, 'CC_SHARED', 'error', 'direct'],
    ['pkvm', {}, 'CC_SHARED', 'direct', 'bounce'],
    ['pkvm', { 'restricted-pool': 'off' }, 'CC_SHARED', 'error', 'direct'],
    ['tdx', {}, 'REQUIRE_COHERENT', 'error', 'error'],
    ['plain', {}, 'REQUIRE_COHERENT', 'direct', 'direct'],
    ['plain', { remap: 'on', coherence: 'non-coherent' }, 'REQUIRE_COHERENT', 'error', 'error'],
    ['tdx', {}, 'MMIO|CC_SHARED', 'direct', 'direct'],
    ['plain', { iommu: 'on' }, 'CC_SHARED', 'error', 'error'],
    ['plain', { xen: 'on' }, 'CC_SHARED', 'error', 'error'],
  ] as const)(
    '%s %j, %s: %s with patches up to 9, %s with all',
    (platform, options, attrs, before, after) => {
      expect(decision(platform, 'prefix:9', attrs, { options })).toBe(before);
      expect(decision(platform, 'v5', attrs, { options })).toBe(after);
    },
  );
});

describe('what RAM needs to go direct', () => {
  test('an end below mask and bus limit', () => {
    const high = { highBuffers: true };
    expect(decision('plain', 'v5', '', { sizes: high, options: { mask: '32' } })).toBe('bounce');
    expect(decision('plain', 'v5', 'REQUIRE_COHERENT', { sizes: high, options: { mask: '32' } })).toBe(
      'error',
    );
    expect(decision('plain', 'v5', '', { sizes: { ...high, busLimitBits: 32 } })).toBe('bounce');
    expect(decision('plain', 'v5', '', { sizes: high })).toBe('direct');
  });

  test('cache lines of its own, where kmalloc does not give them', () => {
    const options = { remap: 'on', coherence: 'non-coherent', swiotlb: 'default' } as const;
    const at = (bytes: number, dir: string, more: Partial<Options> = {}) =>
      decision('plain', 'v5', '', { options: { ...options, ...more }, args: { bytes, dir } });
    expect(at(100, 'FROM_DEVICE')).toBe('direct');
    expect([8, 65].map((bytes) => at(bytes, 'FROM_DEVICE'))).toEqual(['bounce', 'bounce']);
    expect(at(8, 'TO_DEVICE')).toBe('direct');
    expect(at(8, 'FROM_DEVICE', { coherence: 'coherent' })).toBe('direct');
    expect([1, 32, 33, 64, 96, 97, 128, 129, 255, 256].filter((n) => !dma_kmalloc_size_aligned(n))).toEqual([
      1, 32, 96,
    ]);
  });
});

test('a mapping is at most a segment less what min_align_mask can take of it, where it may have to bounce', () => {
  const size = (
    platform: string,
    series: string,
    sizes: Partial<KernelSizes>,
    options: Partial<Options> = {},
  ) => dma_direct_max_mapping_size(kernelOf(platform, series, sizes, options), 0);
  expect(size('plain', 'v5', {}, { swiotlb: 'force' })).toBe(256 * 1024);
  expect(size('plain', 'v5', { minAlignMask: 0xfff }, { swiotlb: 'force' })).toBe(252 * 1024);
  expect(size('plain', 'v5', { minAlignMask: 0x1ff }, { swiotlb: 'force' })).toBe(254 * 1024);
  expect(size('plain', 'v5', { highBuffers: true })).toBe(Infinity);
  expect(size('plain', 'v5', { highBuffers: true }, { mask: '32' })).toBe(256 * 1024);
  // 10: nothing forces all to bounce any more, but the device is still forced.
  for (const series of ['prefix:9', 'v5']) expect(size('tdx', series, {})).toBe(256 * 1024);
  expect(size('pkvm', 'prefix:9', {}, { 'restricted-pool': 'off' })).toBe(Infinity);
  expect(size('pkvm', 'v5', {}, { 'restricted-pool': 'off' })).toBe(256 * 1024);
});
