import { test } from 'vitest';
import { crossedPlaces } from '../../src/conformance/matrix/places.ts';
import { PLATFORMS } from '../../src/series/index.ts';
import { expectReusedAsComputed } from '../conformance/matrix/reused.ts';

test('a sample of what is reused with crossed options, computed in full', () => {
  expectReusedAsComputed(['map', 'alloc', 'alloc-mmap', 'boot-map'], crossedPlaces(PLATFORMS), 601);
});
