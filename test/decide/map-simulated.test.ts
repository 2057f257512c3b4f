import { expect, test } from 'vitest';
import { defaultOptions, PLATFORMS } from '../../src/series/index.ts';
import { compare, testMapsSimulated } from './map-simulated.ts';

// The other platforms: test/exhaustive.
testMapsSimulated(PLATFORMS.filter(({ name }) => ['cca', 'sme'].includes(name)));

test('a restricted pool finds no room under swiotlb=noforce, though it is there', () => {
  const pkvm = PLATFORMS.find(({ name }) => name === 'pkvm')!;
  const options = { ...defaultOptions(pkvm), swiotlb: 'noforce' as const };
  const found = (dynamic: 'on' | 'off') => compare('v5', pkvm, [{ ...options, dynamic }], {}).differences;
  expect(found('on')).toEqual(['swiotlb=noforce: refused, not restricted pool']);
  expect(found('off')).toEqual([]);
});
