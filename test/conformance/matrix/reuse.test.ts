/** What is reused is what would have been computed. */
import { expect, test } from 'vitest';
import { kernelConfig } from '../../../src/conformance/facts.ts';
import { type Outcome, outcomeOf } from '../../../src/conformance/matrix/outcome.ts';
import { defaultPlaces } from '../../../src/conformance/matrix/places.ts';
import { Reuse } from '../../../src/conformance/matrix/reuse.ts';
import { workloadOf } from '../../../src/conformance/workloads.ts';
import { defaultOptions, PLATFORMS } from '../../../src/series/index.ts';
import { seriesNamed } from '../subjects.ts';
import { expectReusedAsComputed } from './reused.ts';

const tdx = PLATFORMS.find(({ name }) => name === 'tdx')!;

test('an example: mapping on tdx asks nothing of patch 11, so its two prefixes are one', () => {
  const workload = workloadOf('map');
  const at = (series: string) => kernelConfig(seriesNamed(series), tdx, defaultOptions(tdx), workload.sizes);
  const kept = new Reuse<Outcome>();
  const first = outcomeOf(workload, at('prefix:10'), 10_000);
  kept.keep(first);
  expect(first.reads.some(({ kind, name }) => kind === 'patch' && name === '11')).toBe(false);
  expect(kept.find(at('prefix:11'))).toBe(first);
  // Patch 10 is asked: who forces a bounce depends on it.
  expect(first.reads).toContainEqual({ kind: 'patch', name: '10', value: true });
  expect(kept.find(at('prefix:9'))).toBeUndefined();
});

test('a sample of what is reused with default options, computed in full; crossed options: test/exhaustive', () => {
  // Small ones, so that all of a sample can be computed: every kind of workload is there.
  const names = [
    'map',
    'map-mmio',
    'alloc',
    'alloc-atomic',
    'alloc-pages-atomic',
    'alloc-mmap',
    'boot-exit',
    'boot-map',
    'accept-alloc',
    'mask-grows',
    'restricted-probe',
  ];
  expectReusedAsComputed(names, defaultPlaces(PLATFORMS), 97);
});
