/** The matrix on a few rows that differ in kind, and the workloads that it is made of. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { committedMatrix, committedText } from '../../../src/conformance/matrix/committed.ts';
import { matrixJson } from '../../../src/conformance/matrix/json.ts';
import { computeMatrix, rowsNamed } from '../../../src/conformance/matrix/matrix.ts';
import { defaultPlaces } from '../../../src/conformance/matrix/places.ts';
import { PREFIX_ROWS, ROWS, WITHOUT_ROWS } from '../../../src/conformance/matrix/rows.ts';
import { MATRIX_WORKLOADS, WORKLOADS, workloadOf } from '../../../src/conformance/workloads.ts';
import { PATCHES, PLATFORMS } from '../../../src/series/index.ts';

const places = (...names: string[]) => defaultPlaces(PLATFORMS.filter(({ name }) => names.includes(name)));

test('rows: prefix 0 to 20, and the series less one patch', () => {
  expect(PREFIX_ROWS.map(({ prefix }) => prefix)).toEqual(Array.from({ length: 21 }, (_, k) => k));
  expect(PREFIX_ROWS.map(({ series }) => series.patches.size)).toEqual(
    Array.from({ length: 21 }, (_, k) => k),
  );
  expect(WITHOUT_ROWS.every(({ series, without }) => !series.patches.has(without!))).toBe(true);
  // A row comes with the one that it is compared with.
  expect(rowsNamed(['prefix:17']).map(({ series }) => series.name)).toEqual(['prefix:16', 'prefix:17']);
  expect(rowsNamed(['without:13']).map(({ series }) => series.name)).toEqual(['v5', 'without:13']);
});

describe('patch 17 in isolation, on cca', async () => {
  const matrix = await computeMatrix(rowsNamed(['prefix:17']), places('cca'), [
    workloadOf('search-fails-once'),
    workloadOf('transient-pool-life'),
  ]);
  const row = matrix.rows.find(({ row: { prefix } }) => prefix === 17)!;

  test('ends the conversion in softirq and under the spinlock of a failed search', () => {
    const ended = row.effects!.ends.map(({ property, site }) => `${property} ${site}`);
    expect(ended).toContain('no-sleep-in-atomic swiotlb_dyn_free');
    expect(ended).toContain('no-sleep-in-atomic swiotlb_find_slots');
    expect(row.effects!.begins.filter(({ property }) => property === 'no-sleep-in-atomic')).toEqual([]);
  });

  test('and leaves the one of a slot array that cannot be had', () => {
    const cell = row.cells.find(({ property }) => property === 'no-sleep-in-atomic')!;
    expect(cell).toMatchObject({ verdict: 'fails' });
    expect(cell.counterexamples!.map(({ site }) => site)).toEqual(['swiotlb_alloc_pool']);
    expect(cell.counterexamples![0]!.replay).toMatch(
      /^npx ccdma replay --series prefix:17 --platform cca --workload \S+ --schedule [\d,]+$/,
    );
  });

  test('is asked for, and changes steps', () => {
    expect(row.switched).toBe(true);
    expect(row.effects!.steps.map(({ platform }) => platform)).toEqual(['cca']);
  });
});

test('a bound that is hit decides nothing, and says where', async () => {
  const { rows } = await computeMatrix(rowsNamed(['v5']), places('tdx'), [workloadOf('map')], {
    maxStates: 5,
  });
  const v5 = rows.find(({ row: { prefix } }) => prefix === 20)!;
  expect(new Set(v5.cells.map(({ verdict }) => verdict))).toEqual(new Set(['not-decided']));
  expect(v5.cells[0]!.bound).toBe(5);
  expect(v5.effects!.notCompared).toEqual([{ platform: 'tdx', options: '', workloads: ['map'] }]);
});

test('patch 14 has no switch', async () => {
  const { rows } = await computeMatrix(rowsNamed(['prefix:14']), places('tdx'), [workloadOf('alloc')]);
  const row = rows.find(({ row: { prefix } }) => prefix === 14)!;
  expect(row.switched).toBe(false);
  expect(row.effects!.steps).toEqual([]);
});

test('results do not depend on the number of threads', async () => {
  const some = ['map', 'alloc', 'boot-map'].map(workloadOf);
  const [one, two] = await Promise.all(
    [1, 2].map((threads) => computeMatrix(rowsNamed(['prefix:7']), places('tdx', 'sme'), some, { threads })),
  );
  expect(committedText(matrixJson(two!))).toBe(committedText(matrixJson(one!)));
});

test('what is committed is read back as it was, each row with its own replay commands', async () => {
  const some = ['map', 'boot-exit-map', 'search-fails-once'].map(workloadOf);
  const computed = matrixJson(
    await computeMatrix(rowsNamed(['baseline', 'prefix:17', 'v5', 'without:18']), places('tdx', 'cca'), some),
  );
  const { work: _, ...whole } = JSON.parse(JSON.stringify(computed)) as typeof computed;
  const text = committedText(computed);
  expect(JSON.parse(JSON.stringify(committedMatrix(text)))).toEqual(whole);
  expect(text.match(/"replay"/g)!.length).toBeLessThan(JSON.stringify(whole).match(/"replay"/g)!.length);
});

describe('a sample of the committed matrix, computed anew', () => {
  const file = new URL('../../../generated/slow/matrix.json', import.meta.url);
  const sample: readonly (readonly [platform: string, row: string])[] = [
    ['sme', 'prefix:12'],
    ['pkvm', 'without:1'],
    ['s390-pv', 'prefix:7'],
  ];
  test.runIf(existsSync(file))('a patch that changes nothing is one that says why', () => {
    const { rows } = committedMatrix(readFileSync(file, 'utf8'));
    const empty = rows.filter(({ effects }) => effects !== null && effects.steps.length === 0);
    const argued = PATCHES.filter(({ whenEmpty }) => whenEmpty !== undefined);
    expect(empty.map(({ prefix }) => prefix)).toEqual(argued.map(({ number }) => number));
  });

  test.runIf(existsSync(file)).each(sample)('%s, %s', { timeout: 120_000 }, async (platform, name) => {
    const committed = committedMatrix(readFileSync(file, 'utf8'));
    const wanted = ROWS.find(
      ({ prefix, without }) => name === (prefix === null ? `without:${without}` : `prefix:${prefix}`),
    )!;
    const { rows } = await computeMatrix([wanted], places(platform), MATRIX_WORKLOADS);
    const row = [...committed.rows, ...committed.without].find(
      ({ prefix, without }) => name === (prefix === undefined ? `without:${without}` : `prefix:${prefix}`),
    )!;
    expect(JSON.parse(JSON.stringify(rows[0]!.cells))).toEqual(
      row.cells.filter((cell) => cell.platform === platform),
    );
  });
});

describe('workloads', () => {
  test('have names of their own, and say what they are for', () => {
    expect(new Set(WORKLOADS.map(({ name }) => name)).size).toBe(WORKLOADS.length);
    for (const { about, threads } of WORKLOADS) {
      expect(about).toMatch(/\.$/);
      expect(threads.length).toBeGreaterThan(0);
    }
  });

  test('of the matrix apply somewhere', () => {
    const everywhere = defaultPlaces(PLATFORMS);
    for (const { applies } of MATRIX_WORKLOADS) {
      if (applies === undefined) continue;
      expect(everywhere.some(({ platform, options }) => applies(platform, options))).toBe(true);
    }
  });
});
