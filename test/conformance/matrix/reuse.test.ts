/** What is reused is what would have been computed. */
import { describe, expect, test } from 'vitest';
import { kernelConfig } from '../../../src/conformance/facts.ts';
import { type Outcome, outcomeOf } from '../../../src/conformance/matrix/outcome.ts';
import { crossedPlaces, defaultPlaces } from '../../../src/conformance/matrix/places.ts';
import { plan } from '../../../src/conformance/matrix/plan.ts';
import { Reuse } from '../../../src/conformance/matrix/reuse.ts';
import { ROWS } from '../../../src/conformance/matrix/rows.ts';
import { MATRIX_WORKLOADS, workloadOf } from '../../../src/conformance/workloads.ts';
import { defaultOptions, PLATFORMS } from '../../../src/series/index.ts';
import { seriesNamed } from '../subjects.ts';

const tdx = PLATFORMS.find(({ name }) => name === 'tdx')!;

/** All but what was read: a reused result was read with other answers to what was not asked. */
const essence = ({ reads: _, ...rest }: Outcome): unknown => rest;

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

describe('a sample of what is reused, computed in full', () => {
  // Small ones, so that all of a sample can be computed: every kind of workload is there.
  const workloads = MATRIX_WORKLOADS.filter(({ name }) =>
    [
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
    ].includes(name),
  );

  const few = workloads.filter(({ name }) => ['map', 'alloc', 'alloc-mmap', 'boot-map'].includes(name));

  test.each([
    ['default options', workloads, defaultPlaces(PLATFORMS), 97],
    ['crossed options', few, crossedPlaces(PLATFORMS), 601],
  ])('%s', (_, some, places, every) => {
    let reused = 0;
    let n = 0;
    for (const [workload, jobs] of plan(some, ROWS, places)) {
      const kept = new Reuse<Outcome>();
      for (const { config } of jobs) {
        const known = kept.find(config);
        if (known === undefined) {
          // Only what the sample needs is explored: the first of each platform, and then what is asked for.
          if (n++ % 5 === 0) kept.keep(outcomeOf(workload, config, 20_000));
          continue;
        }
        if (reused++ % every !== 0) continue;
        expect(essence(known)).toEqual(essence(outcomeOf(workload, config, 20_000)));
      }
    }
    expect(reused).toBeGreaterThan(every * 3);
  });
});
